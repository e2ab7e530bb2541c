using System.Globalization;

namespace Headrace.Postgres.Redshift;

/// <summary>Targets and their rows.</summary>
internal static partial class RedshiftSql
{
    /// <summary>Rows on their way into a target by key.</summary>
    public const string Staged = "headrace_staged";

    private const string Found = "headrace_found";

    private const string Kept = "headrace_kept";

    /// <summary>Schema, table, column, type, length, precision, scale, nullable, default; in order.</summary>
    public static string Columns(TableName name) =>
        $"""
        SELECT CAST(c.table_schema AS varchar(128)), CAST(c.table_name AS varchar(128)), CAST(c.column_name AS varchar(128)), CAST(c.data_type AS varchar(128)),
            CAST(c.character_maximum_length AS integer), CAST(c.numeric_precision AS integer), CAST(c.numeric_scale AS integer), CAST(c.is_nullable AS varchar(3)), CAST(c.column_default AS varchar(4000))
        FROM svv_columns AS c JOIN svv_tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
        WHERE lower(c.table_schema) = {Literal(name.Schema.ToLowerInvariant())} AND lower(c.table_name) = {Literal(name.Table.ToLowerInvariant())} AND t.table_type = 'BASE TABLE'
        ORDER BY c.table_schema, c.table_name, c.ordinal_position
        """;

    public static string CreateSchema(string schema) => $"CREATE SCHEMA IF NOT EXISTS {Identifier(schema)}";

    /// <param name="distribution">As <c>target: { distribution }</c> has it, with a column as the table spells it.</param>
    public static string CreateTable(TableName target, IEnumerable<Column> columns, string? distribution, IReadOnlyList<string> sort)
    {
        var list = columns.Select(column => $"{Identifier(column.Name)} {RedshiftTypes.Name(column.Type)}{(column.Nullable ? "" : " NOT NULL")}");
        var style = distribution switch { null => "", "auto" => " DISTSTYLE AUTO", "all" => " DISTSTYLE ALL", "even" => " DISTSTYLE EVEN", _ => $" DISTSTYLE KEY DISTKEY ({Identifier(distribution)})" };
        return $"CREATE TABLE {Qualified(target)} ({string.Join(", ", list)}){style}{(sort.Count == 0 ? "" : $" COMPOUND SORTKEY ({Names(sort)})")}";
    }

    public static string AddColumn(TableName target, Column column) => $"ALTER TABLE {Qualified(target)} ADD COLUMN {Identifier(column.Name)} {RedshiftTypes.Name(column.Type)}";

    /// <summary>For a person to give: in a transaction Redshift refuses it.</summary>
    public static string Lengthen(TableName target, Column column) => $"ALTER TABLE {Qualified(target)} ALTER COLUMN {Identifier(column.Name)} TYPE {RedshiftTypes.Name(column.Type)}";

    public static string Count(TableName target) => $"SELECT count(*) FROM {Qualified(target)}";

    /// <summary>All rows. TRUNCATE would commit what came before it.</summary>
    public static string DeleteAll(TableName target) => $"DELETE FROM {Qualified(target)}";

    /// <param name="columns">Names, unquoted, with types as statements write them.</param>
    public static string CreateStaged(IEnumerable<(string Name, string Type)> columns) =>
        $"CREATE TEMP TABLE {Staged} ({string.Join(", ", columns.Select(column => $"{Identifier(column.Name)} {column.Type}"))})";

    public const string DropStaged = $"DROP TABLE {Staged}";

    /// <summary>Rows of a manifest into a table. No row is dropped, cut or mended on the way.</summary>
    /// <param name="table">Qualified and quoted, or the name of a temporary table.</param>
    public static string Copy(string table, IEnumerable<string> columns, string manifest, string role, string nothing, string? region) =>
        $"""
        COPY {table} ({Names(columns)}) FROM {Literal(manifest)} IAM_ROLE {Role(role)} FORMAT AS CSV GZIP MANIFEST
        NULL AS {Literal(nothing)} TIMEFORMAT 'auto' DATEFORMAT 'auto' COMPUPDATE OFF{(region is null ? "" : $" REGION AS {Literal(region)}")}
        """;

    /// <summary>How many rows the session's last COPY brought; the answer to COPY itself does not say.</summary>
    public const string CopyCount = "SELECT CAST(pg_last_copy_count() AS bigint)";

    /// <summary>What is on record of rows that COPY refused from files with <paramref name="part"/> in their names: file, line, column, type, code, message.</summary>
    public static string LoadErrors(string part) =>
        $"""
        SELECT trim(file_name), CAST(line_number AS bigint), trim(column_name), trim(column_type), CAST(error_code AS integer), trim(error_message)
        FROM sys_load_error_detail WHERE strpos(file_name, {Literal(part)}) > 0 ORDER BY start_time DESC, line_number LIMIT 3
        """;

