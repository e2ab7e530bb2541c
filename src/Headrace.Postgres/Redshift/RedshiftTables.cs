using Headrace.State;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Headrace's own tables in Redshift, schema <c>headrace</c>; each dataset has a table of its own for its position.</summary>
internal static class RedshiftTables
{
    private const int MostTries = 5;

    // Loads of one process that begin at once would be in each other's way.
    private static readonly SemaphoreSlim Making = new(1, 1);

    /// <summary>
    /// True when those are there that all datasets share, and are of this version; those of an older Headrace are brought up to date. Not
    /// within a transaction.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace made them.</exception>
    public static async Task<bool> ExistAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        try
        {
            if (await VersionAsync(db, cancel) is { } found && WarehouseState.Steps.IsCurrent(found, Address(db)))
                return true;
        }
        catch (PostgresException missing) when (missing.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            // Nothing is there, or what release 0.1.0 made.
        }

        if (!(await NamesAsync(db, cancel)).Contains("loads"))
            return false;
        await EnsureAsync(db, null, null, cancel);
        return true;
    }

    /// <summary>Says what happened where a position was not found as it was: a newer Headrace may have changed the tables meanwhile.</summary>
    public static async Task CheckAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        if (await VersionAsync(db, cancel) is { } found)
            WarehouseState.Steps.IsCurrent(found, Address(db));
    }

    public static async Task<HashSet<string>> NamesAsync(NpgsqlConnection db, CancellationToken cancel) =>
        [.. await db.RowsAsync(RedshiftSql.OwnTables, row => row.GetString(0), cancel)];

    /// <summary>Creates what is missing. A user who may create no schema can use one that is there. Of datasets that begin at once one creates, and the others look again.</summary>
    /// <param name="dataset">Whose position is to be kept; null for nobody's.</param>
    public static Task EnsureAsync(NpgsqlConnection db, Dataset? dataset, TableName? target, CancellationToken cancel) =>
        AloneAsync(() => CreateAsync(db, dataset, target, cancel), cancel);

    /// <summary>
    /// Creates the schema of targets when it is missing, before the transaction that creates a table in it: one that another transaction
    /// committed since this one's snapshot is not seen, and neither is a table in it.
    /// </summary>
    public static Task EnsureSchemaAsync(NpgsqlConnection db, string schema, CancellationToken cancel) => AloneAsync(async () =>
    {
        // A user who may create no schema can use one that is there.
        if (await db.ScalarAsync<long>(RedshiftSql.SchemaExists(schema), cancel) == 0)
            await db.ExecuteAsync(RedshiftSql.CreateSchema(schema), cancel);
    }, cancel);

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
                catch (PostgresException met) when (tries < MostTries && met.SqlState is (PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateSchema or PostgresErrorCodes.DuplicateTable))
                {
                    // Whoever was first, on another machine, has committed by now.
                }
        }
        finally
        {
            Making.Release();
        }
    }

    private static async Task CreateAsync(NpgsqlConnection db, Dataset? dataset, TableName? target, CancellationToken cancel)
    {
        var names = await NamesAsync(db, cancel);
        var statements = new List<string>();
        var from = !names.Contains("meta") ? names.Contains("loads") ? 1 : 0 : (await VersionAsync(db, cancel))?.Number ?? 0;
        if (from == 0 && await db.ScalarAsync<long>(RedshiftSql.SchemaExists("headrace"), cancel) == 0)
            statements.Add(RedshiftSql.CreateOwnSchema);
        statements.AddRange(WarehouseState.Steps.Migration(new RedshiftState(names), from));

        if (dataset is { } one && !names.Contains(RedshiftSql.PositionTable(one)))
            statements.Add(RedshiftSql.CreatePosition(one));
        if (target is { IsNone: false } table && !names.Contains(RedshiftSql.TargetLock(table)))
            statements.Add(RedshiftSql.CreateTargetLock(table));
        if (statements.Count == 0)
            return;
        await using var transaction = await db.BeginTransactionAsync(cancel);
        if (from > 0 && from < WarehouseState.Steps.Version)
        {
            // Of all who come at once one takes the steps; it takes no snapshot before the others are done.
            await db.ExecuteAsync(RedshiftSql.LockLoads, cancel);
            if (from < WarehouseState.Steps.Version && (await NamesAsync(db, cancel)).Contains("meta") && await VersionAsync(db, cancel) is { } since && since.Number > from)
                return;
        }

        foreach (var statement in statements)
            await db.ExecuteAsync(statement, cancel);
        await db.CommitAsync(transaction, cancel);
    }

    private static async Task<StateVersion?> VersionAsync(NpgsqlConnection db, CancellationToken cancel) =>
        (await db.RowsAsync(WarehouseState.Steps.Question(RedshiftState.Own), row => new StateVersion((int)row.GetInt64(0), row.GetString(1)), cancel)).FirstOrDefault();

    private static string Address(NpgsqlConnection db) => $"{db.Host}:{db.Port}/{db.Database}";
}
