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
    : EngineWarehouse(engine, folder, clock),
        IWholeTarget
{
    // What was let in is read again.
    private const int LongestRow = 1 << 30;

    public override string Address => database.Address;

    public override SqlDialect Dialect => PostgresDialect.Instance;

    public override IConcurrency Concurrency { get; } = new PostgresConcurrency(database.Address);

    public override async Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel) =>
        new PostgresSession(await database.OpenAsync(cancel));

    public override Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel) =>
        TargetLook.FindAsync(Connection(db), name, cancel);

    public override Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        SqlSession db,
        string query,
        CancellationToken cancel
    ) =>
        UserQueries.DescribeAsync(
            Connection(db),
            query,
            // A numeric without digits is one: the most digits that Headrace writes would round it.
            name =>
                TargetTypes.Parse(name)?.Type is { } type
                    ? (type, name == "numeric" ? name : TargetTypes.Name(type))
                    : null,
            cancel
        );

    public override StatementFault? FaultOf(Exception error, string statement) =>
        UserQueries.FaultOf(error, statement, IsPassing);

    public override Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        SqlSession? shared,
        CancellationToken cancel
    ) =>
        Task.FromResult<TargetWriter>(
            new PostgresWriter(this, Engine, NewFolder(), changes, attempt, cancel) { Shared = shared }
        );

    public override ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    ) => new PostgresReleasedRows(Connection(db), Engine, NewFolder(), table, mending, cancel);

    public override void BeginOpen() => database.BeginOpen();

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

    protected override async Task CopyAsync(
        SqlSession db,
        TargetTable table,
        string own,
        Func<CsvRows, Task> take,
        CancellationToken cancel
    ) => await take(await RowsAsync(Connection(db), table, "", Path.Combine(own, "table.csv"), cancel));

    protected override HeadraceException? Name(Exception error) =>
        error is PostgresException hidden && PostgresErrors.IsHidden(hidden)
            ? Error.TargetRowsHidden(Address, hidden.MessageText, hidden)
            : PostgresErrors.NameOfWarehouse(error, Address, IsPassing);

    // Two who make one thing at once meet in the catalogue.
    private static bool IsPassing(PostgresException error) =>
        PostgresErrors.IsPassing(error)
        || error is { SqlState: PostgresErrorCodes.UniqueViolation, SchemaName: "pg_catalog" };
}
