namespace Headrace.Warehouses;

/// <summary>Rows that are set aside. A condition names the columns of <c>headrace.quarantine</c> as they are.</summary>
public sealed partial class WarehouseStore
{
    /// <summary>
    /// Loads that replaced the table of a row <c>q</c> after it was set aside: what waits for nothing any more.
    /// </summary>
    private const string Replaces = """
        l.schema_name = q.schema_name AND l.table_name = q.table_name AND l.operation IN ('replace', 'truncate',
            'changes')
            AND l.load_id <> q.load_id AND l.committed_at > q.held_at
        """;

    public async Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountWaitingAsync() =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT dataset, count(*), min(held_at) FROM {Quarantine}
                WHERE status = 'waiting' GROUP BY dataset ORDER BY dataset
                """
            ),
            row => (row.Text(0), row.Number(1), row.Time(2)),
            cancel
        );

    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most) =>
        RowsAsync(
            dialect.Sql($"(flow = {of} OR dataset = {of})") + (all ? "" : " AND status = 'waiting'"),
            dialect.QuarantineOrder,
            most
        );

    /// <summary>Rows that wait, in the order of their numbers beyond one of them.</summary>
    public Task<IReadOnlyList<QuarantinedRow>> NextAsync(string of, IReadOnlyList<long>? ids, long after, int most) =>
        RowsAsync(Waiting(of, ids) + dialect.Sql($" AND id > {after}"), "id", most);

    private async Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string condition, string order, int most) =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT id, flow, dataset, coalesce(schema_name, ''), coalesce(table_name, ''), file, line, "column",
                    value, reason, "row", status, held_at, resolution
                FROM {Quarantine} WHERE {new Raw(condition)} ORDER BY {new Raw(order)} LIMIT {most}
                """
            ),
            row => new QuarantinedRow(
                row.Number(0),
                row.Text(1),
                row.Text(2),
                new TableName(row.Text(3), row.Text(4)),
                row.Text(5),
                row.NumberOrNull(6),
                row.TextOrNull(7),
                row.TextOrNull(8),
                row.Text(9),
                row.TextOrNull(10),
                row.Text(11),
                row.Time(12),
                row.TextOrNull(13)
            ),
            cancel
        );

    /// <summary>
    /// How many rows of datasets wait for a table that was not replaced since, and the places of the first of them.
    /// </summary>
    public async Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(
        IReadOnlyList<string> datasets,
        TableName target,
        int most
    )
    {
        var order = string.Join(", ", dialect.QuarantineOrder.Split(", ").Select(column => $"q.{column}"));
        var found = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT q.file, q.line, count(*) OVER () FROM {Quarantine} AS q LEFT JOIN (
                    SELECT DISTINCT q.id FROM {Quarantine} AS q JOIN {Loads} AS l ON {new Raw(
                    Replaces
                )} WHERE q.status = 'waiting') AS r ON r.id = q.id
                WHERE q.status = 'waiting' AND r.id IS NULL AND q.dataset IN ({datasets})
                    AND lower(q.schema_name) = {target.Schema.ToLowerInvariant()}
                        AND lower(q.table_name) = {target.Table.ToLowerInvariant()}
                ORDER BY {new Raw(order)} LIMIT {most}
                """
            ),
            row => (Place: QuarantinedRow.Place(row.Text(0), row.NumberOrNull(1)), All: row.Number(2)),
            cancel
        );
        return (found.Count == 0 ? 0 : found[0].All, [.. found.Select(row => row.Place)]);
    }

    /// <summary>The condition for rows of a flow or dataset that wait.</summary>
    public string Waiting(string of, IReadOnlyList<long>? ids) =>
        dialect.Sql($"status = 'waiting' AND (flow = {of} OR dataset = {of})")
        + (ids is null ? "" : dialect.Sql($" AND id IN ({ids})"));

    /// <summary>The same, for one table.</summary>
    public string Waiting(string waiting, TableName target) =>
        waiting
        + dialect.Sql(
            $" AND coalesce(schema_name, '') = {target.Schema} AND coalesce(table_name, '') = {target.Table}"
        );

    /// <summary>The tables of rows, with how many there are.</summary>
    public async Task<IReadOnlyList<(TableName Target, long Rows)>> TargetsAsync(string condition) =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT coalesce(schema_name, ''), coalesce(table_name, ''), count(*) FROM {Quarantine} WHERE {new Raw(
                    condition
                )} GROUP BY 1, 2 ORDER BY min(id)
                """
            ),
            row => (new TableName(row.Text(0), row.Text(1)), row.Number(2)),
            cancel
        );

    /// <summary>The datasets of rows.</summary>
    public async Task<IReadOnlyList<Dataset>> DatasetsAsync(string condition) =>
        await db.RowsAsync(
            dialect.Sql($"SELECT DISTINCT dataset, flow FROM {Quarantine} WHERE {new Raw(condition)}"),
            row => new Dataset(row.Text(0), row.Text(1), new Dictionary<string, string>()),
            cancel
        );

    /// <summary>The number and the text of rows that can be read again, as a query.</summary>
    public string Readable(string condition) =>
        dialect.Sql($"SELECT id, \"row\" FROM {Quarantine} WHERE {new Raw(condition)} AND \"row\" IS NOT NULL");

    public Task<long> DiscardAsync(string condition, string? reason) => ResolveAsync(condition, "discarded", reason);

    /// <summary>Marks rows whose table was replaced since they were set aside.</summary>
    public Task<long> SupersedeReplacedAsync(string condition) =>
        ResolveAsync(
            dialect.Sql(
                $"""
                {new Raw(condition)} AND id IN (SELECT q.id FROM {Quarantine} AS q JOIN {Loads} AS l ON {new Raw(
                    Replaces
                )} WHERE q.status = 'waiting')
                """
            ),
            "superseded",
            "newer rows have replaced the table"
        );

    /// <summary>Rows of earlier exports of a dataset wait for nothing any more.</summary>
    public Task SupersedeAsync(Dataset dataset) =>
        ResolveAsync(
            dialect.Sql($"dataset = {dataset.Name} AND status = 'waiting'"),
            "superseded",
            "a newer export was applied"
        );

    /// <summary>Marks rows as released.</summary>
    /// <param name="ids">A query for their numbers.</param>
    public Task<long> ReleaseAsync(string ids) =>
        ResolveAsync($"status = 'waiting' AND id IN ({ids})", "released", null);

    /// <summary>
    /// Marks the rows that a change set loads after all. Those that do not fit yet were set aside once more by it, and
    /// wait as before.
    /// </summary>
    public async Task ReleaseAsync(ChangeSet changes)
    {
        await ForgetExportsAsync(dialect.Sql($"id IN ({changes.Released!})"));
        await ResolveAsync(
            dialect.Sql(
                $"""
                status = 'waiting' AND id IN ({changes.Released!}) AND id NOT IN (
                    SELECT q.id FROM {Quarantine} AS q JOIN {Quarantine} AS again
                    ON again.load_id = {changes.Id} AND again.file = q.file AND again.line = q.line
                    WHERE q.load_id <> {changes.Id})
                """
            ),
            "released",
            null
        );
        await RunAsync(dialect.Sql($"DELETE FROM {Quarantine} WHERE load_id = {changes.Id}"));
    }

    /// <summary>
    /// What the last export held is not what the table holds any more: the next comparison of these datasets asks the
    /// table.
    /// </summary>
    public async Task ForgetExportsAsync(string condition)
    {
        foreach (var dataset in await DatasetsAsync($"operation = 'changes' AND {condition}"))
            await RunAsync(
                dialect.Sql(
                    $"UPDATE {Positions(dataset)} SET load_id = {Id.New("q", clock)} WHERE dataset = {dataset.Name}"
                )
            );
    }

    /// <summary>
    /// Has each row of a table that was read again wait once; says how many of those that were set aside had waited
    /// before.
    /// </summary>
    public async Task<long> LeaveRepeatedAsync(ChangeSet changes)
    {
        var repeated = new RepeatedRows(changes, Quarantine.Sql, dialect.Literal, dialect.JsonValue);
        if (!repeated.Applies)
            return 0;
        await RunAsync(repeated.Supersede(dialect.Literal(Now)));
        return await RunAsync(repeated.Drop);
    }

    private async Task<IReadOnlyList<ReleasedRow>> ReleasedAsync(TableName target) =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT load_id, "row" FROM {Quarantine}
                WHERE status = 'released' AND schema_name = {target.Schema} AND table_name = {target.Table} ORDER BY id
                """
            ),
            row => new ReleasedRow(row.Text(0), row.TextOrNull(1)),
            cancel
        );

    private Task<long> ResolveAsync(string condition, string status, string? resolution)
    {
        var rows = new Raw(condition);
        return RunAsync(
            dialect.Sql(
                $"""
                UPDATE {Quarantine} SET status = {status}, resolved_at = {Now}, resolution = {resolution} WHERE {rows}
                """
            )
        );
    }
}
