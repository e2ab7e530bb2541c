namespace Headrace.Postgres;

/// <summary>The rows that a PostgreSQL warehouse set aside.</summary>
internal sealed class PostgresQuarantine(PostgresWarehouse warehouse, TimeProvider clock) : IQuarantine
{
    public Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<(string, long, DateTimeOffset)>>(async db => !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            "SELECT dataset, count(*), min(held_at) FROM headrace.quarantine WHERE status = 'waiting' GROUP BY dataset ORDER BY dataset",
            row => (row.GetString(0), row.GetInt64(1), row.Time(2)), cancel), cancel);

    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<QuarantinedRow>>(async db => !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            """
            SELECT id, flow, dataset, coalesce(schema_name, ''), coalesce(table_name, ''), file, line, "column", value, reason, "row", status, held_at, resolution
            FROM headrace.quarantine WHERE (flow = $1 OR dataset = $1) AND ($2 OR status = 'waiting') ORDER BY id LIMIT $3
            """,
            row => new QuarantinedRow(row.GetInt64(0), row.GetString(1), row.GetString(2), new TableName(row.GetString(3), row.GetString(4)), row.GetString(5),
                row.IsDBNull(6) ? null : row.GetInt64(6), row.Text(7), row.Text(8), row.GetString(9), row.Text(10), row.GetString(11), row.Time(12), row.Text(13)),
            cancel, of, all, (long)most), cancel);

    public Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel) =>
        warehouse.AskAsync(async db => !await PostgresTables.ExistAsync(db, cancel) ? 0 : await db.ExecuteAsync(
            $"""
            UPDATE headrace.quarantine SET status = 'discarded', resolved_at = $1, resolution = $2
            WHERE status = 'waiting' AND (flow = $3 OR dataset = $3) AND {(ids is null ? "true" : $"id IN ({string.Join(", ", ids.DefaultIfEmpty(-1))})")}
            """, cancel, clock.GetUtcNow(), reason, of), cancel);

    public async Task<(long Released, long Superseded, long Kept)> ReleaseAsync(string of, IReadOnlyList<long>? ids, Mending mending, CancellationToken cancel)
    {
        var waiting = (await RowsAsync(of, all: false, int.MaxValue, cancel)).Where(row => ids is null || ids.Contains(row.Id)).ToList();
        var (released, superseded) = (0L, 0L);
        foreach (var group in waiting.GroupBy(row => row.Target))
        {
            using var engine = await warehouse.Engine.ConnectAsync(cancel);
            var folder = warehouse.NewFolder();
            Directory.CreateDirectory(folder);
            try
            {
                var took = await warehouse.AskAsync(async db =>
                {
                    var table = await TargetTable.FindAsync(db, group.Key, cancel)
                        ?? throw Error.NotFound("table", group.Key.ToString(), "bring the table back, or discard the rows");
                    if (mending.Set.Keys.FirstOrDefault(name => table.Find(name) is null) is { } unknown)
                        throw Error.BadArgument("--set", unknown, $"one of the columns {string.Join(", ", table.Found.Select(column => column.Name))}");
                    return await new PostgresRelease(db, engine, folder, table, mending, clock, cancel).TakeAsync([.. group.Select(row => row.Id)]);
                }, cancel);
                released += took.Released;
                superseded += took.Superseded;
            }
            finally
            {
                PostgresWarehouse.Remove(folder);
            }
        }

        return (released, superseded, waiting.Count - released - superseded);
    }
}
