using Headrace.Checks;

namespace Headrace.Warehouses;

/// <summary>What one change set does within the transaction of its load.</summary>
internal sealed class LoadPart(SqlWarehouse warehouse, ChangeSet changes, LoadAttempt attempt, CancellationToken cancel)
    : IAsyncDisposable
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly SqlDialect dialect = warehouse.Dialect;
    private TargetWriter? writer;
    private TargetTable? table;
    private WriteStrategy? strategy;
    private LoadResult? result;

    /// <summary>What it did so far.</summary>
    public LoadResult Result => result ?? throw Error.Bug("a load was asked for its result before it had one.");

    /// <summary>True for a transaction whose questions are all answered as of one moment.</summary>
    // The rows that go are those that were read, and no others.
    public bool ReadsOnce => changes.Model is { Kept.Count: > 0 };

    private TargetWriter Writer => writer ?? throw Error.Bug("a load was applied before it was prepared.");

    // The owner that this load makes of its dataset; null when it is one already. It stays one until somebody takes the
    // table over, which moves the position: then the fence is enough.
    private Owner? NewOwner =>
        attempt.Claim is { } claim
        && !changes.Target.IsNone
        && new Owner(dataset.Name, dataset.Flow, claim) is var owner
        && !changes.From.Owners.Contains(owner)
            ? owner
            : null;

    /// <summary>Settles the columns and stages what can be; false when none of the files can be loaded.</summary>
    /// <param name="shared">The session of the load's other parts; null for the first one.</param>
    public async Task<bool> PrepareAsync(SqlSession? shared)
    {
        writer = await warehouse.NewWriterAsync(changes, attempt, shared, cancel);
        table = await writer.LookAsync();
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
        if (await writer.PrepareAsync(changes))
            return true;
        result = new LoadResult
        {
            IsCommitted = false,
            Refused = writer.Batch.Shape!.Refused,
            Position = changes.From,
        };
        return false;
    }

    /// <summary>The session in which the transaction is to begin.</summary>
    public Task<SqlSession> OpenAsync()
    {
        var isNew = table is null && !changes.Target.IsNone && Writer.Batch.Shape is not { HasTable: false };
        return Writer.OpenAsync(isNew && !attempt.IsPlan);
    }

    /// <summary>Waits for other loads of the dataset; none commits from here on.</summary>
    public async Task LockAsync(SqlSession db)
    {
        if (attempt.IsPlan)
            return;
        await warehouse.Concurrency.LockAsync(db, dataset, cancel);
        if (warehouse.Concurrency.LocksFirst && !changes.Target.IsNone)
            await warehouse.Concurrency.LockAsync(db, changes.Target, cancel);
    }

    /// <summary>Moves the position and applies the rows.</summary>
    public async Task ApplyAsync(SqlSession db)
    {
        var store = warehouse.Store(db, cancel);
        await FenceAsync(db, store);
        if (!attempt.IsPlan)
            await Writer.FencedAsync();
        await changes.AssertKeptAsync(cancel);
        Failpoint.Hit("fenced");
        strategy = WriteStrategy.Of(new OpenLoad(warehouse, changes, attempt.IsPlan, Writer, db, store, cancel));
        result = await strategy.ApplyAsync(table);
        var batch = Writer.Batch;
        result = result with { Unfit = batch.Unfit, SetAside = batch.Unfit > 0 ? FileRow.SetAside(batch.Files) : [] };
    }

    /// <summary>Leaves the session to the next part.</summary>
    public Task LeaveAsync() => Writer.LeaveAsync();

    /// <summary>Ends the transaction of a load that commits nothing.</summary>
    public Task EndAsync(SqlSession db) => Result.IsCommitted ? Writer.EndPlanAsync(db) : db.RollbackAsync();

    /// <summary>Asks what the checks of the batch found, and those of the table, which only a load has.</summary>
    public async Task CheckAsync(SqlSession db)
    {
        if (!Result.IsCommitted)
            return;
        var checks = Writer.Batch.Checks;
        if ((strategy!.Table ?? table) is { } checkedTable && !attempt.IsPlan && changes.Operation != Operation.Schema)
            checks = [.. checks, .. await new TableChecks(warehouse, db, changes, checkedTable, cancel).RunAsync()];
        if (checks.Any(check => check.IsStopped))
            throw Error.CheckStopped(dataset.Name, checks);
        result = Result with
        {
            Checks = checks,
            Warnings = [.. Result.Warnings, .. checks.Where(check => check.IsWarned).Select(check => check.Sentence())],
        };
    }

    /// <summary>Writes down the owner, the files and the load.</summary>
    public async Task RecordAsync(SqlSession db)
    {
        var store = warehouse.Store(db, cancel);
        result = Result with { Position = Seen(Result.Position, strategy!.Table) };
        if (warehouse.Concurrency.WritesOwnersLast && NewOwner is { } owner)
            await store.OwnAsync(changes.Target, owner);
        if (changes.Released is not null)
            await store.ReleaseAsync(changes);
        else if (!AreFilesLate && changes.Cursor is null)
            await store.LoadedAsync(changes, Writer.Batch.Files);
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
        await store.AddAsync(changes, attempt.RunId, result, Writer.Batch.Files.Count);
        await store.AddAsync(changes, attempt.RunId, result.Checks);
    }

    /// <summary>For a bug that is planted.</summary>
    public async Task CommittedAsync(SqlSession db)
    {
        if (AreFilesLate)
            await warehouse.Store(db, cancel).LoadedAsync(changes, Writer.Batch.Files);
    }

    public async ValueTask DisposeAsync()
    {
        if (writer is not null)
            await writer.DisposeAsync();
    }

    private static bool AreFilesLate => Failpoint.Planted("files-after-commit");

    private async Task FenceAsync(SqlSession db, WarehouseStore store)
    {
        var concurrency = warehouse.Concurrency;
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
