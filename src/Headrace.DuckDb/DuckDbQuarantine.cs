namespace Headrace.DuckDb;

/// <summary>The rows that a DuckDB warehouse set aside.</summary>
public sealed class DuckDbQuarantine(DuckDbWarehouse warehouse, TimeProvider clock) : IQuarantine
{
    private static readonly string Table = HeadraceTables.Table("quarantine");

    public async Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var counts = new List<(string, long, DateTimeOffset)>();
        if (!new Positions(db, cancel).Exists("headrace", "quarantine"))
            return counts;
        using var reader = db.Query($"SELECT dataset, count(*), epoch_us(min(held_at)) FROM {Table} WHERE status = 'waiting' GROUP BY dataset ORDER BY dataset", cancel);
        while (reader.Read())
            counts.Add((reader.GetString(0), reader.GetInt64(1), Time(reader.GetInt64(2))));
        return counts;
    }

    public async Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var rows = new List<QuarantinedRow>();
        if (!new Positions(db, cancel).Exists("headrace", "quarantine"))
            return rows;
        using var reader = db.Query(
            $"""
            SELECT id, flow, dataset, schema_name, table_name, file, line, "column", value, reason, "row", status, epoch_us(held_at), resolution
            FROM {Table} WHERE (flow = $1 OR dataset = $1) AND ($2 OR status = 'waiting') ORDER BY id LIMIT $3
            """, cancel, of, all, (long)most);
        while (reader.Read())
            rows.Add(new QuarantinedRow(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new TableName(reader.GetString(3), reader.GetString(4)),
                reader.GetString(5), reader.IsNull(6) ? null : reader.GetInt64(6), Text(reader, 7), Text(reader, 8), reader.GetString(9), Text(reader, 10),
                reader.GetString(11), Time(reader.GetInt64(12)), Text(reader, 13)));
        return rows;
    }

    public async Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(IReadOnlyList<string> datasets, TableName target, int most, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var places = new List<string>();
        if (!new Positions(db, cancel).Exists("headrace", "quarantine"))
            return (0, places);
        var rows = 0L;
        using var reader = db.Query(
            $"""
            SELECT file, line, count(*) OVER () FROM {Table} AS q WHERE status = 'waiting' AND list_contains($1, dataset) AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3)
                AND NOT EXISTS (SELECT 1 FROM {HeadraceTables.Table("loads")} AS l WHERE l.schema_name = q.schema_name AND l.table_name = q.table_name
                    AND l.operation IN ('replace', 'truncate', 'changes') AND l.load_id <> q.load_id AND l.committed_at > q.held_at)
            ORDER BY id LIMIT $4
            """, cancel, datasets.ToList(), target.Schema, target.Table, (long)most);
        for (; reader.Read(); rows = reader.GetInt64(2))
            places.Add(QuarantinedRow.Place(reader.GetString(0), reader.IsNull(1) ? null : reader.GetInt64(1)));
        return (rows, places);
    }

    public async Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        return warehouse.Translate(() =>
        {
            db.Execute("BEGIN", cancel);
            try
            {
                var chosen = $"status = 'waiting' AND (flow = {Sql.Literal(of)} OR dataset = {Sql.Literal(of)}) AND {Chosen(ids)}";
                Move(db, chosen, cancel);
                var discarded = db.Execute($"UPDATE {Table} SET status = 'discarded', resolved_at = $1, resolution = $2 WHERE {chosen}", cancel, clock.GetUtcNow(), reason);
                db.Execute("COMMIT", CancellationToken.None);
                return discarded;
            }
            catch
            {
                db.Rollback();
                throw;
            }
        });
    }

    /// <summary>Moves the generations of the datasets of rows: a load of one of them that was built before is refused then.</summary>
    public static void Move(DuckDbConnection db, string rows, CancellationToken cancel) => db.Execute(
        $"UPDATE {HeadraceTables.Table("positions")} SET generation = generation + 1 WHERE dataset IN (SELECT dataset FROM {Table} WHERE {rows})", cancel);

    public async Task<(long Released, long Superseded, long Kept)> ReleaseAsync(string of, IReadOnlyList<long>? ids, Mending mending, CancellationToken cancel)
    {
        var (waiting, released, superseded) = (0L, 0L, 0L);
        var chosen = $"status = 'waiting' AND (flow = {Sql.Literal(of)} OR dataset = {Sql.Literal(of)}) AND {Chosen(ids)}";
        foreach (var (target, rows) in await TargetsAsync(chosen, cancel))
        {
            using var db = await warehouse.ConnectAsync(cancel);
            var columns = new Positions(db, cancel).Columns(target)
                ?? throw Error.NotFound("table", target.ToString(), "bring the table back, or discard the rows");
            if (mending.Set.Keys.FirstOrDefault(name => !columns.Any(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) is { } unknown)
                throw Error.BadArgument("--set", unknown, $"one of the columns {string.Join(", ", columns.Select(column => column.Name))}");
            var took = warehouse.Translate(() => new Release(db, target, columns, mending, clock, cancel).Take(chosen));
            (waiting, released, superseded) = (waiting + rows, released + took.Released, superseded + took.Superseded);
        }

        return (released, superseded, waiting - released - superseded);
    }

    private async Task<List<(TableName Target, long Rows)>> TargetsAsync(string chosen, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var targets = new List<(TableName, long)>();
        if (!new Positions(db, cancel).Exists("headrace", "quarantine"))
            return targets;
        using var reader = db.Query($"SELECT schema_name, table_name, count(*) FROM {Table} WHERE {chosen} GROUP BY schema_name, table_name ORDER BY min(id)", cancel);
        while (reader.Read())
            targets.Add((new TableName(reader.GetString(0), reader.GetString(1)), reader.GetInt64(2)));
        return targets;
    }

    private static string Chosen(IReadOnlyList<long>? ids) => ids is null ? "true" : $"id IN ({string.Join(", ", ids.DefaultIfEmpty(-1))})";

    private static string? Text(DuckDbReader reader, int column) => reader.IsNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds);
}
