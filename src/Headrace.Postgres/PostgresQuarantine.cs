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

    public Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(IReadOnlyList<string> datasets, TableName target, int most, CancellationToken cancel) =>
        warehouse.AskAsync<(long, IReadOnlyList<string>)>(async db =>
        {
            if (!await PostgresTables.ExistAsync(db, cancel))
                return (0, []);
            var found = await db.RowsAsync(
                """
                SELECT file, line, count(*) OVER () FROM headrace.quarantine AS q WHERE status = 'waiting' AND dataset = ANY ($1) AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3)
                    AND NOT EXISTS (SELECT FROM headrace.loads AS l WHERE l.schema_name = q.schema_name AND l.table_name = q.table_name
                        AND l.operation IN ('replace', 'truncate', 'changes') AND l.load_id <> q.load_id AND l.committed_at > q.held_at)
                ORDER BY id LIMIT $4
                """,
                row => (Place: QuarantinedRow.Place(row.GetString(0), row.IsDBNull(1) ? null : row.GetInt64(1)), All: row.GetInt64(2)),
                cancel, datasets.ToArray(), target.Schema, target.Table, (long)most);
            return (found.Count == 0 ? 0 : found[0].All, [.. found.Select(row => row.Place)]);
        }, cancel);

    public Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel) =>
        warehouse.AskAsync(async db =>
        {
            if (!await PostgresTables.ExistAsync(db, cancel))
                return 0;
            await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
            var chosen = $"status = 'waiting' AND {Chosen(ids)} AND (flow = $3 OR dataset = $3)";
            await MoveAsync(db, $"SELECT dataset FROM headrace.quarantine WHERE {chosen.Replace("$3", "$2", StringComparison.Ordinal)}", clock.GetUtcNow(), cancel, of);
            var discarded = await db.ExecuteAsync(
                $"UPDATE headrace.quarantine SET status = 'discarded', resolved_at = $1, resolution = $2 WHERE {chosen}", cancel, clock.GetUtcNow(), reason, of);
            await transaction.CommitAsync(CancellationToken.None);
            return discarded;
        }, cancel);

    /// <summary>Moves the generations of datasets, after the loads of them that are under way: a load that was built before is refused then.</summary>
    /// <param name="datasets">A query; its parameters begin with <c>$2</c>.</param>
    public static async Task MoveAsync(Npgsql.NpgsqlConnection db, string datasets, DateTimeOffset now, CancellationToken cancel, params object?[] parameters)
    {
        await db.ExecuteAsync($"SELECT $1::timestamptz FROM headrace.positions WHERE dataset IN ({datasets}) ORDER BY dataset FOR UPDATE", cancel, [now, .. parameters]);
        await db.ExecuteAsync($"UPDATE headrace.positions SET generation = generation + 1, updated_at = $1 WHERE dataset IN ({datasets})", cancel, [now, .. parameters]);
    }

    public async Task<(long Released, long Superseded, long Kept)> ReleaseAsync(string of, IReadOnlyList<long>? ids, Mending mending, CancellationToken cancel)
    {
        var (waiting, released, superseded) = (0L, 0L, 0L);
        var chosen = $"status = 'waiting' AND (flow = {PostgresSql.Literal(of)} OR dataset = {PostgresSql.Literal(of)}) AND {Chosen(ids)}";
        var targets = await warehouse.AskAsync<IReadOnlyList<(TableName Target, long Rows)>>(async db => !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            $"SELECT coalesce(schema_name, ''), coalesce(table_name, ''), count(*) FROM headrace.quarantine WHERE {chosen} GROUP BY 1, 2 ORDER BY min(id)",
            row => (new TableName(row.GetString(0), row.GetString(1)), row.GetInt64(2)), cancel), cancel);
        foreach (var (target, rows) in targets)
        {
            using var engine = await warehouse.Engine.ConnectAsync(cancel);
            var folder = warehouse.NewFolder();
            Directory.CreateDirectory(folder);
            try
            {
                var took = await warehouse.AskAsync(async db =>
                {
                    var table = await TargetTable.FindAsync(db, target, cancel)
                        ?? throw Error.NotFound("table", target.ToString(), "bring the table back, or discard the rows");
                    if (mending.Set.Keys.FirstOrDefault(name => table.Find(name) is null) is { } unknown)
                        throw Error.BadArgument("--set", unknown, $"one of the columns {string.Join(", ", table.Found.Select(column => column.Name))}");
                    return await new PostgresRelease(db, engine, folder, table, mending, clock, cancel).TakeAsync(chosen, target);
                }, cancel);
                (waiting, released, superseded) = (waiting + rows, released + took.Released, superseded + took.Superseded);
            }
            finally
            {
                PostgresWarehouse.Remove(folder);
            }
        }

        return (released, superseded, waiting - released - superseded);
    }

    private static string Chosen(IReadOnlyList<long>? ids) => ids is null ? "true" : $"id IN ({string.Join(", ", ids.DefaultIfEmpty(-1))})";
}
