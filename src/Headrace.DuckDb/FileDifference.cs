namespace Headrace.DuckDb;

/// <summary>What <see cref="FileDiff"/> found; valid as long as its connection and its folder are.</summary>
public sealed class FileDifference
{
    private readonly DuckDbConnection db;
    private readonly ChangeSet changes;
    private RowChanges rows;
    private readonly SnapshotColumns columns;
    private readonly CancellationToken cancel;

    internal FileDifference(DuckDbConnection db, ChangeSet changes, long matched, long doubtful, CancellationToken cancel)
    {
        this.db = db;
        this.changes = changes;
        this.cancel = cancel;
        rows = changes.Rows!;
        columns = new SnapshotColumns(rows.Columns, changes.Rules);
        Unchanged = matched + rows.Unchanged;
        Doubtful = doubtful;
    }

    /// <summary>The rows that differ, by key.</summary>
    public RowChanges Rows => rows;

    public long Inserted => rows.Inserted;

    public long Updated => rows.Updated;

    public long Deleted => rows.Deleted;

    public long Unchanged { get; }

    /// <summary>Rows of either side that cannot be compared: no key, a key that is there more than once, no row at all.</summary>
    public long Doubtful { get; }

    /// <summary>The first few rows of each operation.</summary>
    public IReadOnlyList<RowChange> Sample(int most) => new ChangeSample(db, changes with { Rows = rows }, null, "", cancel).Take(most);

    /// <summary>Leaves inserts and updates out whose values of the columns are not below these; the first column that is not NULL decides. Says how many.</summary>
    public long Leave(IReadOnlyList<(string Column, string Value)> newest, string path)
    {
        if (newest.Count == 0 || rows.Inserted + rows.Updated == 0)
            return 0;
        var newer = newest.Select(one =>
        {
            var i = rows.Columns.ToList().FindIndex(column => column.Name.Equals(one.Column, StringComparison.OrdinalIgnoreCase));
            return SnapshotColumns.Text($"c{i} >= CAST({Sql.Literal(one.Value)} AS {DuckDbTypes.Name(rows.Columns[i].Type)})");
        });
        db.Execute($"COPY (SELECT * FROM read_parquet({Sql.Literal(rows.Path)}) WHERE op = 'D' OR NOT coalesce({string.Join(", ", newer)}, false)) TO {Sql.Literal(path)} ({ExportRows.Layout})", cancel);
        using var reader = db.Query($"SELECT count(*) FILTER (op = 'I'), count(*) FILTER (op = 'U') FROM read_parquet({Sql.Literal(path)})", cancel);
        reader.Read();
        var left = rows.Inserted + rows.Updated - reader.GetInt64(0) - reader.GetInt64(1);
        rows = rows with { Path = path, Inserted = reader.GetInt64(0), Updated = reader.GetInt64(1) };
        return left;
    }

    /// <summary>Writes each changed row as a JSON object in a line of its own: <c>op</c>, <c>key</c>, <c>before</c>, <c>after</c>.</summary>
    public void WriteJson(string path)
    {
        var before = columns.JsonObject(columns.All, i => SnapshotColumns.Text($"b{i}"));
        var after = columns.JsonObject(columns.All, i => SnapshotColumns.Text($"c{i}"));
        var key = columns.JsonObject(columns.Keys, i => SnapshotColumns.Text($"c{i}"));
        db.Execute(
            $"""
            COPY (SELECT concat('{"{"}"op":"', {Op}, '","key":', {key}, ',"before":', CASE WHEN op <> 'I' THEN {before} ELSE 'null' END,
                    ',"after":', CASE WHEN op <> 'D' THEN {after} ELSE 'null' END, '{"}"}')
                FROM read_parquet({Sql.Literal(rows.Path)})) TO {Sql.Literal(path)} ({Operations.Lines})
            """, cancel);
    }

    /// <summary>
    /// Writes each changed row as CSV: <c>op</c>, all columns (of a deleted row as they were), and <c>before</c>, for an
    /// update a JSON object of the columns that differ with their former values.
    /// </summary>
    public void WriteCsv(string path)
    {
        var values = columns.All.Select(i => SnapshotColumns.Text($"CASE WHEN op = 'D' THEN b{i} ELSE c{i} END AS {Sql.Identifier(columns[i].Name)}"));
        var former = columns.All.Select(i => SnapshotColumns.Text(
            $"CASE WHEN b{i} IS DISTINCT FROM c{i} THEN CAST(to_json({Sql.Literal(columns[i].Name)}) AS VARCHAR) || ':' || coalesce(CAST({columns.Json($"b{i}", i)} AS VARCHAR), 'null') END"));
        db.Execute(
            $"""
            COPY (SELECT {Op} AS op, {string.Join(", ", values)}, CASE WHEN op = 'U' THEN '{"{"}' || concat_ws(',', {string.Join(", ", former)}) || '{"}"}' END AS before
                FROM read_parquet({Sql.Literal(rows.Path)})) TO {Sql.Literal(path)} (FORMAT csv, HEADER true)
            """, cancel);
    }

    private static string Op => "CASE op WHEN 'I' THEN 'INSERT' WHEN 'U' THEN 'UPDATE' ELSE 'DELETE' END";
}
