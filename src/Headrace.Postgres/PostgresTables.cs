using Headrace.State;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Headrace's own tables in a PostgreSQL warehouse, schema <c>headrace</c>.</summary>
internal static class PostgresTables
{
    // Of all who start at once one creates; any number will do that nobody else has.
    private const long CreationLock = 0x6865616472616365;

    /// <summary>How PostgreSQL says the changes of these tables.</summary>
    public static readonly StateDialect Own = new Dialect();

    /// <summary>Part of a statement that moves a position: true while the state is of this version.</summary>
    public static readonly string IsCurrent = $"(SELECT max(version) FROM headrace.meta) = {WarehouseState.Steps.Version}";

    /// <summary>True when the tables are there and of this version; those of an older Headrace are brought up to date. Not within a transaction.</summary>
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

        if (!await db.ScalarAsync<bool>("SELECT to_regclass('headrace.positions') IS NOT NULL", cancel))
            return false;
        await MigrateAsync(db, cancel);
        return true;
    }

    /// <summary>Creates what is missing. A role that may create no schema can use one that is there.</summary>
    public static async Task EnsureAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        if (!await ExistAsync(db, cancel))
            await MigrateAsync(db, cancel);
    }

    /// <summary>Which version wrote the state; null when it says none.</summary>
    public static async Task<StateVersion?> VersionAsync(NpgsqlConnection db, CancellationToken cancel) =>
        (await db.RowsAsync(WarehouseState.Steps.Question(Own), row => new StateVersion((int)row.GetInt64(0), row.GetString(1)), cancel)).FirstOrDefault();

    /// <summary>Says what happened where a position did not move: a newer Headrace may have changed the tables meanwhile.</summary>
    public static async Task CheckAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        if (await VersionAsync(db, cancel) is { } found)
            WarehouseState.Steps.IsCurrent(found, Address(db));
    }

    /// <summary>Waits until nobody else makes tables in schema <c>headrace</c>; to the end of the transaction nobody does.</summary>
    public static Task<long> LockCreationAsync(NpgsqlConnection db, CancellationToken cancel) => db.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", cancel, CreationLock);

    /// <summary>The datasets that load into a table.</summary>
    public static async Task<IReadOnlyList<Owner>> OwnersAsync(NpgsqlConnection db, StateDialect dialect, TableName table, CancellationToken cancel) => await db.RowsAsync(
        new OwnerStatements(dialect, table).Read, row => new Owner(row.GetString(0), row.GetString(1), new Claim(row.GetString(2), row.GetBoolean(3))), cancel);

    /// <summary>Holds a lock of this name until the transaction ends.</summary>
    public static Task<long> LockAsync(NpgsqlConnection db, string name, CancellationToken cancel) =>
        db.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('headrace ' || $1, 0))", cancel, name);

    private static string Address(NpgsqlConnection db) => $"{db.Host}:{db.Port}/{db.Database}";

    // Of all who come at once one takes the steps; loads that are under way end before it begins.
    private static async Task MigrateAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        await LockCreationAsync(db, cancel);
        var (hasMeta, hasTables, hasSchema) = (await db.RowsAsync(
            "SELECT to_regclass('headrace.meta') IS NOT NULL, to_regclass('headrace.positions') IS NOT NULL, EXISTS (SELECT FROM pg_namespace WHERE nspname = 'headrace')",
            row => (row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2)), cancel))[0];
        if (!hasSchema)
            await db.ExecuteAsync("CREATE SCHEMA headrace", cancel);
        if (hasMeta)
            await db.ExecuteAsync("LOCK TABLE headrace.meta IN ACCESS EXCLUSIVE MODE", cancel);
        var found = hasMeta ? await VersionAsync(db, cancel) : null;
        if (found is null || !WarehouseState.Steps.IsCurrent(found, Address(db)))
            foreach (var statement in WarehouseState.Steps.Migration(Own, found?.Number ?? (hasTables ? 1 : 0)))
                await db.ExecuteAsync(statement, cancel);
        await db.CommitAsync(transaction, cancel);
    }

    private sealed class Dialect : StateDialect
    {
        public override StateKind Kind => StateKind.Postgres;

        protected override bool HasIndexes => true;

        public override string Literal(string text) => PostgresSql.Literal(text);

        public override string Type(StateType type) => type switch
        {
            StateType.Number => "bigint",
            StateType.Counter => "bigint GENERATED BY DEFAULT AS IDENTITY",
            StateType.Flag => "boolean",
            StateType.Time => "timestamptz",
            _ => "text",
        };
    }
}
