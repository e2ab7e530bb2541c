namespace Headrace.Warehouses;

/// <summary>Loads of change sets, with what is said when COMMIT gave no answer or a check stopped them.</summary>
public abstract partial class SqlWarehouse
{
    public async Task<LoadResult> LoadAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel) =>
        (await LoadAsync([(changes, attempt)], cancel))[0];

    public async Task<IReadOnlyList<LoadResult>> LoadAsync(
        IReadOnlyList<(ChangeSet Changes, LoadAttempt Attempt)> loads,
        CancellationToken cancel
    )
    {
        var load = new WarehouseLoad(this, loads, cancel);
        try
        {
            return await NameAsync(load.RunAsync);
        }
        catch (HeadraceException stopped) when (stopped.Checks.Count > 0 && !loads[0].Attempt.IsPlan)
        {
            throw await RecordedAsync(loads[load.Current], stopped, cancel);
        }
        catch (Exception) when (load.WasCommitSent)
        {
            if (Failpoint.Planted("naive-retry"))
            {
                var (changes, attempt) = loads[0];
                var from = await PositionAsync(changes.Dataset, changes.Target, cancel);
                return [await LoadAsync(changes with { From = from }, attempt, cancel)];
            }

            // The answer to COMMIT did not arrive whole; the warehouse says whether it happened. Its transaction may
            // still be under way: the lock of its dataset waits for its end. The user may have given
            // up meanwhile.
            Forget();
            var committed = await WriteAsync(
                async (db, store) =>
                {
                    await Concurrency.LockAsync(db, loads[0].Changes.Dataset, CancellationToken.None);
                    return await store.CommittedAsync([loads[0].Changes.Id]);
                },
                CancellationToken.None,
                isRead: true
            );
            if (committed.Count > 0)
                return load.Results!;
            throw;
        }
    }

    // A stopped load is taken back; what its checks found is on record all the same.
    private async Task<HeadraceException> RecordedAsync(
        (ChangeSet Changes, LoadAttempt Attempt) load,
        HeadraceException stopped,
        CancellationToken cancel
    )
    {
        try
        {
            await EnsuredAsync(
                load.Changes.Dataset,
                load.Changes.Target,
                async (_, store) =>
                {
                    await store.AddAsync(load.Changes, load.Attempt.RunId, stopped.Checks);
                    return true;
                },
                cancel
            );
            return stopped;
        }
        catch (HeadraceException unwritten)
        {
            return stopped.With("unwritten", $"headrace.checks lacks this: {unwritten.Message}");
        }
    }
}
