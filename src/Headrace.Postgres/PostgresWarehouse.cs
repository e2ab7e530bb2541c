using System.Net.Sockets;
using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// A PostgreSQL database as warehouse. An engine in memory types the staged rows and writes those that fit as CSV, which COPY takes;
/// one transaction of PostgreSQL holds rows, position, file ledger and quarantine.
/// </summary>
public sealed class PostgresWarehouse : IWarehouse, IWholeTarget, ILoadHistory
{
    // What was let in is read again.
    private const int LongestRow = 1 << 30;

    private readonly PostgresDatabase database;
    private readonly DuckDbEngine engine;
    private readonly string folder;
    private readonly TimeProvider clock;
    private int loads;

    /// <param name="settings">For the engine; <paramref name="folder"/> must be in its allowed directories.</param>
    /// <param name="folder">An absolute folder for rows on their way; nobody else's.</param>
    public PostgresWarehouse(PostgresDatabase database, DuckDbSettings settings, string folder, TimeProvider clock)
    {
        this.database = database;
        this.folder = folder;
        this.clock = clock;
        engine = new DuckDbEngine(settings);
    }

    /// <summary>What PostgreSQL asks of values beyond their types.</summary>
    public static ValueLimits Limits { get; } = TargetTypes.Limit;

    public string Address => database.Address;

    /// <summary>What types its rows.</summary>
    public IEngine Engine => engine;

    public Task<IReadOnlyList<StagedFile>> StageAllAsync(TableName table, IReadOnlyList<string> columns, string folder, Staging.DigestOptions digesting, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<StagedFile>>(async db =>
        {
            var found = await TargetTable.FindAsync(db, table, cancel) ?? throw Error.SourceTableMissing(Address, table.ToString(), "no table of this name");
            var all = await SourceTable.DescribeAsync(db, found.Name, Address, cancel);
            var rows = all with { Columns = [.. columns.Select(name => all.Find(name)!)] };
            var read = new TableRead(database, rows, new Staging.Stager(folder, new FileLimits { MaxRecordBytes = LongestRow }), clock, null);
            var files = await read.RunAsync(db, read.Whole(), digesting, cancel);
            return [.. files.Select(file => file with { Columns = [.. columns.Select(name => new StagedColumn(name))] })];
        }, cancel);

    public IProcessTable ProcessTable => new PostgresProcessTable(this, clock);

    public IQuarantine Quarantine => new PostgresQuarantine(this, clock);

    public void BeginOpen() => database.BeginOpen();

    public Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow, CancellationToken cancel) =>
        AskAsync(db => PostgresHistory.ReadAsync(db, flow, cancel), cancel);

    public Task<Position> PositionAsync(Dataset dataset, TableName target, CancellationToken cancel) =>
        AskAsync(db => PostgresPositions.ReadAsync(db, dataset, target, cancel), cancel);

