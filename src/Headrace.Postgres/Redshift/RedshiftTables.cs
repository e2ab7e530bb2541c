using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Headrace's own tables in Redshift, schema <c>headrace</c>; but for the positions, one table for each dataset, names and columns are those of every warehouse.</summary>
internal static class RedshiftTables
{
    private const int MostTries = 5;

    // Loads of one process that begin at once would be in each other's way.
    private static readonly SemaphoreSlim Making = new(1, 1);

    /// <summary>True when those are there that all datasets share.</summary>
    public static async Task<bool> ExistAsync(NpgsqlConnection db, CancellationToken cancel) => (await NamesAsync(db, cancel)).Contains(RedshiftSql.LastOwn);

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
        if (!names.Contains(RedshiftSql.LastOwn))
        {
            if (await db.ScalarAsync<long>(RedshiftSql.SchemaExists("headrace"), cancel) == 0)
                statements.Add(RedshiftSql.CreateOwnSchema);
            statements.AddRange(RedshiftSql.CreateOwn);
        }

        if (dataset is { } one && !names.Contains(RedshiftSql.PositionTable(one)))
            statements.Add(RedshiftSql.CreatePosition(one));
        if (target is { IsNone: false } table && !names.Contains(RedshiftSql.TargetLock(table)))
            statements.Add(RedshiftSql.CreateTargetLock(table));
        if (statements.Count == 0)
            return;
        await using var transaction = await db.BeginTransactionAsync(cancel);
        foreach (var statement in statements)
            await db.ExecuteAsync(statement, cancel);
        await db.CommitAsync(transaction, cancel);
    }
}
