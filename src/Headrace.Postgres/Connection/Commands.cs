using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Statements with parameters <c>$1…</c>, which are null, text, numbers and times with a zone. Every answer is awaited
/// under a <see cref="Watch"/>.
/// </summary>
internal static class Commands
{
    /// <summary>Runs a statement; says how many rows it changed.</summary>
    public static Task<long> ExecuteAsync(
        this NpgsqlConnection db,
        string sql,
        CancellationToken cancel,
        params object?[] parameters
    ) =>
        Watch.AnswerAsync<long>(
            db,
            async () =>
            {
                await using var command = Command(db, sql, parameters);
                return await command.ExecuteNonQueryAsync(cancel);
            }
        );

    /// <summary>The first column of the first row; default when there is no row or it is NULL.</summary>
    public static Task<T?> ScalarAsync<T>(
        this NpgsqlConnection db,
        string sql,
        CancellationToken cancel,
        params object?[] parameters
    ) =>
        Watch.AnswerAsync(
            db,
            async () =>
            {
                await using var command = Command(db, sql, parameters);
                return await command.ExecuteScalarAsync(cancel) is T value ? value : default;
            }
        );

    /// <summary>The rows of a query, each made by <paramref name="read"/>.</summary>
    public static Task<List<T>> RowsAsync<T>(
        this NpgsqlConnection db,
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancel,
        params object?[] parameters
    ) =>
        Watch.AnswerAsync(
            db,
            async heard =>
            {
                await using var command = Command(db, sql, parameters);
                await using var reader = await command.ExecuteReaderAsync(cancel);
                var rows = new List<T>();
                for (; await reader.ReadAsync(cancel); heard())
                    rows.Add(read(reader));
                return rows;
            }
        );

    /// <summary>What <paramref name="read"/> makes of the columns of a query; its rows are not read.</summary>
    public static Task<T> ColumnsAsync<T>(
        this NpgsqlConnection db,
        string sql,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancel
    ) =>
        Watch.AnswerAsync(
            db,
            async () =>
            {
                await using var command = Command(db, sql, []);
                await using var reader = await command.ExecuteReaderAsync(cancel);
                return read(reader);
            }
        );

    /// <summary>
    /// Commits. There is no time limit while the server works on it; a caller that gives up does not know how it ended.
    /// </summary>
    public static Task CommitAsync(this NpgsqlConnection db, NpgsqlTransaction transaction, CancellationToken cancel) =>
        Watch.AnswerAsync(db, () => transaction.CommitAsync(cancel));

    /// <summary>A text, or null for NULL.</summary>
    public static string? Text(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>A time with a zone.</summary>
    public static DateTimeOffset Time(this NpgsqlDataReader reader, int column) =>
        reader.GetFieldValue<DateTimeOffset>(column);

    private static NpgsqlCommand Command(NpgsqlConnection db, string sql, object?[] parameters)
    {
        var command = new NpgsqlCommand(sql, db);
        foreach (var value in parameters)
            command.Parameters.Add(
                new NpgsqlParameter
                {
                    Value = value is DateTimeOffset time ? time.ToUniversalTime() : value ?? DBNull.Value,
                }
            );
        return command;
    }
}
