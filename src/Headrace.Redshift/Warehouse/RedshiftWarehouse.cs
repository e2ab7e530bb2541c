using System.Net.Sockets;
using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Amazon Redshift as warehouse. An engine beside it types the staged rows and writes those that fit as CSV; they wait
/// in a bucket until COPY takes
/// them, in one transaction with position, files and quarantine.
/// </summary>
/// <param name="staging">Where rows wait; disposed of with the warehouse.</param>
/// <param name="engine">Disposed of with the warehouse.</param>
/// <param name="folder">An absolute folder for rows on their way, which the engine may read and write; nobody
/// else's.</param>
public sealed class RedshiftWarehouse(
    RedshiftDatabase database,
    StagingPlace staging,
    IEngine engine,
    string folder,
    TimeProvider clock
) : SqlWarehouse(clock)
{
    private int folders;

    public override string Address => database.Address;

    public override SqlDialect Dialect => RedshiftDialect.Instance;

    public override IConcurrency Concurrency { get; } = new RedshiftConcurrency(database.Address);

    // A session that had temporary tables is nobody else's: Redshift resets none.
    public override async Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel) =>
        new PostgresSession(
            await (use == SessionUse.Write ? database.OpenOwnAsync(cancel) : database.OpenAsync(cancel))
        );

    public override Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel) =>
        RedshiftLook.FindAsync(Connection(db), name, cancel);

    public override Task<TargetWriter> NewWriterAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel)
    {
        var own = NewFolder();
        var stage = new StagedFiles(database, staging, staging.Of(changes.Dataset), changes.Id, own, cancel);
        return Task.FromResult<TargetWriter>(new RedshiftWriter(this, stage, engine, own, changes, attempt, cancel));
    }

    public override ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    )
    {
        var own = NewFolder();
        return new RedshiftReleasedRows(
            Connection(db),
            NewStage(staging.Of(name), own, cancel),
            engine,
            own,
            table,
            mending,
            cancel
        );
    }

    public override bool IsOfEngine(Exception error) => engine.IsOwn(error);

    public override Task<(IReadOnlyList<FileNote> Broken, bool IsMended)> BrokenAsync(
        ChangeSet changes,
        CancellationToken cancel
    ) =>
        Task.Run(
            () =>
            {
                var broken = engine.Broken(changes, out var isMended, cancel);
                return (broken, isMended);
            },
            cancel
        );

    public override Task CopyAsync(TableName table, string path, CancellationToken cancel) =>
        AskAsync(
            SessionUse.Write,
            async (db, _) =>
            {
                var own = Directory.CreateDirectory(NewFolder()).FullName;
                var stage = NewStage(staging.Copies, own, cancel);
                try
                {
                    var found =
                        await FindAsync(db, table, cancel)
                        ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
                    var rows = await stage.ReadAsync(Connection(db), found, []);
                    await Task.Run(() => engine.WriteParquet(rows, path, cancel), cancel);
                    return true;
                }
                finally
                {
                    await stage.RemoveAsync();
                    Directory.Delete(own, recursive: true);
                }
            },
            cancel
        );

    public override ValueTask DisposeAsync()
    {
        engine.Dispose();
        staging.Store.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// True for what goes away by itself: a conflict of two transactions, a lock, a server that shuts down, two who
    /// make one thing at once.
    /// </summary>
    internal static bool IsPassing(PostgresException error) =>
        error.IsTransient
        || error.MessageText.Contains("1023", StringComparison.Ordinal)
        || error.MessageText.Contains("1018", StringComparison.Ordinal)
        || error.MessageText.Contains("Serializable isolation violation", StringComparison.OrdinalIgnoreCase)
        || error.MessageText.Contains(
            "could not complete because of conflict with concurrent transaction",
            StringComparison.OrdinalIgnoreCase
        )
        || error.SqlState
            is PostgresErrorCodes.SerializationFailure
                or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.AdminShutdown
                or PostgresErrorCodes.CrashShutdown
                or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.DuplicateTable
                or PostgresErrorCodes.DuplicateSchema
                or PostgresErrorCodes.DuplicateColumn
                or PostgresErrorCodes.UniqueViolation;

    public override async Task<T> NameAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (engine.IsOwn(error))
        {
            throw engine.Name(error);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DiskFull)
        {
            throw Error.DiskFull(Address, error);
        }
        catch (PostgresException error)
        {
            throw Error.Warehouse(Address, $"{error.SqlState} {error.MessageText}", error, IsPassing(error));
        }
        catch (Exception error)
            when (error is NpgsqlException or SocketException or TimeoutException || PostgresDatabase.IsBroken(error))
        {
            throw Error.Warehouse(
                Address,
                error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
                error,
                transient: true
            );
        }
    }

    private static NpgsqlConnection Connection(SqlSession db) => ((PostgresSession)db).Db;

    private string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref folders)}");

    private StagedFiles NewStage(string root, string own, CancellationToken cancel) =>
        new(database, staging, root, Guid.NewGuid().ToString("N"), own, cancel);
}
