using Headrace.Postgres;
using Headrace.State;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Each dataset has a table of its own for its position, and each target one for its lock: a load locks both before it
/// asks anything, since Redshift locks a table from the first write to the end, and its snapshot is of the first
/// question.
/// </summary>
/// <param name="address">Where the database is.</param>
internal sealed class RedshiftConcurrency(string address)
    : ServerConcurrency(address, RedshiftDialect.Instance),
        IConcurrency
{
    private const int MostTries = 5;

    // Loads of one process that begin at once would be in each other's way.
    private static readonly SemaphoreSlim Making = new(1, 1);

    public bool LocksFirst => true;

    public bool WritesOwnersLast => true;

    public string Positions(string dataset) => RedshiftSql.PositionTable(dataset);

    public async Task<bool> HasPositionAsync(SqlSession db, Dataset dataset, CancellationToken cancel) =>
        (await NamesAsync(db, cancel)).Contains(RedshiftSql.PositionTable(dataset));

    // A user who may make no schema can use one that is there. Of datasets that begin at once one creates, and the
    // others look again.
    public Task EnsureAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel) =>
        AloneAsync(() => CreateAsync(db, dataset, target, cancel), cancel);

    public Task LockAsync(SqlSession db, Dataset dataset, CancellationToken cancel) =>
        db.ExecuteAsync(RedshiftSql.LockPosition(dataset), cancel);

    public Task LockAsync(SqlSession db, TableName target, CancellationToken cancel) =>
        db.ExecuteAsync(RedshiftSql.Lock(target), cancel);

    /// <summary>
    /// Makes the schema of targets when it is missing, before the transaction that makes a table in it: one that
    /// another transaction committed since this one's snapshot is not seen, and neither is a table in it.
    /// </summary>
    public static Task EnsureSchemaAsync(SqlSession db, string schema, CancellationToken cancel) =>
        AloneAsync(
            async () =>
            {
                // A user who may make no schema can use one that is there.
                if (await db.NumberAsync(RedshiftDialect.Instance.CountSchemas(schema)!, cancel) == 0)
                    await db.ExecuteAsync(RedshiftDialect.Instance.CreateSchema(schema), cancel);
            },
            cancel
        );

    private static async Task<HashSet<string>> NamesAsync(SqlSession db, CancellationToken cancel) =>
        [.. await db.RowsAsync(RedshiftSql.OwnTables, row => row.Text(0), cancel)];

    private static async Task AloneAsync(Func<Task> create, CancellationToken cancel)
    {
        await Making.WaitAsync(cancel);
        try
        {
            for (var tries = 1; ; tries++)
                try
                {
                    await create();
                    return;
                }
                catch (PostgresException met)
                    when (tries < MostTries
                        && met.SqlState
                            is (
                                PostgresErrorCodes.UniqueViolation
                                or PostgresErrorCodes.DuplicateSchema
                                or PostgresErrorCodes.DuplicateTable
                            )
                    )
                {
                    // Whoever was first, on another machine, has committed by now.
                }
        }
        finally
        {
            Making.Release();
        }
    }

    private async Task CreateAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel)
    {
        var names = await NamesAsync(db, cancel);
        var statements = new List<string>();
        var from = !names.Contains("meta")
            ? names.Contains("loads")
                ? 1
                : 0
            : (await WarehouseStore.VersionAsync(db, Dialect, cancel))?.Number ?? 0;
        if (from == 0 && await db.NumberAsync(Dialect.CountSchemas("headrace")!, cancel) == 0)
            statements.Add(Dialect.CreateSchema("headrace"));
        statements.AddRange(WarehouseState.Steps.Migration(new RedshiftDialect.OwnTables(names), from));
        if (dataset is { } one && !names.Contains(RedshiftSql.PositionTable(one)))
            statements.Add(RedshiftSql.CreatePosition(one));
        if (target is { IsNone: false } table && !names.Contains(RedshiftSql.TargetLock(table)))
            statements.Add(RedshiftSql.CreateTargetLock(table));
        if (statements.Count == 0)
            return;
        await db.BeginAsync(cancel);
        try
        {
            if (from > 0 && from < WarehouseState.Steps.Version)
            {
                // Of all who come at once one takes the steps; it takes no snapshot before the others are done.
                await db.ExecuteAsync(RedshiftSql.LockLoads, cancel);
                if (
                    (await NamesAsync(db, cancel)).Contains("meta")
                    && await WarehouseStore.VersionAsync(db, Dialect, cancel) is { } since
                    && since.Number > from
                )
                    return;
            }

            foreach (var statement in statements)
                await db.ExecuteAsync(statement, cancel);
            await db.CommitAsync(cancel);
        }
        finally
        {
            await db.RollbackAsync();
        }
    }

    protected override bool IsMissing(Exception error) => PostgresErrors.IsMissing(error);

    protected override async Task<bool> HasTablesAsync(SqlSession db, CancellationToken cancel) =>
        (await NamesAsync(db, cancel)).Contains("loads");

    protected override Task MakeAsync(SqlSession db, CancellationToken cancel) => EnsureAsync(db, null, null, cancel);
}
