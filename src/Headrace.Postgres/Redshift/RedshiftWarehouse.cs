using System.Net.Sockets;
using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>
/// Amazon Redshift as warehouse. An engine in memory types the staged rows and writes those that fit as CSV; they wait in a bucket until
/// COPY takes them, in one transaction with position, file ledger and quarantine.
/// </summary>
public sealed class RedshiftWarehouse : IWarehouse, ILoadHistory
{
    private readonly RedshiftDatabase database;
    private readonly StagingPlace staging;
    private readonly DuckDbEngine engine;
    private readonly string folder;
    private readonly TimeProvider clock;
    private int loads;

    /// <param name="staging">Where rows wait; disposed of with the warehouse.</param>
    /// <param name="settings">For the engine; <paramref name="folder"/> must be in its allowed directories.</param>
    /// <param name="folder">An absolute folder for rows on their way; nobody else's.</param>
    public RedshiftWarehouse(RedshiftDatabase database, StagingPlace staging, DuckDbSettings settings, string folder, TimeProvider clock)
    {
        this.database = database;
        this.staging = staging;
        this.folder = folder;
        this.clock = clock;
        engine = new DuckDbEngine(settings);
    }

    /// <summary>What Redshift asks of values beyond their types.</summary>
    public static ValueLimits Limits { get; } = RedshiftTypes.Limit;

    public string Address => database.Address;

    /// <summary>What types its rows.</summary>
    public IEngine Engine => engine;

    public IProcessTable ProcessTable => new RedshiftProcessTable(this, clock);

    public IQuarantine Quarantine => new RedshiftQuarantine(this, clock);

    public void BeginOpen()
    {
        // A connection is opened when it is needed: it would hold a session that others could use.
    }

