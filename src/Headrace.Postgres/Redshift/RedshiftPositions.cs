using System.Text;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Reads positions from Redshift.</summary>
internal static class RedshiftPositions
{
    /// <summary>The position of a dataset, all of it as of one moment.</summary>
    public static async Task<Position> ReadAsync(NpgsqlConnection db, Dataset dataset, TableName target, CancellationToken cancel)
    {
        var isThere = await RedshiftTables.ExistAsync(db, cancel);

        // A block has one snapshot, from its first query on.
        await using var moment = await db.BeginTransactionAsync(cancel);
        var names = await RedshiftTables.NamesAsync(db, cancel);
        var found = target.IsNone ? null : await RedshiftTable.FindAsync(db, target, cancel);
        var (table, computed) = (found?.Columns, found?.Computed ?? []);
        var owners = isThere && !target.IsNone ? await PostgresTables.OwnersAsync(db, RedshiftState.Own, target, cancel) : [];
        if (!isThere || !names.Contains(RedshiftSql.PositionTable(dataset)))
            return new Position { Table = table, Computed = computed, Owners = owners, LoadsWithoutPosition = isThere ? await LoadsAsync(false) : 0 };

        var moved = await db.RowsAsync(RedshiftSql.ReadPosition(dataset), row => (Generation: row.GetInt64(0), LoadId: (string?)row.GetString(1), Cursor: row.Text(2)), cancel);
        var seen = new SeenFiles();
        foreach (var (file, action) in await db.RowsAsync(
            RedshiftSql.Files(dataset),
            row => (new KnownFile(row.GetString(0), row.GetString(1), row.GetString(2), Enum.Parse<FileFate>(row.GetString(3), ignoreCase: true), row.Text(4), row.Text(5)) { LoadId = row.Text(7), Rows = row.GetInt64(8) }, row.GetString(6)), cancel))
            seen.Add(file, action);

        var (generation, loadId, cursor) = moved.FirstOrDefault();
        var schemas = await db.RowsAsync(
            RedshiftSql.LastSchema(dataset), row => (SchemaDocument.Parse(Encoding.UTF8.GetBytes(row.GetString(0)), row.GetString(2)), row.Time(1), row.GetString(2)), cancel);
        var (replacedAt, newestRowsAt) = (await db.RowsAsync(
            RedshiftSql.NewestLanded(dataset), row => (row.IsDBNull(0) ? (DateTimeOffset?)null : row.Time(0), row.IsDBNull(1) ? (DateTimeOffset?)null : row.Time(1)), cancel))[0];
        var position = seen.Into(new Position
        {
            Generation = generation,
            LoadId = loadId,
            Cursor = cursor,
            Table = table,
            Computed = computed,
            Schema = schemas.Count == 0 ? null : schemas[0],
            ReplacedAt = replacedAt,
            NewestRowsAt = newestRowsAt,
            Owners = owners,
        });
        return generation == 0 ? position with { LoadsWithoutPosition = await LoadsAsync(false) }
            : table is null && !target.IsNone ? position with { LoadsWithoutTable = await LoadsAsync(true) }
            : position;

        async Task<int> LoadsAsync(bool thatInserted) => (int)await db.ScalarAsync<long>(RedshiftSql.CountLoads(dataset, thatInserted), cancel);
    }

    /// <summary>Whether a load whose answer was lost was committed. Its transaction may still be under way: whoever locks its position waits for its end.</summary>
    public static async Task<bool> WasCommittedAsync(NpgsqlConnection db, ChangeSet changes, CancellationToken cancel)
    {
        await using var asked = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(RedshiftSql.LockPosition(changes.Dataset), cancel);
        return await db.RowsAsync(RedshiftSql.Committed([changes.Id]), row => row.GetString(0), cancel) is { Count: > 0 };
    }

    /// <summary>Runs a step while the dataset's position is locked.</summary>
    public static async Task WhileNothingCommitsAsync(NpgsqlConnection db, Dataset dataset, Func<string?, Task> step, CancellationToken cancel)
    {
        await using var asked = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(RedshiftSql.LockPosition(dataset), cancel);
        await step((await db.RowsAsync(RedshiftSql.ReadPosition(dataset), row => row.GetString(1), cancel)).FirstOrDefault());
    }

    /// <summary>Which of these loads are committed now.</summary>
    public static async Task<IReadOnlySet<string>> CommittedAsync(NpgsqlConnection db, IReadOnlyList<string> loads, CancellationToken cancel)
    {
        if (!(await RedshiftTables.NamesAsync(db, cancel)).Contains("loads"))
            return new HashSet<string>();
        return (await db.RowsAsync(RedshiftSql.Committed(loads), row => row.GetString(0), cancel)).ToHashSet();
    }
}
