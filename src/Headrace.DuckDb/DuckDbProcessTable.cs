using System.Text.Json;

namespace Headrace.DuckDb;

/// <summary><c>headrace.process_table</c> in a DuckDB warehouse.</summary>
internal sealed class DuckDbProcessTable(DuckDbWarehouse warehouse, TimeProvider clock) : IProcessTable
{
    private const string Columns =
        "connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled, last_sync_time, last_status, last_inserted, last_updated, last_deleted, last_error";

    private static readonly string Table = HeadraceTables.Table("process_table");

    public async Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        return warehouse.Translate(() =>
        {
            // A plan may look at a warehouse that is not there yet, or that an older Headrace made.
            var entries = new List<TableEntry>();
            if (!new Positions(db, cancel).Exists("headrace", "process_table"))
                return entries;
            using var reader = db.Query(
                $"SELECT connection, source_table, target_schema, target_table, primary_key, create_key, update_key, coalesce(enabled, true), epoch_us(last_sync_time), last_status, coalesce(last_inserted, 0), coalesce(last_updated, 0), coalesce(last_deleted, 0), last_error FROM {Table} ORDER BY connection, source_table", cancel);
            while (reader.Read())
                entries.Add(new TableEntry(
                    reader.GetString(0), reader.GetString(1),
                    reader.IsNull(2) && reader.IsNull(3) ? null : new TableName(BadRows.Text(reader, 2) ?? "", BadRows.Text(reader, 3) ?? ""),
                    (BadRows.Text(reader, 4) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                    BadRows.Text(reader, 5), BadRows.Text(reader, 6))
                {
                    IsEnabled = reader.GetBoolean(7),
                    LastSyncTime = reader.IsNull(8) ? null : DateTimeOffset.UnixEpoch.AddMicroseconds(reader.GetInt64(8)),
                    LastStatus = BadRows.Text(reader, 9),
                    LastInserted = reader.GetInt64(10),
                    LastUpdated = reader.GetInt64(11),
                    LastDeleted = reader.GetInt64(12),
                    LastError = BadRows.Text(reader, 13),
                });
            return entries;
        });
    }

    public Task AddAsync(TableEntry entry, CancellationToken cancel) => WriteAsync(db => db.Execute(
        $"""
        INSERT INTO {Table} (connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (connection, source_table) DO UPDATE SET target_schema = excluded.target_schema, target_table = excluded.target_table,
            primary_key = excluded.primary_key, create_key = excluded.create_key, update_key = excluded.update_key, enabled = excluded.enabled
        """, cancel, entry.Connection, entry.Table, entry.Target?.Schema, entry.Target?.Table, string.Join(',', entry.PrimaryKey), entry.CreateKey, entry.UpdateKey, entry.IsEnabled), cancel);

    public async Task<bool> RemoveAsync(string connection, string table, CancellationToken cancel) =>
        await WriteAsync(db => db.Execute($"DELETE FROM {Table} WHERE connection = $1 AND source_table = $2", cancel, connection, table), cancel) > 0;

    public Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs, CancellationToken cancel) => WriteAsync(
        db =>
        {
            var now = clock.GetUtcNow();
            db.Execute("BEGIN", cancel);
            foreach (var (table, run) in runs)
                db.Execute(
                    $"""
                    UPDATE {Table} SET last_status = $1, last_inserted = $2, last_updated = $3, last_deleted = $4, last_error = $5,
                        last_sync_time = CASE WHEN $6 THEN $7 ELSE last_sync_time END WHERE connection = $8 AND source_table = $9
                    """,
                    cancel, JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), run.Inserted, run.Updated, run.Deleted,
                    run.Error is null ? null : $"{run.Error.Code}  {run.Error.What}", run.Outcome is Outcome.Loaded or Outcome.UpToDate, now, connection, table);
            db.Execute($"INSERT INTO {HeadraceTables.Table("process_table_snapshot")} ({Columns}, snapshot_at) SELECT {Columns}, $1 FROM {Table} WHERE connection = $2", cancel, now, connection);
            db.Execute("COMMIT", cancel);
            return 0;
        }, cancel);

    private async Task<long> WriteAsync(Func<DuckDbConnection, long> write, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        return warehouse.Translate(() => write(db));
    }
}
