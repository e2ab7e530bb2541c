namespace Headrace.DuckDb;

/// <summary>
/// A DuckDB file as warehouse. The file is attached to an engine in memory, which reads the staged files too; one
/// transaction holds rows, position, file ledger and quarantine. One process at a time may hold the file.
/// </summary>
public sealed class DuckDbWarehouse : IWarehouse, IEngine, ILoadHistory
{
    // Long enough for a query of another program, short enough that a forgotten one is reported.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly string path;
    private readonly bool isReadOnly;
    private readonly DuckDbSettings settings;
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim opening = new(1, 1);

    // DuckDB uses all cores for one statement; a second writer at the same time would bring conflicts and no speed.
    private readonly SemaphoreSlim writing = new(1, 1);
    private DuckDbDatabase? database;
    private Task? early;
    private (long Since, long LastSeen)? locked;

    /// <param name="path">The file; it is made when it is not there, unless <paramref name="isReadOnly"/>.</param>
    /// <param name="isReadOnly">For plans and reports: nothing can be written, and a missing file is an empty warehouse.</param>
    public DuckDbWarehouse(string path, bool isReadOnly, DuckDbSettings settings, TimeProvider clock)
    {
        this.path = Path.GetFullPath(path);
        this.isReadOnly = isReadOnly;
        this.settings = settings;
        this.clock = clock;
    }

    public string Address => path;

    public IProcessTable ProcessTable => new DuckDbProcessTable(this, clock);

    public IQuarantine Quarantine => new DuckDbQuarantine(this, clock);

    public async Task<Position> PositionAsync(Dataset dataset, TableName target, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        return Translate(() => new Positions(db, cancel).Read(dataset, target));
    }

