namespace Headrace.Warehouses;

/// <summary>
/// Change sets through one transaction, in every warehouse: fence, columns, rows, quarantine, files, position, commit.
/// Mostly it is one; those of several datasets are committed together or not at all. A plan takes the same steps and
/// writes nothing that stays.
/// </summary>
internal sealed class WarehouseLoad(
    SqlWarehouse warehouse,
    IReadOnlyList<(ChangeSet Changes, LoadAttempt Attempt)> loads,
    CancellationToken cancel
)
{
    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    /// <summary>What is committed, if anything is.</summary>
    public IReadOnlyList<LoadResult>? Results { get; private set; }

    /// <summary>The one of the loads that is under way.</summary>
    public int Current { get; private set; }

    public async Task<IReadOnlyList<LoadResult>> RunAsync()
    {
        try
        {
            return await ApplyAsync();
        }
        catch (Exception)
            when (!WasCommitSent
                && loads.Any(load => load.Changes.Files.Any(file => file.Stream is { IsRefused: true }))
            )
        {
            return NotCommitted(result => result with { NeedsText = true });
        }
        catch (Exception error) when (!WasCommitSent && warehouse.IsOfEngine(error))
        {
            var found = new List<(IReadOnlyList<FileNote> Broken, bool IsMended)>();
            foreach (var load in loads)
                found.Add(await warehouse.BrokenAsync(load.Changes, cancel));
            if (found.All(one => !one.IsMended && one.Broken.Count == 0))
                throw;
            if (
                (loads.Count > 1 || loads[0].Changes.Operation == Operation.Replace)
                && found.Any(one => one.Broken.Count > 0)
            )
                return NotCommitted((result, i) => result with { Refused = found[i].Broken });
            loads =
            [
                .. loads.Select(
                    (load, i) =>
                        load with
                        {
                            Changes = load.Changes with
                            {
                                Files =
                                [
                                    .. load.Changes.Files.Where(file =>
                                        !found[i].Broken.Any(note => note.File == file.File)
                                    ),
                                ],
                            },
                        }
                ),
            ];
            var results = await ApplyAsync();
            return Results = [
                .. results.Select((result, i) => result with { Refused = [.. found[i].Broken, .. result.Refused] }),
            ];
        }
    }

    private async Task<IReadOnlyList<LoadResult>> ApplyAsync()
    {
        var parts = new List<LoadPart>();
        SqlSession? db = null;
        try
        {
            foreach (var (changes, attempt) in loads)
            {
                // One connection tells how far it is, to one who asks.
                var part = new LoadPart(
                    warehouse,
                    changes,
                    db is null ? attempt : attempt with { Progress = null },
                    cancel
                );
                Current = parts.Count;
                parts.Add(part);
                if (!await part.PrepareAsync(db))
                    return NotCommitted((result, i) => i == Current ? part.Result : result);
                db = await part.OpenAsync();
            }

            await (parts[0].ReadsOnce ? db!.BeginReadAsync(cancel) : db!.BeginAsync(cancel));
            try
            {
                return await ApplyAsync(parts, db);
            }
            catch when (!WasCommitSent)
            {
                await db.RollbackAsync();
                throw;
            }
        }
        finally
        {
            parts.Reverse(); // the session is the first one's
            foreach (var part in parts)
                await part.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<LoadResult>> ApplyAsync(List<LoadPart> parts, SqlSession db)
    {
        Failpoint.Hit("transaction_begun");
        foreach (var part in parts)
            await part.LockAsync(db);
        for (Current = 0; Current < parts.Count; Current++)
        {
            await parts[Current].ApplyAsync(db);
            if (parts.Count > 1)
                await parts[Current].LeaveAsync();
        }

        // A check may ask for rows of another dataset.
        for (Current = 0; Current < parts.Count; Current++)
            await parts[Current].CheckAsync(db);
        if (loads[0].Attempt.IsPlan || parts.Exists(part => !part.Result.IsCommitted))
        {
            await (parts.Find(part => !part.Result.IsCommitted) ?? parts[0]).EndAsync(db);
            return [.. parts.Select(part => part.Result)];
        }

        foreach (var part in parts)
            await part.RecordAsync(db);
        Results = [.. parts.Select(part => part.Result)];
        Failpoint.Hit("before_commit");
        WasCommitSent = true;
        await db.CommitAsync(CancellationToken.None);
        WasCommitSent = false;
        Failpoint.Hit("after_commit");
        foreach (var part in parts)
            await part.CommittedAsync(db);
        return Results;
    }

    private IReadOnlyList<LoadResult> NotCommitted(Func<LoadResult, int, LoadResult> said) =>
        [.. loads.Select((load, i) => said(new LoadResult { IsCommitted = false, Position = load.Changes.From }, i))];

    private IReadOnlyList<LoadResult> NotCommitted(Func<LoadResult, LoadResult> said) =>
        NotCommitted((result, _) => said(result));
}