    public Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow, CancellationToken cancel) => AskAsync(db => RedshiftHistory.ReadAsync(db, flow, cancel), cancel);

    public Task<Position> PositionAsync(Dataset dataset, TableName target, CancellationToken cancel) =>
        AskAsync(db => RedshiftPositions.ReadAsync(db, dataset, target, cancel), cancel);

    public async Task<LoadResult> LoadAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel)
    {
        var connection = new Lazy<DuckDbConnection>(() => engine.Connect(cancel));
        var own = NewFolder();
        var load = new RedshiftLoad(database, staging, connection, own, changes, attempt, clock, cancel);
        try
        {
            return await NameAsync(load.RunAsync);
        }
        catch (Exception) when (load.WasCommitSent)
        {
            // The answer to COMMIT did not arrive whole; the position says whether it happened. The user may have given up meanwhile.
            if (await AskAsync(db => RedshiftPositions.WasCommittedAsync(db, changes, CancellationToken.None), CancellationToken.None))
                return load.Result!;
            throw;
        }
        finally
        {
            await load.RemoveAsync();
            if (connection.IsValueCreated)
                connection.Value.Dispose();
            PostgresWarehouse.Remove(own);
        }
    }

    public Task TakeOverAsync(Dataset dataset, TableName target, Claim claim, CancellationToken cancel) => StepAsync(async db =>
    {
        await RedshiftTables.EnsureAsync(db, dataset, target, cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(RedshiftSql.Lock(target), cancel);
        var names = await RedshiftTables.NamesAsync(db, cancel);
        var others = Ownership.Others(dataset, claim, await PostgresTables.OwnersAsync(db, RedshiftState.Own, target, cancel));
        foreach (var statement in new State.OwnerStatements(RedshiftState.Own, target).Take(new Owner(dataset.Name, dataset.Flow, claim), others,
            other => names.Contains(RedshiftSql.PositionTable(other)) ? RedshiftSql.PositionTable(other) : RedshiftSql.PositionTable(dataset)))
            await db.ExecuteAsync(statement, cancel);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public Task WhileNothingCommitsAsync(Dataset dataset, Func<string?, Task> step, CancellationToken cancel) => StepAsync(async db =>
    {
        await RedshiftTables.EnsureAsync(db, dataset, TableName.None, cancel);
        await RedshiftPositions.WhileNothingCommitsAsync(db, dataset, step, cancel);
        return true;
    }, cancel);

    public Task<IReadOnlySet<string>> CommittedAsync(Dataset dataset, IReadOnlyList<string> loads, CancellationToken cancel) =>
        AskAsync(db => RedshiftPositions.CommittedAsync(db, loads, cancel), cancel);

    public Task CopyAsync(TableName table, string path, CancellationToken cancel) => StagedAsync(staging.Copies, async (db, stage, connection, _) =>
    {
        var found = await RedshiftTable.FindAsync(db, table, cancel) ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
        var rows = await new RedshiftRows(db, stage, cancel).ReadAsync(found, []);
        return await Task.Run(() => connection.Execute($"COPY (FROM {rows}) TO {Sql.Literal(path)} (FORMAT parquet)", cancel), cancel);
    }, cancel);

    public Task<IReadOnlyList<string>> PendingAsync(string flow, CancellationToken cancel) => AskAsync<IReadOnlyList<string>>(async db =>
        !await RedshiftTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(RedshiftSql.PendingOf(flow), row => row.GetString(0), cancel), cancel);

    public Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset, CancellationToken cancel) => AskAsync<IReadOnlyList<Publication>>(async db =>
        !await RedshiftTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            RedshiftSql.Pending(dataset), row => new Publication(row.GetString(0), dataset, row.GetString(1), row.GetInt64(2), row.GetInt64(3)), cancel), cancel);

    public Task PublishedAsync(Publication publication, CancellationToken cancel) =>
        AskAsync(db => db.ExecuteAsync(RedshiftSql.Published(publication.LoadId, clock.GetUtcNow()), cancel), cancel);

    public Task RecordAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes, LoadAttempt attempt, CancellationToken cancel) => StepAsync(async db =>
    {
        await RedshiftTables.EnsureAsync(db, dataset, target, cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        await db.ExecuteAsync(RedshiftSql.LockPosition(dataset), cancel);
        await new RedshiftLedger(db, clock, cancel).WriteAsync(dataset, target, notes);
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public ValueTask DisposeAsync()
    {
        engine.Dispose();
        staging.Store.Dispose();
        PostgresWarehouse.Remove(folder);
        return ValueTask.CompletedTask;
    }

    /// <summary>True for what goes away by itself: a conflict of two transactions, a lock, a server that shuts down, two who create one thing at once.</summary>
    internal static bool IsPassing(PostgresException error) => error.IsTransient
        || error.MessageText.Contains("1023", StringComparison.Ordinal) || error.MessageText.Contains("1018", StringComparison.Ordinal)
        || error.MessageText.Contains("Serializable isolation violation", StringComparison.OrdinalIgnoreCase)
        || error.MessageText.Contains("could not complete because of conflict with concurrent transaction", StringComparison.OrdinalIgnoreCase)
        || error.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateSchema or PostgresErrorCodes.DuplicateColumn or PostgresErrorCodes.UniqueViolation;

    /// <summary>Asks, without temporary tables; errors come out by their Headrace names.</summary>
    internal Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel) => NameAsync(async () =>
    {
        await using var db = await database.OpenAsync(cancel);
        return await ask(db);
    });

    // The same with a session of its own, which may have temporary tables.
    private Task<T> StepAsync<T>(Func<NpgsqlConnection, Task<T>> step, CancellationToken cancel) => NameAsync(async () =>
    {
        await using var db = await database.OpenOwnAsync(cancel);
        return await step(db);
    });

    /// <summary>The same with the engine, a place for staged files of a table and a folder, which are gone afterwards.</summary>
    internal Task<T> StagedAsync<T>(TableName target, Func<NpgsqlConnection, StagedLoad, DuckDbConnection, string, Task<T>> step, CancellationToken cancel) =>
        StagedAsync(staging.Of(target), step, cancel);

    private async Task<T> StagedAsync<T>(string root, Func<NpgsqlConnection, StagedLoad, DuckDbConnection, string, Task<T>> step, CancellationToken cancel)
    {
        using var connection = await engine.ConnectAsync(cancel);
        var own = NewFolder();
        var stage = new StagedLoad(database, staging, root, Guid.NewGuid().ToString("N"), own, cancel);
        try
        {
            Directory.CreateDirectory(own);
            return await StepAsync(db => step(db, stage, connection, own), cancel);
        }
        finally
        {
            await stage.RemoveAsync();
            PostgresWarehouse.Remove(own);
        }
    }

    private string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref loads)}");

    private async Task<T> NameAsync<T>(Func<Task<T>> step)
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
        catch (PostgresException error)
        {
            throw Error.Warehouse(Address, $"{error.SqlState} {error.MessageText}", error, IsPassing(error));
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException || PostgresDatabase.IsBroken(error))
        {
            throw Error.Warehouse(Address, error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message, error, transient: true);
        }
    }
}
