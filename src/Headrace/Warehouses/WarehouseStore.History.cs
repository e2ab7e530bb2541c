namespace Headrace.Warehouses;

/// <summary>What Headrace's own tables need not keep for good.</summary>
public sealed partial class WarehouseStore
{
    /// <summary>How many rows of Headrace's own are older than this and needed by nothing.</summary>
    public async Task<long> OldAsync(DateTimeOffset before)
    {
        long rows = 0;
        foreach (var (table, condition) in Old(before))
            rows += await db.NumberAsync(dialect.Sql($"SELECT count(*) FROM {table} WHERE {condition}"), cancel);
        return rows;
    }

    /// <summary>Removes them.</summary>
    public async Task RemoveOldAsync(DateTimeOffset before)
    {
        foreach (var (table, condition) in Old(before))
            await RunAsync(dialect.Sql($"DELETE FROM {table} WHERE {condition}"));
    }

    private IEnumerable<(Raw Table, Raw Condition)> Old(DateTimeOffset before) =>
        [
            (Table("checks"), new(dialect.Sql($"checked_at < {before}"))),
            (Table("process_table_snapshot"), new(dialect.Sql($"snapshot_at < {before}"))),
            (Files, new(OldFiles(before))),
            (Loads, new(OldLoads(before))),
        ];

    // The last word on a file is what keeps it from being loaded twice, and what was loaded of it may be compared. So a
    // row goes only where a newer one of the same file follows, and nothing was loaded by it or before it.
    private string OldFiles(DateTimeOffset before) =>
        dialect.Sql(
            $"""
            seen_at < {before} AND outcome NOT IN ('loaded', 'refused') AND (dataset, sequence) IN (
                SELECT dataset, sequence FROM (
                    SELECT dataset, sequence,
                        max(CASE WHEN outcome <> 'refused' THEN sequence END)
                            OVER (PARTITION BY dataset, key) AS newest,
                        min(CASE WHEN outcome = 'loaded' THEN sequence END)
                            OVER (PARTITION BY dataset, key) AS loaded
                    FROM {Files}) AS f
                WHERE f.sequence < f.newest AND (f.loaded IS NULL OR f.sequence < f.loaded))
            """
        );

    // What stays: the last load of each dataset and the last one that brought rows, by which a lost position, a lost
    // table and a model without news are told; loads of files; and those that rows of the quarantine, documents and
    // operations that wait to be published go by.
    private string OldLoads(DateTimeOffset before) =>
        dialect.Sql(
            $"""
            committed_at < {before} AND load_id NOT IN (
                SELECT load_id FROM {Files} WHERE outcome = 'loaded' AND load_id IS NOT NULL
                UNION ALL SELECT max(load_id) FROM {Loads} GROUP BY dataset
                UNION ALL SELECT max(load_id) FROM {Loads} WHERE inserted > 0 GROUP BY dataset
                UNION ALL SELECT l.load_id FROM {Loads} AS l JOIN (
                    SELECT dataset, max(generation) AS generation FROM {Loads} GROUP BY dataset) AS n
                    ON n.dataset = l.dataset AND n.generation = l.generation
                UNION ALL SELECT load_id FROM {Quarantine} WHERE status IN ('waiting', 'released')
                UNION ALL SELECT l.load_id FROM {Loads} AS l JOIN {Quarantine} AS q ON {new Raw(
                Replaces
            )} WHERE q.status = 'waiting'
                UNION ALL SELECT load_id FROM {Schemas}
                UNION ALL SELECT load_id FROM {Published} WHERE published_at IS NULL)
            """
        );
}
