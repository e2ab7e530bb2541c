using System.Text.Json;

namespace Headrace.Warehouses;

/// <summary>The list of tables that flows sync.</summary>
public sealed partial class WarehouseStore
{
    private static readonly Raw ProcessColumns = new(
        """
        connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled,
            last_sync_time, last_status,
        last_inserted, last_updated, last_deleted, last_error
        """
    );

    public async Task<IReadOnlyList<TableEntry>> EntriesAsync() =>
        await db.RowsAsync(
            dialect.Sql($"SELECT {ProcessColumns} FROM {Processes} ORDER BY connection, source_table"),
            row => new TableEntry(
                row.Text(0),
                row.Text(1),
                row.IsNull(2) && row.IsNull(3) ? null : new TableName(row.TextOrNull(2) ?? "", row.TextOrNull(3) ?? ""),
                (row.TextOrNull(4) ?? "").Split(
                    ',',
                    StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
                ),
                row.TextOrNull(5),
                row.TextOrNull(6)
            )
            {
                IsEnabled = row.IsNull(7) || row.Flag(7),
                LastSyncTime = row.TimeOrNull(8),
                LastStatus = row.TextOrNull(9),
                LastInserted = row.NumberOrNull(10) ?? 0,
                LastUpdated = row.NumberOrNull(11) ?? 0,
                LastDeleted = row.NumberOrNull(12) ?? 0,
                LastError = row.TextOrNull(13),
            },
            cancel
        );

    /// <summary>
    /// Adds an entry, or replaces the one with its connection and table; its last run stays recorded.
    /// </summary>
    public async Task AddAsync(TableEntry entry)
    {
        var key = string.Join(',', entry.PrimaryKey);
        var changed = await RunAsync(
            dialect.Sql(
                $"""
                UPDATE {Processes} SET target_schema = {entry.Target?.Schema}, target_table = {entry.Target?.Table},
                    primary_key = {key},
                    create_key = {entry.CreateKey}, update_key = {entry.UpdateKey}, enabled = {entry.IsEnabled}
                WHERE connection = {entry.Connection} AND source_table = {entry.Table}
                """
            )
        );
        if (changed == 0)
            await RunAsync(
                dialect.Sql(
                    $"""
                    INSERT INTO {Processes} (connection, source_table, target_schema, target_table, primary_key,
                        create_key, update_key, enabled)
                    VALUES ({entry.Connection}, {entry.Table}, {entry.Target?.Schema}, {entry.Target?.Table}, {key},
                        {entry.CreateKey}, {entry.UpdateKey},
                        {entry.IsEnabled}){new Raw(dialect.OnConflictNothing)}
                    """
                )
            );
    }

    /// <summary>Removes an entry; false when there is none.</summary>
    public async Task<bool> RemoveAsync(string connection, string table) =>
        await RunAsync(
            dialect.Sql($"DELETE FROM {Processes} WHERE connection = {connection} AND source_table = {table}")
        ) > 0;

    /// <summary>Writes down how the tables of a connection were run, and copies its entries as they are now.</summary>
    public async Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs)
    {
        var now = Now;
        foreach (var (table, run) in runs)
        {
            var synced = run.Outcome is Outcome.Loaded or Outcome.UpToDate
                ? new Raw(dialect.Sql($", last_sync_time = {now}"))
                : new Raw("");
            await RunAsync(
                dialect.Sql(
                    $"""
                    UPDATE {Processes} SET last_status = {JsonNamingPolicy.SnakeCaseLower.ConvertName(
                        run.Outcome.ToString()
                    )}, last_inserted = {run.Inserted},
                        last_updated = {run.Updated}, last_deleted = {run.Deleted},
                        last_error = {Short(run.Error is null ? null : $"{run.Error.Code}  {run.Error.What}")}{synced}
                    WHERE connection = {connection} AND source_table = {table}
                    """
                )
            );
        }

        await RunAsync(
            dialect.Sql(
                $"""
                INSERT INTO {Table("process_table_snapshot")} ({ProcessColumns}, snapshot_at)
                SELECT {ProcessColumns}, {now} FROM {Processes} WHERE connection = {connection}
                """
            )
        );
    }
}