    public async Task<LoadResult> LoadAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel)
    {
        var connection = new Lazy<DuckDbConnection>(() => engine.Connect(cancel));
        var own = NewFolder();
        var load = new PostgresLoad(database, connection, own, changes, attempt, clock, cancel);
        try
        {
            return await NameAsync(load.RunAsync);
        }
        catch (Exception) when (load.WasCommitSent)
        {
            if (Failpoint.Planted("naive-retry"))
                return await LoadAsync(changes with { From = await PositionAsync(changes.Dataset, changes.Target, cancel) }, attempt, cancel);

            database.Forget();

            // The answer to COMMIT did not arrive whole; the position says whether it happened. The user may have given up meanwhile.
            if (await AskAsync(db => PostgresPositions.WasCommittedAsync(db, changes, clock.GetUtcNow(), CancellationToken.None), CancellationToken.None))
                return load.Result!;
            throw;
        }
        finally
        {
            if (connection.IsValueCreated)
                connection.Value.Dispose();
            Remove(own);
        }
    }

    public Task TakeOverAsync(Dataset dataset, TableName target, Claim claim, CancellationToken cancel) => AskAsync(async db =>
    {
        await PostgresTables.EnsureAsync(db, cancel);
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        await PostgresTables.LockAsync(db, $"owners {Ownership.Folded(target)}", cancel);
        var others = Ownership.Others(dataset, claim, await PostgresTables.OwnersAsync(db, PostgresTables.Own, target, cancel));
        foreach (var statement in new State.OwnerStatements(PostgresTables.Own, target).Take(new Owner(dataset.Name, dataset.Flow, claim), others, _ => "positions"))
            await db.ExecuteAsync(statement, cancel);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public Task WhileNothingCommitsAsync(Dataset dataset, Func<string?, Task> step, CancellationToken cancel) => AskAsync(async db =>
    {
        await PostgresTables.EnsureAsync(db, cancel);
        await PostgresPositions.WhileNothingCommitsAsync(db, dataset, clock.GetUtcNow(), step, cancel);
        return true;
    }, cancel);

    public Task<IReadOnlySet<string>> CommittedAsync(Dataset dataset, IReadOnlyList<string> loads, CancellationToken cancel) =>
        AskAsync(db => PostgresPositions.CommittedAsync(db, loads, cancel), cancel);

    public async Task CopyAsync(TableName table, string path, CancellationToken cancel)
    {
        using var connection = await engine.ConnectAsync(cancel);
        var own = NewFolder();
        try
        {
            Directory.CreateDirectory(own);
            var rows = await AskAsync(async db =>
            {
                var found = await TargetTable.FindAsync(db, table, cancel) ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
                return await TargetRows.CopyAsync(db, found, "", Path.Combine(own, "table.csv"), cancel);
            }, cancel);
            await Task.Run(() => engine.Translate(() => connection.Execute($"COPY (FROM {rows}) TO {Sql.Literal(path)} (FORMAT parquet)", cancel)), cancel);
        }
        finally
        {
            Remove(own);
        }
    }

    public Task<IReadOnlyList<string>> PendingAsync(string flow, CancellationToken cancel) => AskAsync<IReadOnlyList<string>>(async db =>
        !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            "SELECT DISTINCT dataset FROM headrace.published WHERE of_flow = $1 AND published_at IS NULL ORDER BY dataset", row => row.GetString(0), cancel, flow), cancel);

    public Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset, CancellationToken cancel) => AskAsync<IReadOnlyList<Publication>>(async db =>
        !await PostgresTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            "SELECT load_id, version, generation, operations FROM headrace.published WHERE dataset = $1 AND published_at IS NULL ORDER BY generation",
            row => new Publication(row.GetString(0), dataset, row.GetString(1), row.GetInt64(2), row.GetInt64(3)), cancel, dataset.Name), cancel);

    public Task PublishedAsync(Publication publication, CancellationToken cancel) => AskAsync(db =>
        db.ExecuteAsync("UPDATE headrace.published SET published_at = $1 WHERE load_id = $2", cancel, clock.GetUtcNow(), publication.LoadId), cancel);

    public Task RecordAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes, LoadAttempt attempt, CancellationToken cancel) => AskAsync(async db =>
    {
        await PostgresTables.EnsureAsync(db, cancel);
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        await new PostgresLedger(db, clock, cancel).WriteAsync(dataset, target, notes);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public ValueTask DisposeAsync()
    {
        engine.Dispose();
        Remove(folder);
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks on a connection of its own; errors come out by their Headrace names.</summary>
    internal Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel) => NameAsync(async () =>
    {
        await using var db = await database.OpenAsync(cancel);
        return await ask(db);
    });

    /// <summary>A folder of its own for rows on their way; whoever asks makes and removes it.</summary>
    internal string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref loads)}");

    internal static void Remove(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs a step; errors come out by their Headrace names.</summary>
    internal async Task<T> NameAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (DuckDbException error)
        {
            return engine.Translate<T>(() => throw error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DiskFull)
        {
            throw Error.DiskFull(Address, error);
        }
        catch (PostgresException error) when (PostgresDatabase.IsHidden(error))
        {
            throw Error.TargetRowsHidden(Address, error.MessageText, error);
        }
        catch (PostgresException error)
        {
            throw Error.Warehouse(Address, $"{error.SqlState} {error.MessageText}", error, error.IsTransient || IsPassing(error));
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException || PostgresDatabase.IsBroken(error))
        {
            throw Error.Warehouse(Address, error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message, error, transient: true);
        }
    }

    // A lock that was not given, a deadlock, a server that shuts down, and what two who create the same thing at once meet.
    private static bool IsPassing(PostgresException error) => error is { SqlState: PostgresErrorCodes.UniqueViolation, SchemaName: "pg_catalog" } || error.SqlState is
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable
        or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
        or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateSchema or PostgresErrorCodes.DuplicateColumn;
}
