using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Merges staged rows, each key once, into the target by primary key; nothing else writes to the target meanwhile. A key that the
/// target has twice is put right by the way.
/// </summary>
internal sealed class TableMerge(NpgsqlConnection db, TargetTable table, TableShape shape, ChangeSet changes, CancellationToken cancel)
{
    /// <summary>The temporary table that <see cref="StageAsync"/> makes.</summary>
    private const string Staged = "pg_temp.headrace_staged";

    // Which staged row has which rows of the target. A partition has rows with the same place as another one.
    private const string Matched = "pg_temp.headrace_matched";

    private readonly List<string> keys = [.. changes.Rules.PrimaryKey.Select(key => shape.Columns.First(column => Same(column.Name, key)).Name)];

    /// <summary>Copies rows into a temporary table with the types that the target has, or will have.</summary>
    /// <param name="table">The target as it is; null when it is new.</param>
    public static async Task StageAsync(NpgsqlConnection db, TargetTable? table, TableShape shape, IReadOnlyList<RowsFile> files, Action<long>? progress, CancellationToken cancel)
    {
        var columns = files[0].Columns.Select(name => $"{PostgresSql.Identifier(name)} {table?.Find(name)?.TypeName ?? TargetTypes.Name(shape.Columns.First(column => Same(column.Name, name)).Type!.Value)}");
        await db.ExecuteAsync($"CREATE TEMP TABLE headrace_staged ({string.Join(", ", columns)}) ON COMMIT DROP", cancel);
        foreach (var rows in files)
            await TextCopy.InAsync(db, Staged, rows, progress, cancel);
        var (count, sent) = (await db.ScalarAsync<long>($"SELECT count(*) FROM {Staged}", cancel), files.Sum(rows => rows.Rows));
        if (count != sent)
            throw Error.Bug($"{sent} rows were sent and {count} arrived.");
        await db.ExecuteAsync($"ANALYZE {Staged}", cancel);
    }

    /// <summary>Merges; unchanged rows are not touched, and columns that the files do not bring keep their values.</summary>
    public async Task<(long Inserted, long Updated, long Unchanged)> ApplyAsync(IReadOnlyList<RowsFile> files)
    {
        var brought = files[0].Columns;
        var values = brought.Where(name => !keys.Exists(key => Same(key, name))).ToList();
        var on = string.Join(" AND ", keys.Select(key => $"s.{PostgresSql.Identifier(key)} = t.{PostgresSql.Identifier(key)}"));
        var differs = values.Select(Differs).DefaultIfEmpty("false");
        await db.ExecuteAsync(
            $"""
            CREATE TEMP TABLE headrace_matched ON COMMIT DROP AS
            SELECT s.ctid AS staged_row, t.tableoid AS part, t.ctid AS target_row, ({string.Join(" OR ", differs)}) AS differs,
                row_number() OVER (PARTITION BY s.ctid ORDER BY t.tableoid, t.ctid) AS place
            FROM {Staged} AS s JOIN {table.Quoted} AS t ON {on}
            """, cancel);
        await db.ExecuteAsync($"ANALYZE {Matched}", cancel);
        var (found, updated, twice) = (await db.RowsAsync(
            $"""
            SELECT count(*), count(*) FILTER (WHERE differs OR n > 1), count(*) FILTER (WHERE n > 1)
            FROM (SELECT bool_or(differs) AS differs, count(*) AS n FROM {Matched} GROUP BY staged_row) AS found
            """, row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)), cancel))[0];

        if (twice > 0)
            await db.ExecuteAsync($"DELETE FROM {table.Quoted} AS t USING {Matched} AS m WHERE t.tableoid = m.part AND t.ctid = m.target_row AND m.place > 1", cancel);
        if (updated > 0 && values.Count > 0)
            await db.ExecuteAsync(
                $"""
                UPDATE {table.Quoted} AS t SET {string.Join(", ", values.Select(name => $"{PostgresSql.Identifier(name)} = s.{PostgresSql.Identifier(name)}"))}
                FROM {Matched} AS m, {Staged} AS s WHERE m.place = 1 AND m.differs AND t.tableoid = m.part AND t.ctid = m.target_row AND s.ctid = m.staged_row
                """, cancel);
        var names = string.Join(", ", brought.Select(PostgresSql.Identifier));
        await db.ExecuteAsync(
            $"INSERT INTO {table.Quoted} ({names}) SELECT {names} FROM {Staged} AS s WHERE NOT EXISTS (SELECT 1 FROM {Matched} AS m WHERE m.staged_row = s.ctid)", cancel);
        return (files.Sum(rows => rows.Rows) - found, updated, found - updated);
    }

    // The type json knows no equality.
    private string Differs(string name)
    {
        var (quoted, cast) = (PostgresSql.Identifier(name), table.Find(name)?.TypeName == "json" ? "::text" : "");
        return $"s.{quoted}{cast} IS DISTINCT FROM t.{quoted}{cast}";
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