    /// <summary>Which staged rows have rows in the target: their key, how many, whether one of them differs.</summary>
    public static string CreateFound(TableName target, IReadOnlyList<(string Name, bool IsText)> keys, IReadOnlyList<(string Name, bool IsText)> values)
    {
        var names = string.Join(", ", keys.Select(key => $"s.{Identifier(key.Name)}"));
        var differs = values.Count == 0 ? "0" : $"max(CASE {string.Join(" ", values.Select(value => Differs(target, value)))} ELSE 0 END)";
        return $"""
            CREATE TEMP TABLE {Found} AS SELECT {names}, count(*) AS headrace_rows, {differs} AS headrace_differs
            FROM {Staged} AS s JOIN {Qualified(target)} ON {On(target, "s", keys)} GROUP BY {names}
            """;
    }

    /// <summary>Found, to be updated, of those the ones that the target has more than once.</summary>
    public const string CountFound =
        $"""
        SELECT count(*), CAST(coalesce(sum(CASE WHEN headrace_differs = 1 OR headrace_rows > 1 THEN 1 ELSE 0 END), 0) AS bigint),
            CAST(coalesce(sum(CASE WHEN headrace_rows > 1 THEN 1 ELSE 0 END), 0) AS bigint) FROM {Found}
        """;

    /// <summary>Of the keys that the target has more than once, one row each, with what is brought.</summary>
    public static IEnumerable<string> MendTwice(TableName target, IReadOnlyList<(string Name, bool IsText)> keys, IReadOnlyList<string> brought, IReadOnlyList<string> all)
    {
        var values = all.Select(name => $"{(brought.Contains(name, StringComparer.OrdinalIgnoreCase) ? "s" : Identifier(target.Table))}.{Identifier(name)} AS {Identifier(name)}");
        var partition = string.Join(", ", keys.Select(key => $"s.{Identifier(key.Name)}"));
        yield return $"""
            CREATE TEMP TABLE {Kept} AS SELECT {Names(all)} FROM (
                SELECT {string.Join(", ", values)}, row_number() OVER (PARTITION BY {partition} ORDER BY {partition}) AS headrace_place
                FROM {Staged} AS s JOIN {Found} AS f ON {On("f", "s", keys)} JOIN {Qualified(target)} ON {On(target, "s", keys)} WHERE f.headrace_rows > 1) AS q
            WHERE headrace_place = 1
            """;
        yield return $"DELETE FROM {Qualified(target)} USING {Found} AS f WHERE {On(target, "f", keys)} AND f.headrace_rows > 1";
        yield return $"INSERT INTO {Qualified(target)} ({Names(all)}) SELECT {Names(all)} FROM {Kept}";
    }

    /// <summary>The rows that differ get what is brought; other columns keep their values.</summary>
    public static string UpdateFound(TableName target, IReadOnlyList<(string Name, bool IsText)> keys, IEnumerable<string> values) =>
        $"""
        UPDATE {Qualified(target)} SET {string.Join(", ", values.Select(name => $"{Identifier(name)} = s.{Identifier(name)}"))} FROM {Staged} AS s, {Found} AS f
        WHERE f.headrace_rows = 1 AND f.headrace_differs = 1 AND {On("f", "s", keys)} AND {On(target, "s", keys)}
        """;

    /// <summary>The rows whose key the target has not.</summary>
    public static string InsertMissing(TableName target, IReadOnlyList<(string Name, bool IsText)> keys, IReadOnlyList<string> brought) =>
        $"""
        INSERT INTO {Qualified(target)} ({Names(brought)}) SELECT {string.Join(", ", brought.Select(name => $"s.{Identifier(name)}"))} FROM {Staged} AS s
        LEFT JOIN {Found} AS f ON {On("f", "s", keys)} WHERE f.headrace_rows IS NULL
        """;

    /// <param name="columns">Of the target; those of the staged table are <c>c0…</c> in their order, and <c>op</c>.</param>
    public static string InsertChanged(TableName target, IReadOnlyList<string> columns, string ops) =>
        $"INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {string.Join(", ", columns.Select((_, i) => Value(i)))} FROM {Staged} AS s WHERE s.op {ops}";

    /// <param name="keys">By their place among the columns.</param>
    public static string DeleteChanged(TableName target, IReadOnlyList<(string Name, int Column, bool IsText)> keys, string ops, string? deletedAt) =>
        $"DELETE FROM {Qualified(target)} USING {Staged} AS s WHERE {OnPlace(target, keys)} AND s.op {ops}{(deletedAt is null ? "" : $" AND {Own(target, deletedAt)} IS NOT NULL")}";

    public static string UpdateChanged(TableName target, IReadOnlyList<(string Name, int Column, bool IsText)> keys, IReadOnlyList<string> columns, string? deletedAt)
    {
        var set = columns.Select((name, i) => $"{Identifier(name)} = {Value(i)}");
        return $"UPDATE {Qualified(target)} SET {string.Join(", ", deletedAt is null ? set : set.Append($"{Identifier(deletedAt)} = NULL"))} FROM {Staged} AS s WHERE s.op = 'U' AND {OnPlace(target, keys)}";
    }

