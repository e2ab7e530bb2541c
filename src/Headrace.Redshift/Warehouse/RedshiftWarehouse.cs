using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Amazon Redshift as warehouse. An engine beside it types the staged rows and writes those that fit as CSV; they wait
/// in a bucket until COPY takes them, in one transaction with position, files and quarantine.
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
) : EngineWarehouse(engine, folder, clock)
{
    private static readonly string[] Conflicts =
    [
        "1023",
        "1018",
        "Serializable isolation violation",
        "could not complete because of conflict with concurrent transaction",
    ];

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

    public override Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        SqlSession db,
        string query,
        CancellationToken cancel
    ) =>
        UserQueries.DescribeAsync(
            Connection(db),
            query,
            name => RedshiftTypes.Of(name) is { } type ? (type, RedshiftTypes.Name(type)) : null,
            cancel
        );

    public override StatementFault? FaultOf(Exception error, string statement) =>
        UserQueries.FaultOf(error, statement, IsPassing);

    public override Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        SqlSession? shared,
        CancellationToken cancel
    )
    {
        var own = NewFolder();
        var stage = new StagedFiles(database, staging, staging.Of(changes.Dataset), changes.Id, own, cancel);
        return Task.FromResult<TargetWriter>(
            new RedshiftWriter(this, stage, Engine, own, changes, attempt, cancel) { Shared = shared }
        );
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
            Engine,
            own,
            table,
            mending,
            cancel
        );
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        staging.Store.Dispose();
    }

    protected override SessionUse Copying => SessionUse.Write;

    protected override async Task CopyAsync(
        SqlSession db,
        TargetTable table,
        string own,
        Func<CsvRows, Task> take,
        CancellationToken cancel
    )
    {
        var stage = NewStage(staging.Copies, own, cancel);
        try
        {
            await take(await stage.ReadAsync(Connection(db), table, []));
        }
        finally
        {
            await stage.RemoveAsync();
        }
    }

    protected override HeadraceException? Name(Exception error) =>
        PostgresErrors.NameOfWarehouse(error, Address, IsPassing);

    /// <summary>True for what goes away by itself; a conflict of two transactions has a number in its text.</summary>
    internal static bool IsPassing(PostgresException error) =>
        PostgresErrors.IsPassing(error)
        || error.SqlState == PostgresErrorCodes.UniqueViolation
        || Conflicts.Any(part => error.MessageText.Contains(part, StringComparison.OrdinalIgnoreCase));

    private static NpgsqlConnection Connection(SqlSession db) => ((PostgresSession)db).Db;

    private StagedFiles NewStage(string root, string own, CancellationToken cancel) =>
        new(database, staging, root, Guid.NewGuid().ToString("N"), own, cancel);
}
