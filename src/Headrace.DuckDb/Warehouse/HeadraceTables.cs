using Headrace.State;

namespace Headrace.DuckDb;

/// <summary>Headrace's own tables in a DuckDB warehouse, schema <c>headrace</c>.</summary>
internal static class HeadraceTables
{
    /// <summary>The name under which the warehouse's file is attached.</summary>
    public const string Catalog = "warehouse";

    /// <summary>How DuckDB says the changes of these tables.</summary>
    public static readonly StateDialect Own = new Dialect();

    /// <summary>A Headrace table, qualified.</summary>
    public static string Table(string name) => $"{Catalog}.headrace.{name}";

    /// <summary>A user's table, qualified and quoted.</summary>
    public static string Target(TableName name) =>
        $"{Catalog}.{Sql.Identifier(name.Schema)}.{Sql.Identifier(name.Table)}";

    /// <summary>
    /// Makes what is missing: all of it, or what an older Headrace did not know; in one transaction, so one write to
    /// the disk.
    /// </summary>
    /// <param name="warehouse">The file's path.</param>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace made them.</exception>
    public static void Ensure(DuckDbConnection db, string warehouse, CancellationToken cancel)
    {
        var from = Version(db, warehouse, cancel);
        if (from < WarehouseState.Steps.Version)
            db.Execute(
                $"BEGIN; CREATE SCHEMA IF NOT EXISTS {Catalog}.headrace; "
                    + $"{string.Join("; ", WarehouseState.Steps.Migration(Own, from))}; COMMIT",
                cancel
            );
    }

    /// <summary>The version of the state that is there; 0 when nothing is.</summary>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace made it.</exception>
    public static int Version(DuckDbConnection db, string warehouse, CancellationToken cancel)
    {
        if (
            db.Scalar<long>(
                """
                SELECT count(*) FROM duckdb_tables()
                WHERE database_name = $1 AND schema_name = 'headrace' AND table_name = 'meta'
                """,
                cancel,
                Catalog
            ) > 0
        )
        {
            using var reader = db.Query(WarehouseState.Steps.Question(Own), cancel);
            if (reader.Read())
            {
                var found = new StateVersion((int)reader.GetInt64(0), reader.GetString(1));
                return WarehouseState.Steps.IsCurrent(found, warehouse) ? WarehouseState.Steps.Version : found.Number;
            }
        }

        return
            db.Scalar<long>(
                """
                SELECT count(*) FROM duckdb_tables()
                WHERE database_name = $1 AND schema_name = 'headrace' AND table_name = 'positions'
                """,
                cancel,
                Catalog
            ) > 0
            ? 1
            : 0;
    }

    /// <summary>The same for a file whose tables have no schema: that of the ledger.</summary>
    public static readonly StateDialect Local = new LocalDialect();

    private sealed class LocalDialect : Dialect
    {
        public override string Name(string table) => table;
    }

    private class Dialect : StateDialect
    {
        public override string Database => "DuckDb";

        public override string Name(string table) => Table(table);

        public override string Literal(string text) => Sql.Literal(text);

        public override string Type(StateType type) =>
            type switch
            {
                StateType.Number or StateType.Counter => "BIGINT",
                StateType.Flag => "BOOLEAN",
                StateType.Time => "TIMESTAMPTZ",
                _ => "VARCHAR",
            };
    }
}
