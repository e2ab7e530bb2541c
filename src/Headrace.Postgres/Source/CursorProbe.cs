using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Finds out whether rows by a cursor are more than one batch, and where that ends. It walks along an index from the
/// position on, over entries of rows that wait to be read and over no others: where nothing is new, that is nothing.
/// Without an index it would scan the table.
/// </summary>
internal sealed class CursorProbe(NpgsqlConnection db, SourceTable table, long batchBytes)
{
    // Each batch of a table that has no index on its cursor costs two scans of it.
    private const int MostScanned = 10;

    private static readonly HashSet<string> AlongAnIndex =
    [
        "Limit",
        "Result",
        "Index Scan",
        "Index Only Scan",
        "Append",
        "Merge Append",
        "Subquery Scan",
    ];

    private long? rows;

    /// <summary>Whether a table without an index on the cursor is scanned; in a few large parts then.</summary>
    public bool MayScan { get; init; }

    /// <summary>About how many rows are a batch.</summary>
    public async Task<long> RowsAsync(CancellationToken cancel) =>
        rows ??= Math.Max(
            1,
            batchBytes
                / Math.Max(
                    1,
                    table is { Rows: > 0, Bytes: > 0 }
                        ? (long)(table.Bytes / table.Rows)
                        : (await PlanAsync($"SELECT * FROM {table.From}", cancel)).GetProperty("Plan Width").GetInt64()
                )
        );

    /// <summary>
    /// The value of a row behind the next batch (of a number, that of its last row): past the first value that waits,
    /// so that a batch has rows, and no two rows with one value are parted. Null when what waits is no more than a
    /// batch, or cannot be asked cheaply.
    /// </summary>
    /// <param name="from">The position; null before the first one.</param>
    /// <param name="to">How far the position may move.</param>
    /// <param name="and">What else must hold, with AND before it.</param>
    public async Task<string?> FindAsync(
        CursorColumn column,
        string? from,
        string? to,
        string and,
        CancellationToken cancel
    )
    {
        if (to is null || from == to)
            return null;
        var most = await RowsAsync(cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(
            """
            SET TRANSACTION READ ONLY; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
            SET LOCAL enable_sort = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0
            """,
            cancel
        );
        if (!IsAlongAnIndex(await PlanAsync(Probe(most), cancel)))
        {
            if (!MayScan)
                return null;
            most = Math.Max(
                most,
                (long)(table.Rows > 0 ? table.Rows : table.Bytes / Math.Max(1, batchBytes / most)) / MostScanned
            );
            await db.ExecuteAsync("SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on", cancel);
        }

        return (await db.RowsAsync(Probe(most), row => row.GetString(0), cancel)).FirstOrDefault();

        string Probe(long batch)
        {
            var waiting = $"FROM {table.From} WHERE {column.Beyond(from)} AND {column.Until(to)}{and}";
            var first = $"(SELECT {column.Quoted} {waiting} ORDER BY {column.Quoted} LIMIT 1)";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT {column.Quoted}::text FROM (SELECT {column.Quoted} {waiting}
                AND {column.Quoted} > {first} ORDER BY {column.Quoted} OFFSET {batch - 1} LIMIT 1) AS behind
                """
            );
        }
    }

    private async Task<JsonElement> PlanAsync(string sql, CancellationToken cancel)
    {
        using var plans = JsonDocument.Parse(
            (await db.RowsAsync($"EXPLAIN (FORMAT JSON) {sql}", row => row.GetString(0), cancel))[0]
        );
        return plans.RootElement[0].GetProperty("Plan").Clone();
    }

    private static bool IsAlongAnIndex(JsonElement plan) =>
        AlongAnIndex.Contains(plan.GetProperty("Node Type").GetString()!)
        && (!plan.TryGetProperty("Plans", out var below) || below.EnumerateArray().All(IsAlongAnIndex));
}
