using Headrace.State;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Locks by advisory locks, which a transaction holds to its end, and makes the tables of schema <c>headrace</c>.
/// </summary>
/// <param name="address">Where the database is.</param>
internal sealed class PostgresConcurrency(string address)
    : ServerConcurrency(address, PostgresDialect.Instance),
        IConcurrency
{
    // Of all who start at once one creates; any number will do that nobody else has.
    private const long CreationLock = 0x6865616472616365;

    // A role that may create no schema can use one that is there.
    public async Task EnsureAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel)
    {
        if (!await ExistAsync(db, cancel))
            await MakeAsync(db, cancel);
    }

    public Task LockAsync(SqlSession db, Dataset dataset, CancellationToken cancel) =>
        LockAsync(db, $"dataset {dataset.Name}", cancel);

    public Task LockAsync(SqlSession db, TableName target, CancellationToken cancel) =>
        LockAsync(db, $"owners {Ownership.Folded(target)}", cancel);

    /// <summary>Holds a lock of this name until the transaction ends.</summary>
    public static Task LockAsync(SqlSession db, string name, CancellationToken cancel) =>
        db.ExecuteAsync(
            $"SELECT pg_advisory_xact_lock(hashtextextended({PostgresSql.Literal($"headrace {name}")}, 0))",
            cancel
        );

    /// <summary>
    /// Waits until nobody else makes tables in schema <c>headrace</c>; to the end of the transaction nobody does.
    /// </summary>
    public static Task LockCreationAsync(NpgsqlConnection db, CancellationToken cancel) =>
        db.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", cancel, CreationLock);

    // Of all who come at once one takes the steps; loads that are under way end before it begins.
    protected override async Task MakeAsync(SqlSession db, CancellationToken cancel)
    {
        await db.BeginAsync(cancel);
        try
        {
            await LockCreationAsync(((PostgresSession)db).Db, cancel);
            var (hasMeta, hasTables, hasSchema) = (
                await db.RowsAsync(
                    """
                    SELECT to_regclass('headrace.meta') IS NOT NULL, to_regclass('headrace.positions') IS NOT NULL,
                        EXISTS (SELECT FROM pg_namespace WHERE nspname = 'headrace')
                    """,
                    row => (row.Flag(0), row.Flag(1), row.Flag(2)),
                    cancel
                )
            )[0];
            if (!hasSchema)
                await db.ExecuteAsync("CREATE SCHEMA headrace", cancel);
            if (hasMeta)
                await db.ExecuteAsync("LOCK TABLE headrace.meta IN ACCESS EXCLUSIVE MODE", cancel);
            var found = hasMeta ? await WarehouseStore.VersionAsync(db, Dialect, cancel) : null;
            if (found is null || !IsCurrent(found))
                foreach (
                    var statement in WarehouseState.Steps.Migration(Dialect.State, found?.Number ?? (hasTables ? 1 : 0))
                )
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
        await db.NumberAsync("SELECT count(to_regclass('headrace.positions'))", cancel) > 0;
}
