using System.Globalization;
using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Brings rows of a table into the engine, by UNLOAD: for plans and copies.</summary>
internal sealed class RedshiftRows(NpgsqlConnection db, StagedLoad stage, CancellationToken cancel)
{
    // Redshift's rows have at most 4 MB, and a quote in them may be doubled.
    private const int LongestLine = 8 << 20;

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"c{i}");

    /// <summary>Rows of the target that have keys of a query, as SQL of the engine; null when there is no table with such keys.</summary>
    /// <param name="keys">Names in the target, values in the engine's SQL, types.</param>
    public async Task<string?> FetchAsync(RedshiftTable? table, StagedBatch batch, IReadOnlyList<(string Name, string Sql, ColumnType Type)> keys, string from)
    {
        if (table is null || keys.Any(key => table.Find(key.Name) is null))
            return null;
        var found = keys.Select(key => table.Find(key.Name)!).ToList();
        var file = await Task.Run(() => batch.Keys(keys, from), cancel);
        await stage.PutAsync(file);
        await db.ExecuteAsync(RedshiftSql.CreateStaged(found.Select((key, i) => (Name(i), key.TypeName))), cancel);
        await stage.CopyAsync(db, RedshiftSql.Staged, [file], [.. found.Select((_, i) => Name(i))]);
        var rows = await ReadAsync(table, [.. found.Select((key, i) => (key.Name, i, RedshiftMerge.IsText(key)))]);
        await db.ExecuteAsync(RedshiftSql.DropStaged, cancel);
        return rows;
    }

    /// <summary>All rows of a table, or those whose keys are staged; the answer reads them, under the table's names, in the engine's SQL.</summary>
    public async Task<string> ReadAsync(RedshiftTable table, IReadOnlyList<(string Name, int Column, bool IsText)> keys)
    {
        var columns = table.Columns;
        var paths = await stage.UnloadAsync(db, RedshiftSql.Rows(table, keys));
        if (paths.Count == 0)
            return $"(SELECT {string.Join(", ", columns.Select(column => $"NULL::{DuckDbTypes.Name(column.Type)} AS {Sql.Identifier(column.Name)}"))} WHERE false)";
        var values = columns.Select((column, i) => $"{RedshiftTypes.Read(Name(i), column.Type)} AS {Sql.Identifier(column.Name)}");
        return $"(SELECT {string.Join(", ", values)} FROM {Unloaded(paths, stage.Nothing, columns.Count)})";
    }

    /// <summary>What UNLOAD wrote, in the engine's SQL: texts <c>c0…</c>.</summary>
    /// <param name="nothing">What stands for NULL.</param>
    public static string Unloaded(IReadOnlyList<string> paths, string nothing, int columns) =>
        SpoolCsv.Read(paths, LongestLine, Enumerable.Range(0, columns).Select(i => (Name(i), "VARCHAR")), $"compression = 'gzip', nullstr = {Sql.Literal(nothing)}");

    /// <summary>The first few changes of each kind, with the target's values before.</summary>
    public async Task<IReadOnlyList<RowChange>> SampleAsync(Lazy<DuckDbConnection> engine, StagedBatch batch, ChangeSet changes, RedshiftTable? table, int most)
    {
        var rows = changes.Rows!;
        var keys = changes.Rules.PrimaryKey.Select(key => rows.Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(i => (rows.Columns[i].Name, SnapshotColumns.Text($"c{i}"), rows.Columns[i].Type)).ToList();
        string First(string op) => SnapshotColumns.Text($"(SELECT * FROM read_parquet({Sql.Literal(rows.Path)}) WHERE op = '{op}' LIMIT {most})");
        var before = await FetchAsync(table, batch, keys, $"(FROM {First("U")} UNION ALL FROM {First("D")})");
        return await Task.Run(() => new ChangeSample(engine.Value, changes, before is null ? null : table!.Columns, before ?? "", cancel).Take(most), cancel);
    }
}
