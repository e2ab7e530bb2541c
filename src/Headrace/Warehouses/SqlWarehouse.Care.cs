namespace Headrace.Warehouses;

/// <summary>What is looked after beside loads.</summary>
public abstract partial class SqlWarehouse
{
    public Task CheckRightsAsync(IReadOnlyList<TargetUse> uses, CancellationToken cancel) =>
        Dialect.HasRights
            ? AskAsync(
                SessionUse.Read,
                async (db, _) =>
                {
                    await new RoleRights(db, Dialect, Concurrency, cancel).CheckAsync(Address, uses);
                    return true;
                },
                cancel
            )
            : Task.CompletedTask;

    // Who only looks is in nobody's way: on most runs there is nothing to remove.
    public async Task RemoveOldAsync(DateTimeOffset before, CancellationToken cancel)
    {
        if (await ReadAsync(0L, store => store.OldAsync(before), cancel) > 0)
            await WriteAsync(
                async (_, store) =>
                {
                    await store.RemoveOldAsync(before);
                    return true;
                },
                cancel
            );
    }
}
