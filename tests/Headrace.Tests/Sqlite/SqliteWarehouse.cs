using Headrace.Engines;
using Headrace.Warehouses;
using Microsoft.Data.Sqlite;

namespace Headrace.Tests.Sqlite;

/// <summary>
/// A warehouse of SQLite in memory: all that a database must bring to be one, and a test of loads that starts nothing.
/// An engine beside it types the staged rows. Sessions take turns with the one connection.
/// </summary>
/// <param name="engine">It is not disposed of with the warehouse.</param>
/// <param name="folder">An absolute folder for rows on their way, which the engine may read and write.</param>
internal sealed class SqliteWarehouse(IEngine engine, string folder, TimeProvider clock) : SqlWarehouse(clock)
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private int folders;

    public override string Address => "SQLite in memory";

    public override SqlDialect Dialect => SqliteDialect.Instance;

    public override IConcurrency Concurrency { get; } = new SqliteConcurrency("SQLite in memory");

    /// <summary>What a session is put into before it is used.</summary>
    public Func<SqlSession, SqlSession> Around { get; set; } = session => session;

    /// <summary>The connection, for a test that looks at tables between sessions.</summary>
    public SqliteConnection Connection { get; } = Open();

    public override async Task<SqlSession> OpenAsync(SessionUse use, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        return Around(new SqliteSession(Connection, turn));
    }

    public override async Task<TargetTable?> FindAsync(SqlSession db, TableName name, CancellationToken cancel)
    {
        var text = Dialect.Literal(name.ToString());
        if (
            (
                await db.RowsAsync(
                    $"""
                    SELECT name, type FROM sqlite_master
                    WHERE name = {text} COLLATE NOCASE AND type IN ('table', 'view')
                    """,
                    row => (Name: row.Text(0), Type: row.Text(1)),
                    cancel
                )
            ).FirstOrDefault()
            is not { Name: { } found } one
        )
            return null;
        var target = new TableName(found[..name.Schema.Length], found[(name.Schema.Length + 1)..]);
        return one.Type == "view"
            ? throw Error.TargetIsNoTable(target, "a view")
            : new TargetTable(
                target,
                await db.RowsAsync(
                    $"SELECT name, type, \"notnull\", dflt_value, hidden FROM pragma_table_xinfo({text})",
                    row => new TargetColumn(
                        row.Text(0),
                        row.Text(1),
                        SqliteDialect.Parse(row.Text(1)),
                        null,
                        !row.Flag(2),
                        !row.IsNull(3)
                    )
                    {
                        IsComputed = row.Number(4) > 0,
                    },
                    cancel
                )
            );
    }

    // No model is made here.
    public override Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        SqlSession db,
        string query,
        CancellationToken cancel
    ) => throw new NotSupportedException();

    public override StatementFault? FaultOf(Exception error, string statement) => null;

    public override Task<TargetWriter> NewWriterAsync(
        ChangeSet changes,
        LoadAttempt attempt,
        SqlSession? shared,
        CancellationToken cancel
    ) =>
        Task.FromResult<TargetWriter>(
            new SqliteWriter(this, engine, NewFolder(), changes, attempt, cancel) { Shared = shared }
        );

    public override ReleasedRows NewRelease(
        SqlSession db,
        TableName name,
        TargetTable table,
        Mending mending,
        CancellationToken cancel
    ) => new SqliteReleasedRows(db, engine, NewFolder(), table, mending, cancel);

    public override Task CopyAsync(TableName table, string path, CancellationToken cancel) =>
        AskAsync(
            SessionUse.Read,
            async (db, _) =>
            {
                var found =
                    await FindAsync(db, table, cancel)
                    ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
                var (columns, own) = (found.Columns, NewFolder());
                var values = Dialect.Names(columns.Select(column => column.Name));
                var rows = SqliteCopy.Out(
                    db,
                    $"SELECT {values} FROM {Dialect.Qualified(found.Name)}",
                    columns,
                    Path.Combine(own, "table.csv")
                );
                engine.WriteParquet(rows, path, cancel);
                Directory.Delete(own, recursive: true);
                return true;
            },
            cancel
        );

    public override bool IsOfEngine(Exception error) => engine.IsOwn(error);

    public override Task<(IReadOnlyList<FileNote> Broken, bool IsMended)> BrokenAsync(
        ChangeSet changes,
        CancellationToken cancel
    ) => Task.FromResult((engine.Broken(changes, out var isMended, cancel), isMended));

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
        catch (SqliteException error)
        {
            throw Error.Warehouse(Address, error.Message, error);
        }
    }

    /// <summary>Another warehouse with the same tables and rows.</summary>
    public SqliteWarehouse Copy()
    {
        var copy = new SqliteWarehouse(engine, folder, Clock);
        foreach (var database in (string[])["main", "headrace"])
            Connection.BackupDatabase(copy.Connection, database, database);
        return copy;
    }

    public override ValueTask DisposeAsync()
    {
        Connection.Dispose();
        turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private static SqliteConnection Open()
    {
        var db = new SqliteConnection("Data Source=:memory:;Pooling=False");
        db.Open();
        using var attach = new SqliteCommand("ATTACH ':memory:' AS headrace", db);
        attach.ExecuteNonQuery();
        return db;
    }

    private string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref folders)}");
}
