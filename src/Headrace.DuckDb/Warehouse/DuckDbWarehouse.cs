using Headrace.Checks;
using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>
/// A DuckDB file as warehouse. The file is attached to an engine in memory, which reads the staged files too; one
/// transaction holds rows, position, file ledger and quarantine. One process at a time may hold the file.
/// </summary>
public sealed class DuckDbWarehouse : SqlWarehouse, IDuckDb
{
    // Long enough for a query of another program, short enough that a forgotten one is reported.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly string path;
    private readonly bool isReadOnly;
    private readonly DuckDbSettings settings;
    private readonly TimeProvider clock;
    private readonly VersionedFile? stored;
    private readonly SemaphoreSlim opening = new(1, 1);

    // DuckDB uses all cores for one statement; a second writer at the same time would bring conflicts and no speed.
    private readonly SemaphoreSlim writing = new(1, 1);
    private DuckDbDatabase? database;
    private Task? early;
    private (long Since, long LastSeen)? locked;

    /// <param name="path">The file; it is made when it is not there, unless <paramref name="isReadOnly"/>.</param>
    /// <param name="isReadOnly">For plans and reports: nothing can be written, and a missing file is an empty
    /// warehouse.</param>
    /// <param name="stored">Where the file lies; null for this machine.</param>
    public DuckDbWarehouse(
        string path,
        bool isReadOnly,
        DuckDbSettings settings,
        TimeProvider clock,
        VersionedFile? stored = null
    )
        : base(clock)
    {
        this.stored = stored;
        this.path = Path.GetFullPath(path);
        this.isReadOnly = isReadOnly;
        this.settings = settings;
        this.clock = clock;
    }

    /// <summary>Hears, once for each time, that another process has the file and this one waits for it.</summary>
    public Action<string>? Waits { get; init; }

    public override string Address => path;

    public override SqlDialect Dialect => DuckDbDialect.Instance;

    public override IConcurrency Concurrency { get; } = new DuckDbConcurrency();

    public override async Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel) =>
        use == SessionUse.Write ? await WriteAsync(cancel) : new DuckDbSession(await ConnectAsync(cancel), null);

    public override Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel) =>
        Task.FromResult(DuckDbDialect.Find(((DuckDbSession)db).Db, name, cancel));

    public override Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        SqlSession db,
        string query,
        CancellationToken cancel
    ) => Task.FromResult(UserQueries.Describe(((DuckDbSession)db).Db, query, cancel));

    public override StatementFault? FaultOf(Exception error, string statement) => UserQueries.FaultOf(error);

    public override async Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        SqlSession? shared,
        CancellationToken cancel
    ) => new DuckDbWriter((DuckDbSession?)shared ?? await WriteAsync(cancel), changes, attempt, clock, cancel);

    public override Func<Check, string, string> Written(
        SqlSession db,
        IReadOnlyList<CheckedColumn> columns,
        CancellationToken cancel
    ) => new CheckExpressions(((DuckDbSession)db).Db, columns, column => column.Name, cancel).Read;

    public override ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    ) => new DuckDbReleasedRows(((DuckDbSession)db).Db, table, mending, cancel);

    public override async Task CopyAsync(TableName table, string path, CancellationToken cancel)
    {
        using var db = await ConnectAsync(cancel);
        await Task.Run(
            () =>
                Translate(() =>
                    db.Execute($"COPY {HeadraceTables.Target(table)} TO {Sql.Literal(path)} (FORMAT parquet)", cancel)
                ),
            cancel
        );
    }

    public override bool IsOfEngine(Exception error) => error is DuckDbException;

    public override async Task<(IReadOnlyList<FileNote> Broken, bool IsMended)> BrokenAsync(
        ChangeSet changes,
        CancellationToken cancel
    )
    {
        using var db = await ConnectAsync(cancel);
        var broken = new ParquetFiles(db, cancel).Broken(changes, out var isMended);
        return (broken, isMended);
    }

    // Statements end on the thread that gives them, which is to be none of the caller's.
    public override Task<T> NameAsync<T>(Func<Task<T>> step) =>
        Task.Run(async () =>
        {
            try
            {
                return await step();
            }
            catch (DuckDbException error)
            {
                throw Named(error);
            }
        });

    private async Task<DuckDbSession> WriteAsync(CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            return new DuckDbSession(await ConnectAsync(cancel), writing, stored);
        }
        catch
        {
            writing.Release();
            throw;
        }
    }

    /// <summary>
    /// Begins to open the file, if there is one, while something else is done; an error is thrown to the caller that
    /// asks for a connection.
    /// </summary>
    public override void BeginOpen() =>
        early ??= !File.Exists(path)
            ? Task.CompletedTask
            : Task.Run(async () =>
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
            if (stored is not null)
                await stored.FetchAsync(cancel);
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

    public override async ValueTask DisposeAsync()
    {
        if (early is not null)
            await early;
        database?.Dispose();
        opening.Dispose();
        writing.Dispose();
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
                var since =
                    locked is { } before && clock.GetElapsedTime(before.LastSeen, now) < LongestWait
                        ? before.Since
                        : now;
                if (since == now)
                    Waits?.Invoke(
                        $"Waiting for {path}, which {error.LockHolder ?? "another process"} has open; "
                            + $"{LongestWait.TotalSeconds:0} s at most."
                    );
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
            db.Execute(
                $"ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog}{(isLook ? " (READ_ONLY)" : "")}",
                cancel
            );
            if (
                isLook
                && HeadraceTables.Version(db, path, cancel) is > 0 and var version
                && version < State.WarehouseState.Steps.Version
            )
            {
                // Who only looks brings Headrace's own tables up to date, too: it could not read them.
                db.Execute(
                    $"DETACH {HeadraceTables.Catalog}; ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog}",
                    cancel
                );
                HeadraceTables.Ensure(db, path, cancel);
                db.Execute(
                    $"DETACH {HeadraceTables.Catalog}; "
                        + $"ATTACH {Sql.Literal(file)} AS {HeadraceTables.Catalog} (READ_ONLY)",
                    cancel
                );
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
        catch (DuckDbException error)
        {
            throw Named(error);
        }
    }

    private HeadraceException Named(DuckDbException error) =>
        Disk.IsFull(error) ? Error.DiskFull(path, error)
        : error.Kind == DuckDbErrorKind.OutOfMemory ? Error.OutOfMemory(path, error.Message, error)
        : Error.Warehouse(path, error.Message, error, error.IsConflict);
}
