using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>The rows that do not fit, as files for the quarantine table.</summary>
internal sealed partial class CsvBatch
{
    private static readonly string[] Quarantine =
    [
        "flow",
        "dataset",
        "schema_name",
        "table_name",
        "file",
        "sha256",
        "line",
        "column",
        "value",
        "reason",
        "row",
        "operation",
        "load_id",
        "run_id",
        "status",
        "held_at",
    ];

    // Sets changes aside whose place cannot be told; false when there are none.
    private bool SetAside(string forgotten)
    {
        var unplaced = Events.SetAside(Shape!, forgotten);
        TakeAway(unplaced.Select(one => (one.File, one.Rows)));
        var queries = unplaced.Select(one => (one.File, one.Query));
        Sample = [.. Sample, .. BadRows.Sample(Db, queries, Shown - Sample.Count, cancel)];
        foreach (var (file, query) in attempt.IsPlan ? [] : queries)
            Hold(file, query);
        return unplaced.Count > 0;
    }

    private void AssertHeld()
    {
        if (Held.Sum(one => one.Rows) is var held && held != Quarantined)
            throw Error.RowsDiffer("headrace.quarantine", Quarantined, held);
    }

    // What came with a NUL is shown with its picture: not every database has a text for it.
    private void Hold(StagedFile file, string query)
    {
        string Cut(string column) => layout.Cut($"replace({column}, chr(0), '\u2400')");
        var path = NewPath();
        var rows = layout.Write(
            Db,
            $"""
            SELECT $1 AS flow, $2 AS dataset, $3 AS schema_name, $4 AS table_name, $5 AS file, $6 AS sha256, line, {Cut(
                "\"column\""
            )} AS "column",
                {Cut("value")} AS value, {Cut("reason")} AS reason, {layout.Whole(
                "\"row\""
            )} AS "row", $7 AS operation, $8 AS load_id, $9 AS run_id,
                'waiting' AS status, $10 AS held_at
            FROM ({query})
            """,
            Quarantine.Where(column => column is not ("line" or "held_at")),
            path,
            cancel,
            changes.Dataset.Flow,
            changes.Dataset.Name,
            changes.Target.Schema,
            changes.Target.Table,
            file.File.Key,
            file.Sha256,
            changes.Operation.ToString().ToLowerInvariant(),
            changes.Id,
            attempt.RunId,
            clock.GetUtcNow()
        );
        Held.Add(new RowsFile(path, Quarantine, rows));
    }
}
