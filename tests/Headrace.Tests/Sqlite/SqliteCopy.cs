using System.Globalization;
using System.Text;
using Headrace.Engines;
using Headrace.Warehouses;
using Microsoft.Data.Sqlite;

namespace Headrace.Tests.Sqlite;

/// <summary>A column that rows are put into.</summary>
/// <param name="Type">Null for a type of which nothing is known.</param>
internal readonly record struct CopyColumn(string Name, string TypeName, ColumnType? Type)
{
    public static CopyColumn Of(TargetColumn column, string? name = null) =>
        new(name ?? column.Name, column.TypeName, column.Type);

    public static CopyColumn Of(string name, ColumnType type) => new(name, SqliteDialect.Instance.TypeName(type), type);
}

/// <summary>Rows from the engine's CSV into SQLite, and back.</summary>
internal static class SqliteCopy
{
    /// <summary>Puts the rows of a file into a table; says how many.</summary>
    /// <param name="numbered">A column that counts the rows of the table; null for none.</param>
    public static long In(
        SqlSession session,
        string table,
        IReadOnlyList<CopyColumn> columns,
        RowsFile rows,
        CancellationToken cancel,
        string? numbered = null
    )
    {
        var names = columns.Select(column => SqliteDialect.Instance.Identifier(column.Name)).ToList();
        var values = columns.Select((_, i) => $"$v{i}").ToList();
        if (numbered is not null)
            (names, values) = (
                [numbered, .. names],
                [$"(SELECT coalesce(max({numbered}), 0) + 1 FROM {table})", .. values]
            );
        using var insert = new SqliteCommand(
            $"INSERT INTO {table} ({string.Join(", ", names)}) VALUES ({string.Join(", ", values)})",
            ((ISqliteSession)session).Db
        );
        var parameters = columns.Select((_, i) => insert.Parameters.AddWithValue($"$v{i}", DBNull.Value)).ToList();
        var count = 0L;
        using var text = new StreamReader(rows.Open(), Encoding.UTF8);
        foreach (var record in Records(text.ReadToEnd()))
        {
            cancel.ThrowIfCancellationRequested();
            for (var i = 0; i < columns.Count; i++)
                parameters[i].Value = record[i] is { } value ? Value(value, columns[i].Type) : DBNull.Value;
            count += insert.ExecuteNonQuery();
        }

        return count;
    }

    /// <summary>
    /// Makes a temporary table and puts the rows of files into it; says how many. One that an earlier load left goes.
    /// </summary>
    public static async Task<long> StageAsync(
        SqlSession db,
        string table,
        IReadOnlyList<CopyColumn> columns,
        IEnumerable<RowsFile> files,
        CancellationToken cancel
    )
    {
        var list = columns.Select(column => $"{column.Name} {column.TypeName}");
        await db.ExecuteAsync($"DROP TABLE IF EXISTS temp.{table}", cancel);
        await db.ExecuteAsync($"CREATE TEMP TABLE {table} ({string.Join(", ", list)})", cancel);
        return files.Sum(rows => In(db, $"temp.{table}", columns, rows, cancel));
    }

    /// <summary>Writes the rows of a query into a file.</summary>
    public static CsvRows Out(SqlSession session, string query, IReadOnlyList<Column> columns, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new StreamWriter(path);
        using var command = new SqliteCommand(query, ((ISqliteSession)session).Db);
        using var reader = command.ExecuteReader();
        var longest = 0;
        while (reader.Read())
        {
            var record = string.Join(
                ",",
                columns.Select((column, i) => reader.IsDBNull(i) ? "" : Quoted(Text(reader.GetValue(i), column.Type)))
            );
            longest = Math.Max(longest, Encoding.UTF8.GetByteCount(record));
            file.Write($"{record}\n");
        }

        return new CsvRows([path], columns, SqliteDialect.Layout, longest);
    }

    /// <summary>The records of a CSV text: a field that is empty is NULL, unless it stands in quotes.</summary>
    public static IEnumerable<string?[]> Records(string text)
    {
        var (record, at) = (new List<string?>(), 0);
        while (at < text.Length)
        {
            record.Add(Field(text, ref at));
            if (at < text.Length && text[at++] == ',')
                continue;
            yield return [.. record];
            record.Clear();
        }
    }

    // Ends at the comma or the line's end behind the field.
    private static string? Field(string text, ref int at)
    {
        var begin = at;
        if (at == text.Length || text[at] != '"')
        {
            while (at < text.Length && text[at] is not (',' or '\n'))
                at++;
            return at == begin ? null : text[begin..at];
        }

        var value = new StringBuilder();
        for (at++; text[at] != '"' || (at + 1 < text.Length && text[at + 1] == '"'); at++)
        {
            if (text[at] == '"')
                at++;
            value.Append(text[at]);
        }

        at++;
        return value.ToString();
    }

    private static object Value(string text, ColumnType? type) =>
        type?.Kind switch
        {
            TypeKind.Boolean => text == "true" ? 1L : 0L,
            TypeKind.Bytes => Convert.FromHexString(text.AsSpan(SqliteDialect.Layout.BytesPrefix.Length)),
            TypeKind.TimestampTz => SqliteDialect.Time(text) is { } time ? SqliteDialect.Written(time) : text,
            _ => text,
        };

    private static string Text(object value, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => (long)value == 0 ? "false" : "true",
            TypeKind.Bytes => $"{SqliteDialect.Layout.BytesPrefix}{Convert.ToHexStringLower((byte[])value)}",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