    public static string MarkDeleted(TableName target, IReadOnlyList<(string Name, int Column, bool IsText)> keys, string deletedAt, DateTimeOffset now) =>
        $"UPDATE {Qualified(target)} SET {Identifier(deletedAt)} = {Literal(now)} FROM {Staged} AS s WHERE s.op = 'D' AND {OnPlace(target, keys)}";

    /// <summary>Updates of rows that others have taken away; after <see cref="InsertChanged"/> of the new ones.</summary>
    public static string InsertUpdatedMissing(TableName target, IReadOnlyList<string> columns, IReadOnlyList<(string Name, int Column, bool IsText)> keys) =>
        $"""
        INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {string.Join(", ", columns.Select((_, i) => Value(i)))} FROM {Staged} AS s
        LEFT JOIN {Qualified(target)} ON {OnPlace(target, keys)} WHERE s.op = 'U' AND {Own(target, keys[0].Name)} IS NULL
        """;

    /// <summary>Rows that are released, by key: what they bring takes the place of what is there.</summary>
    /// <param name="keys">By their place among the columns.</param>
    /// <param name="columns">Of the target; those of the staged table are <c>c0…</c> in their order, and for each <c>has_0…</c>: whether the row brings it.</param>
    public static string UpdateReleased(TableName target, IReadOnlyList<(string Name, int Column, bool IsText)> keys, IReadOnlyList<string> columns)
    {
        var set = columns.Select((name, i) => (name, i)).Where(column => keys.All(key => key.Column != column.i))
            .Select(column => string.Create(CultureInfo.InvariantCulture, $"{Identifier(column.name)} = CASE WHEN s.has_{column.i} THEN s.c{column.i} ELSE {Own(target, column.name)} END"));
        return $"UPDATE {Qualified(target)} SET {string.Join(", ", set)} FROM {Staged} AS s WHERE {OnPlace(target, keys)}";
    }

    /// <summary>Rows that are released and whose key the target has not; all of them when there are no keys.</summary>
    public static string InsertReleased(TableName target, IReadOnlyList<(string Name, int Column, bool IsText)> keys, IReadOnlyList<string> columns) =>
        $"""
        INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {string.Join(", ", columns.Select((_, i) => Value(i)))} FROM {Staged} AS s
        {(keys.Count == 0 ? "" : $"LEFT JOIN {Qualified(target)} ON {OnPlace(target, keys)} WHERE {Own(target, keys[0].Name)} IS NULL")}
        """;

    public const string Released = $"SELECT headrace_id FROM {Staged}";

    /// <summary>The rows of a query as gzipped CSV files below a place.</summary>
    public static string Unload(string query, string to, string role, string nothing, string? region) =>
        $"UNLOAD ({Literal(query)}) TO {Literal(to)} IAM_ROLE {Role(role)} FORMAT AS CSV GZIP MAXFILESIZE 256 MB NULL AS {Literal(nothing)}{(region is null ? "" : $" REGION AS {Literal(region)}")}";

    /// <summary>Rows of a table, under its names; those whose keys are staged when there are <paramref name="keys"/>.</summary>
    public static string Rows(RedshiftTable table, IReadOnlyList<(string Name, bool IsText)> keys)
    {
        var values = table.Found.Select(column => column.Type?.Type.Kind == TypeKind.Bytes ? $"from_varbyte({Own(table.Name, column.Name)}, 'hex')" : Own(table.Name, column.Name));
        return $"SELECT {string.Join(", ", values)} FROM {Qualified(table.Name)}{(keys.Count == 0 ? "" : $" JOIN {Staged} AS s ON {On(table.Name, "s", keys)}")}";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Identifier));

    private static string Role(string role) => role == "default" ? "default" : Literal(role);

    private static string Value(int column) => string.Create(CultureInfo.InvariantCulture, $"s.c{column}");

    // Neither DELETE nor UPDATE names its table otherwise everywhere.
    private static string Own(TableName target, string column) => $"{Identifier(target.Table)}.{Identifier(column)}";

    private static string On(TableName target, string other, IEnumerable<(string Name, bool IsText)> keys) => On(Identifier(target.Table), other, keys);

    private static string On(string one, string other, IEnumerable<(string Name, bool IsText)> keys) =>
        string.Join(" AND ", keys.Select(key => Equal($"{one}.{Identifier(key.Name)}", $"{other}.{Identifier(key.Name)}", key.IsText)));

    private static string OnPlace(TableName target, IEnumerable<(string Name, int Column, bool IsText)> keys) =>
        string.Join(" AND ", keys.Select(key => Equal(Own(target, key.Name), Value(key.Column), key.IsText)));

    // Redshift takes texts that differ in blanks at their end for equal.
    private static string Equal(string one, string other, bool isText) => isText ? $"{one} = {other} AND octet_length({one}) = octet_length({other})" : $"{one} = {other}";

    private static string Differs(TableName target, (string Name, bool IsText) value)
    {
        var (staged, own) = ($"s.{Identifier(value.Name)}", Own(target, value.Name));
        return $"WHEN ({staged} IS NULL AND {own} IS NOT NULL) OR ({staged} IS NOT NULL AND {own} IS NULL) OR NOT ({Equal(staged, own, value.IsText)}) THEN 1";
    }
}
