namespace Headrace.Postgres.Redshift;

/// <summary>The rows that a Redshift warehouse set aside.</summary>
internal sealed class RedshiftQuarantine(RedshiftWarehouse warehouse, TimeProvider clock) : IQuarantine
{
    public Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<(string, long, DateTimeOffset)>>(async db => !await RedshiftTables.ExistAsync(db, cancel) ? []
            : await db.RowsAsync(RedshiftSql.CountWaiting, row => (row.GetString(0), row.GetInt64(1), row.Time(2)), cancel), cancel);

    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<QuarantinedRow>>(async db => !await RedshiftTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            RedshiftSql.Waiting(of, all, most),
            row => new QuarantinedRow(row.GetInt64(0), row.GetString(1), row.GetString(2), new TableName(row.GetString(3), row.GetString(4)), row.GetString(5),
                row.IsDBNull(6) ? null : row.GetInt64(6), row.Text(7), row.Text(8), row.GetString(9), row.Text(10), row.GetString(11), row.Time(12), row.Text(13)), cancel), cancel);

    public Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel) =>
        warehouse.AskAsync(async db => !await RedshiftTables.ExistAsync(db, cancel) ? 0 : await db.ExecuteAsync(RedshiftSql.Discard(of, ids, reason, clock.GetUtcNow()), cancel), cancel);

    public Task<(long Released, long Superseded, long Kept)> ReleaseAsync(string of, IReadOnlyList<long>? ids, Mending mending, CancellationToken cancel) =>
        throw Error.NotYetForRedshift(warehouse.Address, "release rows from quarantine");
}
