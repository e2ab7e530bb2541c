using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Brings rows of the target into the engine, for plans.</summary>
internal sealed class TargetRows(NpgsqlConnection db, StagedBatch batch, CancellationToken cancel)
{
    /// <summary>Rows of the target that have keys of a query, as SQL of the engine; null when there is no table with such keys.</summary>
    /// <param name="keys">Names in the target, values in the engine's SQL, types.</param>
    public async Task<string?> FetchAsync(TargetTable? table, IReadOnlyList<(string Name, string Sql, ColumnType Type)> keys, string from)
    {
        if (table is null || keys.Any(key => table.Find(key.Name) is null))
            return null;
        var file = await Task.Run(() => batch.Keys(keys, from), cancel);
        var names = keys.Select(key => table.Find(key.Name)!).ToList();
        await db.ExecuteAsync($"CREATE TEMP TABLE headrace_keys ({string.Join(", ", names.Select(key => $"{PostgresSql.Identifier(key.Name)} {key.TypeName}"))}) ON COMMIT DROP", cancel);
        await TextCopy.InAsync(db, "pg_temp.headrace_keys", file with { Columns = [.. names.Select(key => key.Name)] }, null, cancel);
        await db.ExecuteAsync("ANALYZE pg_temp.headrace_keys", cancel);
        var on = string.Join(" AND ", names.Select(key => $"k.{PostgresSql.Identifier(key.Name)} = t.{PostgresSql.Identifier(key.Name)}"));
        return await CopyAsync(db, table, $"WHERE EXISTS (SELECT 1 FROM pg_temp.headrace_keys AS k WHERE {on})", batch.NewPath(), cancel);
    }

    /// <summary>Copies rows of a table into a file; the answer reads them, under the table's names, in the engine's SQL.</summary>
    public static async Task<string> CopyAsync(NpgsqlConnection db, TargetTable table, string where, string path, CancellationToken cancel)
    {
        var columns = table.Columns;
        var longest = await TextCopy.OutAsync(db, $"SELECT {string.Join(", ", columns.Select(column => $"t.{PostgresSql.Identifier(column.Name)}"))} FROM {table.Quoted} AS t {where}", path, cancel);
        var values = columns.Select((column, i) => $"{TargetTypes.Read(SnapshotColumns.Text($"c{i}"), column.Type)} AS {Sql.Identifier(column.Name)}");
        return $"(SELECT {string.Join(", ", values)} FROM {SpoolCsv.Read([path], longest, columns.Select((_, i) => (SnapshotColumns.Text($"c{i}"), "VARCHAR")))})";
    }

    /// <summary>The first few changes of each kind, with the target's values before.</summary>
    public async Task<IReadOnlyList<RowChange>> SampleAsync(DuckDbConnection engine, ChangeSet changes, TargetTable? table, int most)
    {
        var rows = changes.Rows!;
        var keys = changes.Rules.PrimaryKey.Select(key => rows.Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(i => (rows.Columns[i].Name, SnapshotColumns.Text($"c{i}"), rows.Columns[i].Type)).ToList();
        string First(string op) => SnapshotColumns.Text($"(SELECT * FROM read_parquet({Sql.Literal(rows.Path)}) WHERE op = '{op}' LIMIT {most})");
        var before = await FetchAsync(table, keys, $"(FROM {First("U")} UNION ALL FROM {First("D")})");
        return await Task.Run(() => new ChangeSample(engine, changes, before is null ? null : table!.Columns, before ?? "", cancel).Take(most), cancel);
    }
}
