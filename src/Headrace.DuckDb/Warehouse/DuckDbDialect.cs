using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>How a DuckDB warehouse says things. Its file is attached under a name of Headrace's own.</summary>
internal sealed class DuckDbDialect : SqlDialect
{
    public static readonly DuckDbDialect Instance = new();

    private static readonly ColumnType Day = new(TypeKind.Date);

    public override StateDialect State => HeadraceTables.Own;

    public override string Identifier(string name) => DuckDb.Sql.Identifier(name);

    public override string Qualified(TableName name) => HeadraceTables.Target(name);

    public override string TypeName(ColumnType type) => DuckDbTypes.Name(type);

    public override string Matches(string text, string pattern) => $"regexp_matches({text}, {Literal(pattern)})";

    // Of a long IN list DuckDB makes a join, and a join loses the order of rows, in which the last one wins.
    public override string IsOneOf(string value, IReadOnlyList<string> list) =>
        $"list_contains([{string.Join(", ", list)}], {value})";

    public override string? DayOf(string text) =>
        $"(CASE WHEN {DuckDbTypes.Fits(text, Day, null)} THEN {DuckDbTypes.Cast(text, Day, null)} END)";

    public override string JsonValue(string row, string key) =>
        $"json_extract_string({row}, '/' || replace(replace({key}, '~', '~0'), '/', '~1'))";

    // Into a table that is yet to be made binary rows are appended; into others the engine merges typed ones.
    public override bool TakesBinary(TargetTable? table) => table is null;

    public override string? CountSchemas(string schema) => null;

    public override string CreateSchema(string schema) =>
        $"CREATE SCHEMA IF NOT EXISTS {HeadraceTables.Catalog}.{Identifier(schema)}";

    public override string UserNames => $"USE {HeadraceTables.Catalog}";

    // A query around it would give one of two columns of one name another one.
    public override string Describe(string select) => $"SELECT column_name, column_type FROM (DESCRIBE\n{select}\n)";

    public override string Temporary(string name) => $"temp.{name}";

    public override string CreateTemporary(string name, string query) =>
        $"CREATE OR REPLACE TEMP TABLE {name} AS {query}";

    public override string Differ(string value, string own, TargetColumn column) =>
        JsonText.Differ(value, own, column.Type);

    public override string Shown(string statement) =>
        statement.Replace($" {HeadraceTables.Catalog}.\"", " \"", StringComparison.Ordinal);

    /// <summary>The table of that name, whatever the case; null when there is none.</summary>
    /// <exception cref="HeadraceException">HDR-324 when the name is that of a view.</exception>
    public static TargetTable? Find(DuckDbConnection db, TableName name, CancellationToken cancel)
    {
        if (name.IsNone || !Exists(db, name, cancel))
            return null;
        var columns = new List<TargetColumn>();

        // DESCRIBE knows the default of a column that has one; the catalogue has an expression for those that are
        // computed, too.
        using var reader = db.Query(
            $"""
            SELECT d.column_name, d.column_type, d."null" = 'YES', coalesce(d."default", 'NULL') NOT IN ('NULL', ''),
                d."default" IS NULL AND c.column_default IS NOT NULL
            FROM (DESCRIBE {HeadraceTables.Target(name)}) AS d
                JOIN duckdb_columns() AS c ON c.column_name = d.column_name
            WHERE c.database_name = $1 AND lower(c.schema_name) = lower($2) AND lower(c.table_name) = lower($3)
                ORDER BY c.column_index
            """,
            cancel,
            HeadraceTables.Catalog,
            name.Schema,
            name.Table
        );
        while (reader.Read())
            columns.Add(
                new TargetColumn(
                    reader.GetString(0),
                    reader.GetString(1),
                    DuckDbTypes.Parse(reader.GetString(1)),
                    null,
                    reader.GetBoolean(2),
                    reader.GetBoolean(3)
                )
                {
                    IsComputed = reader.GetBoolean(4),
                }
            );
        return new TargetTable(name, columns);
    }

    private static bool Exists(DuckDbConnection db, TableName name, CancellationToken cancel)
    {
        long Count(string kind) =>
            db.Scalar<long>(
                $"""
                SELECT count(*) FROM duckdb_{kind}s() WHERE database_name = $1
                AND lower(schema_name) = lower($2) AND lower({kind}_name) = lower($3)
                """,
                cancel,
                HeadraceTables.Catalog,
                name.Schema,
                name.Table
            );
        return Count("table") > 0 || (Count("view") > 0 ? throw Error.TargetIsNoTable(name, "a view") : false);
    }
}

/// <summary>One process has the file, and one load of it at a time writes: nothing more is to be locked.</summary>
internal sealed class DuckDbConcurrency : IConcurrency
{
    // They are made, or brought up to date, when the file is opened; a plan may look at one that has none.
    public async Task<bool> ExistAsync(SqlSession db, CancellationToken cancel) =>
        await db.NumberAsync(
            $"""
            SELECT count(*) FROM duckdb_tables() WHERE database_name = '{HeadraceTables.Catalog}'
            AND schema_name = 'headrace' AND table_name = 'positions'
            """,
            cancel
        ) > 0;

    public Task EnsureAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel) =>
        Task.CompletedTask;

    public Task LockAsync(SqlSession db, Dataset dataset, CancellationToken cancel) => Task.CompletedTask;

    public Task LockAsync(SqlSession db, TableName target, CancellationToken cancel) => Task.CompletedTask;
}
