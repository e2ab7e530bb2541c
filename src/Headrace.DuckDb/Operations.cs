namespace Headrace.DuckDb;

/// <summary>Writes changed rows as the operations that are published: one JSON object a line.</summary>
internal sealed class Operations(
    DuckDbConnection db,
    ChangeSet export,
    SnapshotColumns columns,
    CancellationToken cancel
)
{
    /// <summary>
    /// How COPY writes a column of JSON texts, one to a line. The engine's own JSON would round long numbers; control
    /// characters are escaped in these texts, so as delimiter and quote they leave the lines as they are.
    /// </summary>
    public const string Lines = "FORMAT csv, HEADER false, DELIMITER '\u001E', QUOTE '\u001F', ESCAPE '\u001F'";

    /// <summary>
    /// Writes the operations of a file of changes; says how many. The file is on the disk when this returns.
    /// </summary>
    public long Write(string changes, string path, bool hasBefore)
    {
        var key = columns.JsonObject(columns.Keys, i => SnapshotColumns.Text($"c{i}"));
        var after = columns.JsonObject(columns.All, i => SnapshotColumns.Text($"c{i}"));
        var before = hasBefore
            ? $"CASE WHEN op <> 'I' THEN {columns.JsonObject(columns.All, i => SnapshotColumns.Text($"b{i}"))} "
                + "ELSE 'null' END"
            : "'null'";

        // The same operation has the same id whenever and wherever it is made. An export that is applied again, with
        // other files, makes others.
        var times = export.From.Version == export.Version ? export.From.VersionLoads : 0;
        var seed = Failpoint.Planted("ids-by-load") ? export.Id : export.Version;
        var count = db.Execute(
            $"""
            COPY (SELECT concat('{"{"}"id":"', left(sha256(concat(json_array($1, $3, {times}, name), key)), 32),
                '","dataset":', to_json($1), ',"version":', to_json($2),
                    ',"op":"', name, '","key":', key, ',"before":', before, ',"after":', after, '{"}"}')
                FROM (SELECT CASE op WHEN 'I' THEN 'INSERT' WHEN 'U' THEN 'UPDATE' ELSE 'DELETE'
                    END AS name, {key} AS key, {before} AS before,
                    CASE WHEN op <> 'D' THEN {after} ELSE 'null' END AS after
                    FROM read_parquet({Sql.Literal(changes)}))) TO {Sql.Literal(path)} ({Lines})
            """,
            cancel,
            export.Dataset.Name,
            export.Version,
            seed
        );
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        return count;
    }
}
