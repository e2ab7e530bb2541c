using System.Text.Json;

namespace Headrace.Postgres.Redshift;

/// <summary><c>headrace.process_table</c> in Redshift.</summary>
internal sealed class RedshiftProcessTable(RedshiftWarehouse warehouse, TimeProvider clock) : IProcessTable
{
    public Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<TableEntry>>(async db => !await RedshiftTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            RedshiftSql.ListTables,
            row => new TableEntry(
                row.GetString(0), row.GetString(1), row.IsDBNull(2) && row.IsDBNull(3) ? null : new TableName(row.Text(2) ?? "", row.Text(3) ?? ""),
                (row.Text(4) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), row.Text(5), row.Text(6))
            {
                IsEnabled = row.IsDBNull(7) || row.GetBoolean(7),
                LastSyncTime = row.IsDBNull(8) ? null : row.Time(8),
                LastStatus = row.Text(9),
                LastInserted = row.IsDBNull(10) ? 0 : row.GetInt64(10),
                LastUpdated = row.IsDBNull(11) ? 0 : row.GetInt64(11),
                LastDeleted = row.IsDBNull(12) ? 0 : row.GetInt64(12),
                LastError = row.Text(13),
            }, cancel), cancel);

    public Task AddAsync(TableEntry entry, CancellationToken cancel) => warehouse.AskAsync(async db =>
    {
        await RedshiftTables.EnsureAsync(db, null, null, cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        if (await db.ExecuteAsync(RedshiftSql.ChangeTable(entry), cancel) == 0)
            await db.ExecuteAsync(RedshiftSql.AddTable(entry), cancel);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public Task<bool> RemoveAsync(string connection, string table, CancellationToken cancel) => warehouse.AskAsync(
        async db => await RedshiftTables.ExistAsync(db, cancel) && await db.ExecuteAsync(RedshiftSql.RemoveTable(connection, table), cancel) > 0, cancel);

    public Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs, CancellationToken cancel) => warehouse.AskAsync(async db =>
    {
        var now = clock.GetUtcNow();
        await RedshiftTables.EnsureAsync(db, null, null, cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        foreach (var (table, run) in runs)
            await db.ExecuteAsync(RedshiftSql.RecordTable(connection, table, run, JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), now), cancel);
        await db.ExecuteAsync(RedshiftSql.CopyTables(connection, now), cancel);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);
}
