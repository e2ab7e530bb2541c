namespace Headrace.DuckDb;

/// <summary>Sets bad rows of a change set aside in <c>headrace.quarantine</c>, in its load's transaction.</summary>
internal sealed class Quarantined(DuckDbConnection db, ChangeSet changes, LoadAttempt attempt, TimeProvider clock, CancellationToken cancel)
{
    private static readonly string Table = HeadraceTables.Table("quarantine");

    /// <summary>Sets aside what <paramref name="rows"/> reads: <c>line</c>, <c>column</c>, <c>value</c>, <c>reason</c>, <c>row</c>.</summary>
    /// <returns>How many rows.</returns>
    /// <remarks>Loads write one after the other, so the numbers go on where the table ends; a sequence was seen to fall back when a process was killed.</remarks>
    public long Hold(StagedFile file, string rows) => db.Execute(
        $"""
        INSERT INTO {Table} (id, flow, dataset, schema_name, table_name, file, sha256, line, "column", value, reason, "row", operation, load_id, run_id, status, held_at)
        SELECT coalesce((SELECT max(id) FROM {Table}), 0) + row_number() OVER (), $1, $2, $3, $4, $5, $6, line, "column", value, reason, "row",
            $7, $8, $9, 'waiting', $10
        FROM ({rows})
        """,
        cancel, changes.Dataset.Flow, changes.Dataset.Name, changes.Target.Schema, changes.Target.Table, file.File.Key, file.Sha256,
        changes.Operation.ToString().ToLowerInvariant(), changes.Id, attempt.RunId, clock.GetUtcNow());

    /// <summary>Has each row of a table wait once; says how many of those that were set aside had waited before.</summary>
    public long LeaveRepeated()
    {
        var repeated = new RepeatedRows(changes, Table, Sql.Literal, (row, column) => $"json_extract_string({row}, '/' || replace(replace({column}, '~', '~0'), '/', '~1'))");
        if (!repeated.Applies)
            return 0;
        db.Execute(repeated.Supersede("$1"), cancel, clock.GetUtcNow());
        return db.Execute(repeated.Drop, cancel);
    }

    /// <summary>Rows of earlier exports of the dataset wait for nothing any more.</summary>
    public void Supersede() => db.Execute(
        $"UPDATE {Table} SET status = 'superseded', resolved_at = $1, resolution = 'a newer export was applied' WHERE dataset = $2 AND status = 'waiting'",
        cancel, clock.GetUtcNow(), changes.Dataset.Name);
}
