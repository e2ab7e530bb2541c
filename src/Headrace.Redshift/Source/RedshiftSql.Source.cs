namespace Headrace.Redshift;

/// <summary>Tables as source.</summary>
internal static partial class RedshiftSql
{
    /// <summary>
    /// What a session that reads begins with: how values are written, whatever the user's own settings are. Numbers get
    /// all of their digits.
    /// </summary>
    public static readonly IReadOnlyList<string> Reading =
    [
        "SET datestyle TO 'ISO, MDY'",
        "SET extra_float_digits TO 2",
    ];

    /// <summary>Has the names in a query that a user wrote looked up where the user's own sessions look.</summary>
    public const string OwnPath = "RESET search_path";

    /// <summary>The cluster's or namespace's own name, which no other one has, and the database.</summary>
    public const string Place =
        "SELECT CAST(current_namespace AS varchar(128)), CAST(current_database() AS varchar(128))";

    /// <summary>Now, in UTC.</summary>
    public const string Clock = "SELECT CAST(sysdate AS varchar(64))";

    /// <summary>How many rows the session's last UNLOAD wrote.</summary>
    public const string UnloadCount = "SELECT CAST(pg_last_unload_count() AS bigint)";

    private const string NotOurs =
        "NOT IN ('pg_catalog', 'information_schema', 'pg_internal', 'pg_automv', 'pg_auto_copy', 'headrace')";

    /// <summary>
    /// Column, type, length, precision, scale, nullable, schema, table, of what may be read under a name; in order.
    /// </summary>
    public static string SourceColumns(string schema, string table) =>
        $"""
            SELECT CAST(column_name AS varchar(128)), CAST(data_type AS varchar(128)),
                CAST(character_maximum_length AS integer), CAST(numeric_precision AS integer),
                CAST(numeric_scale AS integer), CAST(is_nullable AS varchar(3)), CAST(table_schema AS varchar(128)),
                    CAST(table_name AS varchar(128))
            FROM svv_columns WHERE lower(table_schema) = {Literal(schema.ToLowerInvariant())}
                AND lower(table_name) = {Literal(table.ToLowerInvariant())}
            ORDER BY table_schema, table_name, ordinal_position
            """;

    /// <summary>The number that a table has for its life; none for what is not in this database.</summary>
    public static string TableNumber(TableName name) =>
        $"""
            SELECT CAST(c.oid AS bigint) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = {Literal(name.Schema)} AND c.relname = {Literal(name.Table)}
            """;

    /// <summary>What stands after FROM for a query that a user wrote; the last line of it may be a comment.</summary>
    public static string FromQuery(string query) => $"({query.TrimEnd().TrimEnd(';')}\n) AS source";

    /// <summary>No row, but what the columns are.</summary>
    public static string Layout(string from) => $"SELECT * FROM {from} LIMIT 0";

    /// <summary>The largest value of a column, as text.</summary>
    /// <param name="below">A condition that leaves NaN out, which is larger than every number.</param>
    public static string Most(string from, string column, string? below) =>
        $"SELECT CAST(max({Identifier(column)}) AS varchar(64)) FROM {from}{(below is null ? "" : $" WHERE {below}")}";

    /// <summary>A condition: a column is of some order to a value, which is the text of one of its type.</summary>
    public static string Compare(string column, string order, string value, string type) =>
        $"{Identifier(column)} {order} CAST({Literal(value)} AS {type})";

    public static string IsNull(string column) => $"{Identifier(column)} IS NULL";

    /// <summary>The rows of a source for which a condition holds.</summary>
    /// <param name="columns">Names, and types as <c>svv_columns</c> has them.</param>
    public static string SourceRows(string from, IEnumerable<(string Name, string Type)> columns, string? condition) =>
        $"SELECT {string.Join(", ", columns.Select(column => Unloaded(Identifier(column.Name), column.Type)))}"
        + $" FROM {from}{(condition is null ? "" : $" WHERE {condition}")}";

    /// <summary>Schema, table, column, type, of all tables of users; in order.</summary>
    public const string AllColumns = $"""
        SELECT CAST(c.table_schema AS varchar(128)), CAST(c.table_name AS varchar(128)),
            CAST(c.column_name AS varchar(128)), CAST(c.data_type AS varchar(128))
        FROM svv_columns AS c JOIN svv_tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE t.table_type = 'BASE TABLE' AND c.table_schema {NotOurs}
            ORDER BY c.table_schema, c.table_name, c.ordinal_position
        """;

    /// <summary>Schema, table, and the definition of each declared primary key: <c>PRIMARY KEY (a, b)</c>.</summary>
    public const string PrimaryKeys = $"""
        SELECT CAST(n.nspname AS varchar(128)), CAST(c.relname AS varchar(128)),
            CAST(pg_get_constraintdef(k.oid) AS varchar(65535))
        FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE k.contype = 'p' AND n.nspname {NotOurs}
        """;

    // As a text that says all of the value. A CHAR loses the blanks that fill it up, which are none of its value; seven
    // or eight digits are not enough for every real, and those of a double are.
    private static string Unloaded(string column, string type) =>
        type switch
        {
            "super" => $"json_serialize({column})",
            "binary varying" or "varbyte" => $"from_varbyte({column}, 'hex')",
            "character" => $"CAST({column} AS varchar(4096))",
            "real" => $"CAST({column} AS double precision)",
            _ => column,
        };
}