    public async Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        return Translate(() => new DuckDbHistory(db, flow, cancel).Read());
    }

    public async Task<LoadResult> LoadAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            using var db = await ConnectAsync(cancel);
            var load = new DuckDbLoad(db, changes, attempt, clock, cancel);
            if (attempt.Progress is not null)
                db.Watch();
            try
            {
                // The one thread that may ask while a statement runs is this timer's.
                using var watch = attempt.Progress is { } progress
                    ? clock.CreateTimer(_ => progress(Progress(db)), null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100))
                    : null;
                return await Task.Run(() => Translate(load.Run), cancel);
            }
            catch (Exception) when (load.WasCommitSent)
            {
                // The answer to COMMIT did not arrive whole; the position says whether it happened.
                using var other = await ConnectAsync(cancel);
                if (new Positions(other, cancel).LoadId(changes.Dataset) == load.Id)
                    return load.Result!;
                throw;
            }
        }
        finally
        {
            writing.Release();
        }
    }

    public async Task RecordAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes, LoadAttempt attempt, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            using var db = await ConnectAsync(cancel);
            Translate(() =>
            {
                db.Execute("BEGIN", cancel);
                new FileLedger(db, clock, cancel).Write(dataset, target, notes);
                db.Execute("COMMIT", cancel);
                return true;
            });
        }
        finally
        {
            writing.Release();
        }
    }

    public async Task TakeOverAsync(Dataset dataset, TableName target, Claim claim, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            using var db = await ConnectAsync(cancel);
            Translate(() =>
            {
                db.Execute("BEGIN", cancel);
                var others = Ownership.Others(dataset, claim, new Positions(db, cancel).Owners(target));
                foreach (var statement in new State.OwnerStatements(HeadraceTables.Own, target).Take(new Owner(dataset.Name, dataset.Flow, claim), others, _ => "positions"))
                    db.Execute(statement, cancel);
                db.Execute("COMMIT", cancel);
                return true;
            });
        }
        finally
        {
            writing.Release();
        }
    }

    // Nobody else can have the file, and of this process nobody writes meanwhile.
    public async Task WhileNothingCommitsAsync(Dataset dataset, Func<string?, Task> step, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            using var db = await ConnectAsync(cancel);
            await step(Translate(() => new Positions(db, cancel).LoadId(dataset)));
        }
        finally
        {
            writing.Release();
        }
    }

    public async Task<IReadOnlySet<string>> CommittedAsync(Dataset dataset, IReadOnlyList<string> loads, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        return Translate(() => new Positions(db, cancel).Committed(loads));
    }

    public async Task CopyAsync(TableName table, string path, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        await Task.Run(() => Translate(() => db.Execute($"COPY {HeadraceTables.Target(table)} TO {Sql.Literal(path)} (FORMAT parquet)", cancel)), cancel);
    }

    public async Task<IReadOnlyList<string>> PendingAsync(string flow, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        return Translate(() => new Publications(db, cancel).Pending(flow));
    }

    public async Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        return Translate(() => new Publications(db, cancel).Pending(dataset));
    }

    public async Task PublishedAsync(Publication publication, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            using var db = await ConnectAsync(cancel);
            Translate(() =>
            {
                new Publications(db, cancel).Done(publication, clock.GetUtcNow());
                return true;
            });
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Begins to open the file, if there is one, while something else is done; what goes wrong is told to whoever asks for a connection.</summary>
    public void BeginOpen() => early ??= !File.Exists(path) ? Task.CompletedTask : Task.Run(async () =>
    {
        try
        {
            using var db = await ConnectAsync(CancellationToken.None);
        }
        catch (HeadraceException)
        {
            // The next one who tries meets it, too.
        }
    });

    /// <summary>A connection to the engine, for queries over the warehouse's own tables.</summary>
    public async Task<DuckDbConnection> ConnectAsync(CancellationToken cancel)
    {
        await opening.WaitAsync(cancel);
        try
        {
            database ??= await OpenAsync(cancel);
            return database.Connect();
        }
        finally
        {
            opening.Release();
        }
    }

    public async Task RestAsync()
    {
        if (early is not null)
            await early; // it may still have its connection
        await opening.WaitAsync();
        try
        {
            database?.Dispose();
            database = null;
        }
        finally
        {
            opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (early is not null)
            await early;
        database?.Dispose();
        opening.Dispose();
        writing.Dispose();
    }

    private static LoadProgress Progress(DuckDbConnection db)
    {
        try
        {
            var progress = db.QueryProgress;
            return new LoadProgress("loads", progress.Rows, progress.Percentage < 0 ? null : progress.Percentage / 100);
        }
        catch (ObjectDisposedException)
        {
            return new LoadProgress("loads", 0, 1); // the timer fired once more as the load ended
        }
    }

    private async Task<DuckDbDatabase> OpenAsync(CancellationToken cancel)
    {
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause *= 2)
        {
            try
            {
                return Open(cancel);
            }
            catch (DuckDbException error) when (error.IsLocked)
            {
                // Who asks long after the last time does not pay for the waiting of others.
                var now = clock.GetTimestamp();
                var since = locked is { } before && clock.GetElapsedTime(before.LastSeen, now) < LongestWait ? before.Since : now;
                locked = (since, now);
                if (clock.GetElapsedTime(since, now) + pause > LongestWait)
                    throw Error.WarehouseBusy(path, error.LockHolder, error);
                await Task.Delay(pause, clock, cancel);
            }
            catch (DuckDbException error)
            {
                throw Error.Warehouse(path, error.Message, error);
            }
        }
    }

    private DuckDbDatabase Open(CancellationToken cancel)
    {
        var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early);
        try
        {
            using var db = memory.Connect();
            if (!isReadOnly)
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var file = isReadOnly && !File.Exists(path) ? ":memory:" : path;
            var isLook = isReadOnly && file == path;
            db.Execute($"ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog}{(isLook ? " (READ_ONLY)" : "")}", cancel);
            if (isLook && HeadraceTables.Version(db, path, cancel) is > 0 and var version && version < State.WarehouseState.Steps.Version)
            {
                // Who only looks brings Headrace's own tables up to date, too: it could not read them.
                db.Execute($"DETACH {HeadraceTables.Catalog}; ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog}", cancel);
                HeadraceTables.Ensure(db, path, cancel);
                db.Execute($"DETACH {HeadraceTables.Catalog}; ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog} (READ_ONLY)", cancel);
            }

            if (!isLook)
                HeadraceTables.Ensure(db, path, cancel);
            settings.Harden(db, cancel);
            BinaryTable.Register(db);
            KeyFilter.Register(db);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>DuckDB's errors by their Headrace names.</summary>
    public T Translate<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (DuckDbException error) when (Disk.IsFull(error))
        {
            throw Error.DiskFull(path, error);
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
        {
            throw Error.OutOfMemory(path, error.Message, error);
        }
        catch (DuckDbException error)
        {
            throw Error.Warehouse(path, error.Message, error, error.IsConflict);
        }
    }
}
