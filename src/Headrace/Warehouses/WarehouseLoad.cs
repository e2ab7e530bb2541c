using Headrace.Checks;

namespace Headrace.Warehouses;

/// <summary>
/// One change set through one transaction, in every warehouse: fence, columns, rows, quarantine, files, position,
/// commit. A plan takes the same steps and writes nothing that stays.
/// </summary>
internal sealed class WarehouseLoad(
    SqlWarehouse warehouse,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
)
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly SqlDialect dialect = warehouse.Dialect;

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    /// <summary>What is committed, if anything is.</summary>
    public LoadResult? Result { get; private set; }

    // The owner that this load makes of its dataset; null when it is one already. It stays one until somebody takes the
    // table over, which moves the position: then the fence is enough.
    private Owner? NewOwner =>
        attempt.Claim is { } claim
        && !changes.Target.IsNone
        && new Owner(dataset.Name, dataset.Flow, claim) is var owner
        && !changes.From.Owners.Contains(owner)
            ? owner
            : null;

    public async Task<LoadResult> RunAsync()
    {
        try
        {
            return await ApplyAsync();
        }
        catch (Exception) when (!WasCommitSent && changes.Files.Any(file => file.Stream is { IsRefused: true }))
        {
            return new LoadResult
            {
                IsCommitted = false,
                NeedsText = true,
                Position = changes.From,
            };
        }
        catch (Exception error) when (!WasCommitSent && warehouse.IsOfEngine(error))
        {
            var (broken, isMended) = await warehouse.BrokenAsync(changes, cancel);
            if (!isMended && broken.Count == 0)
                throw;
            if (changes.Operation == Operation.Replace && broken.Count > 0)
                return new LoadResult
                {
                    IsCommitted = false,
                    Refused = broken,
                    Position = changes.From,
                };
            changes = changes with
            {
                Files = [.. changes.Files.Where(file => !broken.Any(note => note.File == file.File))],
            };
            var result = await ApplyAsync();
            return Result = result with { Refused = [.. broken, .. result.Refused] };
        }
    }

    private async Task<LoadResult> ApplyAsync()
    {
        await using var writer = await warehouse.NewWriterAsync(changes, attempt, cancel);
        var table = await writer.LookAsync();
        changes = changes with { Limits = dialect.Limits ?? changes.Limits };

        // Another dataset may have made or changed the table since the position was read.
        if (!attempt.IsPlan)
            changes = changes with
            {
                From = changes.From with
                {
                    Table = table?.Columns,
                    Computed = table?.Computed ?? [],
                    TakesBinary = dialect.TakesBinary(table),
                },
            };
        if (!await writer.PrepareAsync(changes))
            return new LoadResult
            {
                IsCommitted = false,
                Refused = writer.Batch.Shape!.Refused,
                Position = changes.From,
            };

        var isNew = table is null && !changes.Target.IsNone && writer.Batch.Shape is not { HasTable: false };
        var db = await writer.OpenAsync(isNew && !attempt.IsPlan);

        // The rows that go are those that were read, and no others.
        await (changes.Model is { Kept.Count: > 0 } ? db.BeginReadAsync(cancel) : db.BeginAsync(cancel));
        try
        {
            return await ApplyAsync(writer, db, table);
        }
        catch when (!WasCommitSent)
        {
            await db.RollbackAsync();
            throw;
        }
    }

    private async Task<LoadResult> ApplyAsync(TargetWriter writer, SqlSession db, TargetTable? table)
    {
        Failpoint.Hit("transaction_begun");
        var store = warehouse.Store(db, cancel);
        await FenceAsync(db, store);
        if (!attempt.IsPlan)
            await writer.FencedAsync();
        await changes.AssertKeptAsync(cancel);
        Failpoint.Hit("fenced");
        var strategy = WriteStrategy.Of(new OpenLoad(warehouse, changes, attempt.IsPlan, writer, db, store, cancel));
        var result = await strategy.ApplyAsync(table);
        var batch = writer.Batch;
        result = result with { Unfit = batch.Unfit, SetAside = batch.Unfit > 0 ? FileRow.SetAside(batch.Files) : [] };
        if (result.IsCommitted)
            result = await CheckAsync(result, writer, db, strategy.Table ?? table);
        if (!result.IsCommitted || attempt.IsPlan)
        {
            await (result.IsCommitted ? writer.EndPlanAsync(db) : db.RollbackAsync());
            return result;
        }

        Result = result = result with { Position = Seen(result.Position, strategy.Table) };
        if (warehouse.Concurrency.WritesOwnersLast && NewOwner is { } owner)
            await store.OwnAsync(changes.Target, owner);
        var areFilesLate = Failpoint.Planted("files-after-commit");
        if (changes.Released is not null)
            await store.ReleaseAsync(changes);
        else if (!areFilesLate && changes.Cursor is null)
            await store.LoadedAsync(changes, writer.Batch.Files);
        if (changes.Rows is { Operations: > 0 } published)
            await store.AddAsync(
                new Publication(
                    changes.Id,
                    dataset,
                    changes.Version!,
                    changes.From.Generation + 1,
                    published.Operations
                )
            );
        Failpoint.Hit("files_written");
        await store.AddAsync(changes, attempt.RunId, result, writer.Batch.Files.Count);
        await store.AddAsync(changes, attempt.RunId, result.Checks);
        Failpoint.Hit("before_commit");
        WasCommitSent = true;
        await db.CommitAsync(CancellationToken.None);
        WasCommitSent = false;
        Failpoint.Hit("after_commit");
        if (areFilesLate)
            await store.LoadedAsync(changes, writer.Batch.Files);
        return result;
    }

    // What the checks of the batch found, and those of the table, which only a load has.
    private async Task<LoadResult> CheckAsync(LoadResult result, TargetWriter writer, SqlSession db, TargetTable? table)
    {
        var checks = writer.Batch.Checks;
        if (table is not null && !attempt.IsPlan && changes.Operation != Operation.Schema)
            checks = [.. checks, .. await new TableChecks(warehouse, db, changes, table, cancel).RunAsync()];
        if (checks.Any(check => check.IsStopped))
            throw Error.CheckStopped(dataset.Name, checks);
        return result with
        {
            Checks = checks,
            Warnings = [.. result.Warnings, .. checks.Where(check => check.IsWarned).Select(check => check.Sentence())],
        };
    }

    private async Task FenceAsync(SqlSession db, WarehouseStore store)
    {
        var concurrency = warehouse.Concurrency;
        if (!attempt.IsPlan)
            await concurrency.LockAsync(db, dataset, cancel);
        if (concurrency.LocksFirst && !attempt.IsPlan && !changes.Target.IsNone)
            await concurrency.LockAsync(db, changes.Target, cancel);
        if (changes.Model is { Kept.Count: > 0 } model && !attempt.IsPlan)
            await FenceAsync(db, store, model);
        var again = new ReadAgain(changes, dialect.Literal);
        if (again.IsNeeded)
            again.Check(await store.RowsOfAsync(again));
        if (attempt.IsPlan)
            return;
        if (NewOwner is { } owner)
        {
            if (!concurrency.LocksFirst)
                await concurrency.LockAsync(db, changes.Target, cancel);
            if (
                Ownership.Refusal(changes.Target, dataset, owner.Claim, await store.OwnersAsync(changes.Target), []) is
                { } refusal
            )
                throw refusal;
            if (!concurrency.WritesOwnersLast)
                await store.OwnAsync(changes.Target, owner);
        }

        await store.MoveAsync(changes, attempt.RunId, warehouse.Address);
        if (again.IsNeeded)
            await store.SupersedeAsync(again);
        if (
            changes.From.Table is null
            && !changes.MakesTable
            && !changes.Target.IsNone
            && await store.LoadsAsync(dataset, thatInserted: true) is > 0 and var loaded
        )
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
    }

    // What is loaded from now on is not read, and not deleted.
    private async Task FenceAsync(SqlSession db, WarehouseStore store, Models.ModelQuery model)
    {
        if (warehouse.Concurrency.LocksFirst)
            foreach (var kept in model.Kept)
                await warehouse.Concurrency.LockAsync(db, kept.Table, cancel);
        var position = Models.ModelPosition.Parse(changes.Cursor!);
        var loaded = await store.LoadedAsync([.. position.Reads.Select(one => one.Name)]);
        changes = changes with { Cursor = position.With(loaded).ToString() };
    }

    // The position as it will be read once this is committed.
    private Position Seen(Position position, TargetTable? changed) =>
        changed is not { } table
            ? position
            : position with
            {
                Table = table.Columns,
                Computed = table.Computed,
                TakesBinary = dialect.TakesBinary(table),
                Owners = NewOwner is { } owner
                    ? [.. position.Owners.Where(other => other.Dataset != owner.Dataset), owner]
                    : position.Owners,
            };
}
