using System.Text.Json;

namespace Headrace.Postgres;

/// <summary><c>headrace.process_table</c> in a PostgreSQL warehouse.</summary>
internal sealed class PostgresProcessTable(PostgresWarehouse warehouse, TimeProvider clock) : IProcessTable
{
    private const string Columns =
        "connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled, last_sync_time, last_status, last_inserted, last_updated, last_deleted, last_error";

    public Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<TableEntry>>(async db => !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            $"SELECT {Columns} FROM headrace.process_table ORDER BY connection, source_table",
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
        await PostgresTables.EnsureAsync(db, cancel);
        return await db.ExecuteAsync(
            """
            INSERT INTO headrace.process_table (connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (connection, source_table) DO UPDATE SET target_schema = excluded.target_schema, target_table = excluded.target_table,
                primary_key = excluded.primary_key, create_key = excluded.create_key, update_key = excluded.update_key, enabled = excluded.enabled
            """, cancel, entry.Connection, entry.Table, entry.Target?.Schema, entry.Target?.Table, string.Join(',', entry.PrimaryKey), entry.CreateKey, entry.UpdateKey, entry.IsEnabled);
    }, cancel);

    public Task<bool> RemoveAsync(string connection, string table, CancellationToken cancel) => warehouse.AskAsync(
        async db => await PostgresTables.ExistAsync(db, cancel)
            && await db.ExecuteAsync("DELETE FROM headrace.process_table WHERE connection = $1 AND source_table = $2", cancel, connection, table) > 0, cancel);

    public Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs, CancellationToken cancel) => warehouse.AskAsync(
        async db =>
        {
            var now = clock.GetUtcNow();
            await PostgresTables.EnsureAsync(db, cancel);
            await using var transaction = await db.BeginTransactionAsync(cancel);
            foreach (var (table, run) in runs)
                await db.ExecuteAsync(
                    """
                    UPDATE headrace.process_table SET last_status = $1, last_inserted = $2, last_updated = $3, last_deleted = $4, last_error = $5,
                        last_sync_time = CASE WHEN $6 THEN $7 ELSE last_sync_time END WHERE connection = $8 AND source_table = $9
                    """,
                    cancel, JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), run.Inserted, run.Updated, run.Deleted,
                    run.Error is null ? null : $"{run.Error.Code}  {run.Error.What}", run.Outcome is Outcome.Loaded or Outcome.UpToDate, now, connection, table);
            await db.ExecuteAsync($"INSERT INTO headrace.process_table_snapshot ({Columns}, snapshot_at) SELECT {Columns}, $1 FROM headrace.process_table WHERE connection = $2", cancel, now, connection);
            await db.CommitAsync(transaction, cancel);
            return true;
        }, cancel);
}
