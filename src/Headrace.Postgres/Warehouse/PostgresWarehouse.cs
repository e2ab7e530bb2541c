using System.Net.Sockets;
using Headrace.Engines;
using Headrace.Staging;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// A PostgreSQL database as warehouse. An engine beside it types the staged rows and writes those that fit as CSV,
/// which COPY takes.
/// </summary>
/// <param name="engine">Disposed of with the warehouse.</param>
/// <param name="folder">An absolute folder for rows on their way, which the engine may read and write; nobody
/// else's.</param>
public sealed class PostgresWarehouse(PostgresDatabase database, IEngine engine, string folder, TimeProvider clock)
    : SqlWarehouse(clock),
        IWholeTarget
{
    // What was let in is read again.
    private const int LongestRow = 1 << 30;

    private int folders;

    public override string Address => database.Address;

    public override SqlDialect Dialect => PostgresDialect.Instance;

    public override IConcurrency Concurrency { get; } = new PostgresConcurrency(database.Address);

    public override async Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel) =>
        new PostgresSession(await database.OpenAsync(cancel));

    public override Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel) =>
        TargetLook.FindAsync(Connection(db), name, cancel);

    public override Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        CancellationToken cancel
    ) => Task.FromResult<TargetWriter>(new PostgresWriter(this, engine, NewFolder(), changes, attempt, cancel));

    public override ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    ) => new PostgresReleasedRows(Connection(db), engine, NewFolder(), table, mending, cancel);

    public override void BeginOpen() => database.BeginOpen();

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

    public Task<IReadOnlyList<StagedFile>> StageAllAsync(
        TableName table,
        IReadOnlyList<string> columns,
        string folder,
        DigestOptions digesting,
        CancellationToken cancel
    ) =>
        AskAsync<IReadOnlyList<StagedFile>>(
            SessionUse.Read,
            async (session, _) =>
            {
                var db = Connection(session);
                var found =
                    await FindAsync(session, table, cancel)
                    ?? throw Error.SourceTableMissing(Address, table.ToString(), "no table of this name");
                var all = await SourceTable.DescribeAsync(db, found.Name, Address, cancel);
                var rows = all with { Columns = [.. columns.Select(name => all.Find(name)!)] };
                var read = new TableRead(
                    database,
                    rows,
                    new Stager(folder, new FileLimits { MaxRecordBytes = LongestRow }),
                    Clock,
                    null
                );
                var files = await read.RunAsync(db, read.Whole(), digesting, cancel);
                return
                [
                    .. files.Select(file =>
                        file with
                        {
                            Columns = [.. columns.Select(name => new StagedColumn(name))],
                        }
                    ),
                ];
            },
            cancel
        );

    public override Task CopyAsync(TableName table, string path, CancellationToken cancel) =>
        AskAsync(
            SessionUse.Read,
            async (db, _) =>
            {
                var found =
                    await FindAsync(db, table, cancel)
                    ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
                var own = Directory.CreateDirectory(NewFolder()).FullName;
                try
                {
                    var rows = await RowsAsync(Connection(db), found, "", Path.Combine(own, "table.csv"), cancel);
                    await Task.Run(() => engine.WriteParquet(rows, path, cancel), cancel);
                    return true;
                }
                finally
                {
                    Directory.Delete(own, recursive: true);
                }
            },
            cancel
        );

    public override ValueTask DisposeAsync()
    {
        engine.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Copies rows of a table into a file.</summary>
    internal async Task<CsvRows> RowsAsync(
        NpgsqlConnection db,
        TargetTable table,
        string where,
        string path,
        CancellationToken cancel
    )
    {
        var columns = table.Columns;
        var values = string.Join(", ", columns.Select(column => $"t.{PostgresSql.Identifier(column.Name)}"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var longest = await TextCopy.OutAsync(
            db,
            $"SELECT {values} FROM {Dialect.Qualified(table.Name)} AS t {where}",
            path,
            cancel
        );
        return new CsvRows([path], columns, PostgresDialect.Layout, longest);
    }

    protected override void Forget() => database.Forget();

    private static NpgsqlConnection Connection(SqlSession db) => ((PostgresSession)db).Db;

    private string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref folders)}");

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
        catch (PostgresException error) when (PostgresDatabase.IsHidden(error))
        {
            throw Error.TargetRowsHidden(Address, error.MessageText, error);
        }
        catch (PostgresException error)
        {
            throw Error.Warehouse(
                Address,
                $"{error.SqlState} {error.MessageText}",
                error,
                error.IsTransient || IsPassing(error)
            );
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

    // A lock that was not given, a deadlock, a server that shuts down, and what two who create the same thing at once
    // meet.
    private static bool IsPassing(PostgresException error) =>
        error is { SqlState: PostgresErrorCodes.UniqueViolation, SchemaName: "pg_catalog" }
        || error.SqlState
            is PostgresErrorCodes.SerializationFailure
                or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.AdminShutdown
                or PostgresErrorCodes.CrashShutdown
                or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.DuplicateTable
                or PostgresErrorCodes.DuplicateSchema
                or PostgresErrorCodes.DuplicateColumn;
}
