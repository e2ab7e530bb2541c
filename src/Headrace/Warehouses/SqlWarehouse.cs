using Headrace.Checks;
using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>
/// A warehouse that speaks SQL. A database gives it a session, a dialect, a writer and its concurrency; the protocol of
/// a load (<see cref="WarehouseLoad"/>) and what is on record (<see cref="WarehouseStore"/>) are the same everywhere.
/// </summary>
public abstract partial class SqlWarehouse : IWarehouse, ILoadHistory
{
    protected SqlWarehouse(TimeProvider clock) => Clock = clock;

    public abstract string Address { get; }

    public IQuarantine Quarantine => new SqlQuarantine(this);

    public IProcessTable ProcessTable => new SqlProcessTable(this);

    /// <summary>Now, as the clock of this process says it.</summary>
    public DateTimeOffset Now => Clock.GetUtcNow();

    protected internal TimeProvider Clock { get; }

    /// <summary>What the database says in its own words.</summary>
    public abstract SqlDialect Dialect { get; }

    /// <summary>What keeps loads apart.</summary>
    public abstract IConcurrency Concurrency { get; }

    /// <summary>A session of its own.</summary>
    public abstract Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel);

    /// <summary>A table by its name, whatever the case; null when there is none.</summary>
    /// <exception cref="HeadraceException">HDR-324 when something else has the name.</exception>
    public abstract Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel);

    /// <summary>The columns that the result of a query has, with the types that a table for it is made with.</summary>
    /// <param name="query">As <see cref="SqlDialect.Describe"/> makes it.</param>
    public abstract Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        SqlSession db,
        string query,
        CancellationToken cancel
    );

    /// <summary>What the database has against a user's statement; null for an error that is none of its text.</summary>
    /// <param name="statement">As it was given.</param>
    public abstract StatementFault? FaultOf(Exception error, string statement);

    /// <summary>What brings the rows of one load.</summary>
    /// <param name="shared">The session of another writer of the same transaction; null for one of its own.</param>
    public abstract Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        SqlSession? shared,
        CancellationToken cancel
    );

    /// <summary>
    /// Makes SQL of what a user wrote for a check of a table; it names the table's columns as they are.
    /// </summary>
    public virtual Func<Check, string, string> Written(
        SqlSession db,
        IReadOnlyList<CheckedColumn> columns,
        CancellationToken cancel
    ) => (_, text) => text;

    /// <summary>What brings rows of the quarantine into a table.</summary>
    /// <param name="name">The table as the quarantine names it.</param>
    public abstract ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    );

    public abstract Task CopyAsync(TableName table, string path, CancellationToken cancel);

    public virtual void BeginOpen() { }

    public Task<Position> PositionAsync(Dataset dataset, TableName target, CancellationToken cancel) =>
        AskAsync(
            SessionUse.Read,
            (db, store) => store.PositionAsync(dataset, target, one => FindAsync(one, target, cancel)),
            cancel
        );

    public Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<TableHistory>>([], store => store.HistoryAsync(flow), cancel);

    public Task<IReadOnlyList<LandedFile>> FilesAsync(FileQuery query, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<LandedFile>>([], store => store.FilesAsync(query), cancel);

    public Task<IReadOnlyList<CheckRecord>> ChecksAsync(CheckQuery query, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<CheckRecord>>([], store => store.ChecksAsync(query), cancel);

    public Task TakeOverAsync(Dataset dataset, TableName target, Claim claim, CancellationToken cancel) =>
        EnsuredAsync(
            dataset,
            target,
            async (db, store) =>
            {
                await Concurrency.LockAsync(db, target, cancel);
                await store.TakeOverAsync(target, dataset, claim);
                return true;
            },
            cancel
        );

    public Task WhileNothingCommitsAsync(Dataset dataset, Func<string?, Task> step, CancellationToken cancel) =>
        EnsuredAsync(
            dataset,
            null,
            async (db, store) =>
            {
                await Concurrency.LockAsync(db, dataset, cancel);
                await step(await store.LastLoadAsync(dataset));
                return true;
            },
            cancel,
            isRead: true
        );

    public Task<IReadOnlySet<string>> CommittedAsync(
        Dataset dataset,
        IReadOnlyList<string> loads,
        CancellationToken cancel
    ) => ReadAsync<IReadOnlySet<string>>(new HashSet<string>(), store => store.CommittedAsync(loads), cancel);

    public Task<IReadOnlyDictionary<string, string>> LoadedAsync(
        IReadOnlyList<string> flows,
        CancellationToken cancel
    ) =>
        ReadAsync<IReadOnlyDictionary<string, string>>(
            new Dictionary<string, string>(),
            store => store.LoadedAsync(flows),
            cancel
        );

    public Task<string> CheckAsync(Models.ModelQuery model, CancellationToken cancel) =>
        AskAsync(
            SessionUse.Read,
            async (db, _) =>
                await ModelStrategy.DescribeAsync(this, db, model, MissingName.Table, cancel) is { } columns
                    ? $"its SELECT has {columns.Count} {(columns.Count == 1 ? "column" : "columns")}"
                    : "its SELECT reads what is not there yet",
            cancel
        );

    public Task<IReadOnlyList<string>> PendingAsync(string flow, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<string>>([], store => store.PendingAsync(flow), cancel);

    public Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset, CancellationToken cancel) =>
        ReadAsync<IReadOnlyList<Publication>>([], store => store.PendingAsync(dataset), cancel);

    public Task PublishedAsync(Publication publication, CancellationToken cancel) =>
        WriteAsync(
            async (_, store) =>
            {
                await store.PublishedAsync(publication);
                return true;
            },
            cancel
        );

    public Task RecordAsync(
        Dataset dataset,
        TableName target,
        IReadOnlyList<FileNote> notes,
        LoadAttempt attempt,
        CancellationToken cancel
    ) =>
        EnsuredAsync(
            dataset,
            target,
            async (db, store) =>
            {
                await Concurrency.LockAsync(db, dataset, cancel);
                await store.RecordAsync(dataset, target, notes);
                return true;
            },
            cancel
        );

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs a step; the errors of the database and of the engine come out by their Headrace names.</summary>
    public abstract Task<T> NameAsync<T>(Func<Task<T>> step);

    /// <summary>True for an error of the engine that types the rows.</summary>
    public abstract bool IsOfEngine(Exception error);

    /// <inheritdoc cref="IEngine.Broken"/>
    public abstract Task<(IReadOnlyList<FileNote> Broken, bool IsMended)> BrokenAsync(
        ChangeSet changes,
        CancellationToken cancel
    );

    /// <summary>What is on record, for a session that is open.</summary>
    internal WarehouseStore Store(SqlSession db, CancellationToken cancel) =>
        new(db, Dialect, Concurrency, Clock, cancel);

    /// <summary>Asks what is on record; the answer is <paramref name="none"/> where nothing is.</summary>
    internal Task<T> ReadAsync<T>(T none, Func<WarehouseStore, Task<T>> ask, CancellationToken cancel) =>
        AskAsync(SessionUse.Read, async (_, store) => await store.ExistsAsync() ? await ask(store) : none, cancel);

    /// <summary>Runs a step in a transaction of its own.</summary>
    /// <param name="isRead">It is taken back.</param>
    internal Task<T> WriteAsync<T>(
        Func<SqlSession, WarehouseStore, Task<T>> step,
        CancellationToken cancel,
        bool isRead = false
    ) =>
        AskAsync(
            SessionUse.Write,
            (db, store) => InTransactionAsync(db, () => step(db, store), isRead, cancel),
            cancel
        );

    /// <summary>The same, once Headrace's own tables are there.</summary>
    internal Task<T> EnsuredAsync<T>(
        Dataset? dataset,
        TableName? target,
        Func<SqlSession, WarehouseStore, Task<T>> step,
        CancellationToken cancel,
        bool isRead = false
    ) =>
        AskAsync(
            SessionUse.Write,
            async (db, store) =>
            {
                await Concurrency.EnsureAsync(db, dataset, target, cancel);
                return await InTransactionAsync(db, () => step(db, store), isRead, cancel);
            },
            cancel
        );

    /// <summary>Asks in a session of its own.</summary>
    protected internal Task<T> AskAsync<T>(
        SessionUse use,
        Func<SqlSession, WarehouseStore, Task<T>> ask,
        CancellationToken cancel
    ) =>
        NameAsync(async () =>
        {
            await using var db = await OpenAsync(use, cancel);
            return await ask(db, Store(db, cancel));
        });

    /// <summary>Called when a connection was lost: those that wait for their next use may be lost too.</summary>
    protected virtual void Forget() { }

    private static async Task<T> InTransactionAsync<T>(
        SqlSession db,
        Func<Task<T>> step,
        bool isRead,
        CancellationToken cancel
    )
    {
        await db.BeginAsync(cancel);
        try
        {
            var result = await step();
            if (isRead)
                await db.RollbackAsync();
            else
                await db.CommitAsync(CancellationToken.None);
            return result;
        }
        catch
        {
            await db.RollbackAsync();
            throw;
        }
    }
}
