namespace Headrace.Warehouses;

/// <summary><c>headrace.process_table</c> of a warehouse.</summary>
internal sealed class SqlProcessTable(SqlWarehouse warehouse) : IProcessTable
{
    public Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel) =>
        warehouse.ReadAsync<IReadOnlyList<TableEntry>>([], store => store.EntriesAsync(), cancel);

    public Task AddAsync(TableEntry entry, CancellationToken cancel) =>
        warehouse.EnsuredAsync(
            null,
            null,
            async (_, store) =>
            {
                await store.AddAsync(entry);
                return true;
            },
            cancel
        );

    public Task<bool> RemoveAsync(string connection, string table, CancellationToken cancel) =>
        warehouse.AskAsync(
            SessionUse.Write,
            async (_, store) => await store.ExistsAsync() && await store.RemoveAsync(connection, table),
            cancel
        );

    public Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs, CancellationToken cancel) =>
        warehouse.EnsuredAsync(
            null,
            null,
            async (_, store) =>
            {
                await store.RecordAsync(connection, runs);
                return true;
            },
            cancel
        );
}
