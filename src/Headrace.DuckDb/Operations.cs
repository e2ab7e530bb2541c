namespace Headrace.DuckDb;

/// <summary>Writes changed rows as the operations that are published: one JSON object a line.</summary>
internal sealed class Operations(DuckDbConnection db, ChangeSet export, SnapshotColumns columns, CancellationToken cancel)
{
    /// <summary>Writes the operations of a file of changes; says how many. The file is on the disk when this returns.</summary>
    public long Write(string changes, string path, bool hasBefore)
    {
        var key = columns.JsonObject(columns.Keys, i => SnapshotColumns.Text($"c{i}"));
        var after = columns.JsonObject(columns.All, i => SnapshotColumns.Text($"c{i}"));
        var before = hasBefore ? $"CASE WHEN op <> 'I' THEN {columns.JsonObject(columns.All, i => SnapshotColumns.Text($"b{i}"))} END" : "NULL::JSON";

        // The same operation has the same id whenever and wherever it is made. An export that is applied again, with other
        // files, makes others.
        var times = export.From.Version == export.Version ? export.From.VersionLoads : 0;
        var seed = Failpoint.Planted("ids-by-load") ? export.Id : export.Version;
        var count = db.Execute(
            $"""
            COPY (SELECT left(sha256(json_array($1, $3, {times}, name, key)::VARCHAR), 32) AS id, $1 AS dataset, $2 AS version, name AS op, key, before, after
                FROM (SELECT CASE op WHEN 'I' THEN 'INSERT' WHEN 'U' THEN 'UPDATE' ELSE 'DELETE' END AS name, {key} AS key, {before} AS before,
                    CASE WHEN op <> 'D' THEN {after} END AS after
                    FROM read_parquet({Sql.Literal(changes)}))) TO {Sql.Literal(path)} (FORMAT json)
            """, cancel, export.Dataset.Name, export.Version, seed);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        return count;
    }
}
