using System.Globalization;
using Headrace.Warehouses;

namespace Headrace.Redshift;

/// <summary>Targets and their rows.</summary>
internal static partial class RedshiftSql
{
    /// <summary>Rows on their way into a target by key.</summary>
    public const string Staged = "headrace_staged";

    /// <summary>The name of a staged column.</summary>
    public static string Name(int column) => string.Create(CultureInfo.InvariantCulture, $"c{column}");

    private const string Matched = "headrace_matched";

    private const string Found = "headrace_found";

    private const string Kept = "headrace_kept";

    /// <summary>Schema, table, column, type, length, precision, scale, nullable, default; in order.</summary>
    public static string Columns(TableName name) =>
        $"""
            SELECT CAST(c.table_schema AS varchar(128)), CAST(c.table_name AS varchar(128)),
                CAST(c.column_name AS varchar(128)), CAST(c.data_type AS varchar(128)),
                CAST(c.character_maximum_length AS integer), CAST(c.numeric_precision AS integer), CAST(c.numeric_scale
                    AS integer), CAST(c.is_nullable AS varchar(3)), CAST(c.column_default AS varchar(4000))
            FROM svv_columns AS c
                JOIN svv_tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
            WHERE lower(c.table_schema) = {Literal(name.Schema.ToLowerInvariant())}
                AND lower(c.table_name) = {Literal(name.Table.ToLowerInvariant())} AND t.table_type = 'BASE TABLE'
            ORDER BY c.table_schema, c.table_name, c.ordinal_position
            """;

    /// <summary>What has this name, in Redshift's words.</summary>
    public static string KindOf(TableName name) =>
        $"""
            SELECT CAST(table_type AS varchar(128)) FROM svv_tables
            WHERE lower(table_schema) = {Literal(name.Schema.ToLowerInvariant())} AND lower(table_name) = {Literal(
                name.Table.ToLowerInvariant()
            )} AND table_type <> 'BASE TABLE'
            """;

    /// <summary>All rows. TRUNCATE would commit what came before it.</summary>
    public static string DeleteAll(TableName target) => $"DELETE FROM {Qualified(target)}";

    /// <param name="columns">Names, unquoted, with types as statements write them.</param>
    public static string CreateStaged(IEnumerable<(string Name, string Type)> columns) =>
        $"CREATE TEMP TABLE {Staged} ("
        + $"{string.Join(", ", columns.Select(column => $"{Identifier(column.Name)} {column.Type}"))})";

    public const string DropStaged = $"DROP TABLE {Staged}";

    /// <summary>Rows of a manifest into a table. No row is dropped, cut or mended on the way.</summary>
    /// <param name="table">Qualified and quoted, or the name of a temporary table.</param>
    public static string Copy(
        string table,
        IEnumerable<string> columns,
        string manifest,
        string role,
        string nothing,
        string? region
    ) =>
        $"""
            COPY {table} ({Names(columns)}) FROM {Literal(manifest)} IAM_ROLE {Role(role)} FORMAT AS CSV GZIP MANIFEST
            NULL AS {Literal(nothing)} TIMEFORMAT 'auto' DATEFORMAT 'auto' COMPUPDATE OFF{(
                region is null ? "" : $" REGION AS {Literal(region)}"
            )}
            """;

    /// <summary>How many rows the session's last COPY brought; the answer to COPY itself does not say.</summary>
    public const string CopyCount = "SELECT CAST(pg_last_copy_count() AS bigint)";

    /// <summary>
    /// What is on record of rows that COPY refused from files with <paramref name="part"/> in their names: file, line,
    /// column, type, code, message.
    /// </summary>
    public static string LoadErrors(string part) =>
        $"""
            SELECT trim(file_name), CAST(line_number AS bigint), trim(column_name), trim(column_type),
                CAST(error_code AS integer), trim(error_message)
            FROM sys_load_error_detail WHERE strpos(file_name, {Literal(part)}) > 0
                ORDER BY start_time DESC, line_number LIMIT 3
            """;

    /// <summary>
    /// Which staged rows have rows in the target: their key (<c>k0…</c>), how many, whether one of them differs. Values
    /// are compared where the rows are joined: grouping would carry all columns of both sides on.
    /// </summary>
    /// <param name="keys">By their place among the staged columns <c>c0…</c>, as the values.</param>
    public static IEnumerable<string> CreateFound(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<(string Name, int Column, bool IsText)> values
    )
    {
        var differs =
            values.Count == 0
                ? "0"
                : $"CASE {string.Join(" ", values.Select(value => Differs(target, value)))} ELSE 0 END";
        yield return $"""
            CREATE TEMP TABLE {Matched} AS SELECT {string.Join(
                ", ",
                keys.Select((key, k) => Text($"{Value(target, key.Column)} AS k{k}"))
            )}, {differs} AS differs
            FROM {Staged} AS {S(target)} JOIN {Qualified(target)} ON {OnPlace(target, keys)}
            """;
        var names = string.Join(", ", keys.Select((_, k) => Text($"k{k}")));

        // Redshift takes texts that differ in blanks at their end for equal.
        var groups = string.Join(
            ", ",
            keys.Select((key, k) => key.IsText ? Text($"k{k}, octet_length(k{k})") : Text($"k{k}"))
        );
        yield return $"CREATE TEMP TABLE {Found} AS SELECT {names}, count(*) AS found, max(differs) AS differs "
            + $"FROM {Matched} GROUP BY {groups}";
    }

    /// <summary>Found, to be updated, of those the ones that the target has more than once.</summary>
    public const string CountFound = $"""
        SELECT count(*), CAST(coalesce(sum(CASE WHEN differs = 1 OR found > 1 THEN 1 ELSE 0 END), 0) AS bigint),
            CAST(coalesce(sum(CASE WHEN found > 1 THEN 1 ELSE 0 END), 0) AS bigint) FROM {Found}
        """;

    /// <summary>Of the keys that the target has more than once, one row each, with what is brought.</summary>
    /// <param name="brought">The staged columns <c>c0…</c>, by their names in the target.</param>
    public static IEnumerable<string> MendTwice(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<string> brought,
        IReadOnlyList<string> all
    )
    {
        var places = all.Select(name =>
                brought.ToList().FindIndex(one => one.Equals(name, StringComparison.OrdinalIgnoreCase))
            )
            .ToList();
        string Brought(string name, int i) => places[i] >= 0 ? Value(target, places[i]) : Own(target, name);
        var values = string.Join(", ", all.Select((name, i) => Text($"{Brought(name, i)} AS o{i}")));
        var partition = EachKey(target, keys);
        var kept = string.Join(", ", all.Select((_, i) => Text($"o{i}")));
        yield return $"""
            CREATE TEMP TABLE {Kept} AS SELECT {kept} FROM (
                SELECT {values}, row_number() OVER (PARTITION BY {partition} ORDER BY {partition}) AS place
                FROM {Staged} AS {S(target)} JOIN {Found} AS {F(target)} ON {OnFound(target, keys)}
                    JOIN {Qualified(target)} ON {OnPlace(target, keys)} WHERE {F(target)}.found > 1) AS q
            WHERE place = 1
            """;
        yield return $"""
            DELETE FROM {Qualified(target)} USING {Found} AS {F(target)}
            WHERE {OnTarget(target, keys)} AND {F(target)}.found > 1
            """;
        yield return $"INSERT INTO {Qualified(target)} ({Names(all)}) SELECT {kept} FROM {Kept}";
    }

    /// <summary>The rows that differ get what is brought; other columns keep their values.</summary>
    public static string UpdateFound(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IEnumerable<(string Name, int Column, bool IsText)> values
    ) =>
        $"""
            UPDATE {Qualified(target)} SET {string.Join(
                ", ",
                values.Select(value => $"{Identifier(value.Name)} = {Value(target, value.Column)}")
            )}
            FROM {Staged} AS {S(target)}, {Found} AS {F(target)}
            WHERE {F(target)}.found = 1 AND {F(target)}.differs = 1 AND {OnFound(target, keys)} AND {OnPlace(
                target,
                keys
            )}
            """;

    /// <summary>The rows whose key the target has not.</summary>
    public static string InsertMissing(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<string> brought
    ) =>
        $"""
            INSERT INTO {Qualified(target)} ({Names(brought)}) SELECT {string.Join(
                ", ",
                brought.Select((_, i) => Value(target, i))
            )} FROM {Staged} AS {S(target)}
            LEFT JOIN {Found} AS {F(target)} ON {OnFound(target, keys)} WHERE {F(target)}.found IS NULL
            """;

    /// <summary>Rows that are released, by key: what they bring takes the place of what is there.</summary>
    /// <param name="keys">By their place among the columns.</param>
    /// <param name="columns">Of the target; those of the staged table are <c>c0…</c> in their order, and <c>has</c>
    /// says of each whether the row brings it.</param>
    public static string UpdateReleased(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<string> columns
    )
    {
        var set = columns
            .Select((name, i) => (name, i))
            .Where(column => keys.All(key => key.Column != column.i))
            .Select(column =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Identifier(column.name)} = CASE WHEN substring({S(target)}.has, {column.i + 1}, "
                        + $"1) = '1' THEN {Value(target, column.i)} ELSE {Own(target, column.name)} END"
                )
            );
        return $"UPDATE {Qualified(target)} SET {string.Join(", ", set)} FROM {Staged} AS {S(target)} "
            + $"WHERE {OnPlace(target, keys)}";
    }

    /// <summary>Rows that are released and whose key the target has not; all of them when there are no keys.</summary>
    /// <param name="has">A pattern for what the rows bring.</param>
    public static string InsertReleased(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<(string Name, int Column)> columns,
        string has
    ) =>
        $"""
            INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {Values(target, columns)}
                FROM {Staged} AS {S(target)}
            {(
                keys.Count == 0
                    ? "WHERE"
                    : $"LEFT JOIN {Qualified(target)} ON {OnPlace(target, keys)} "
                        + $"WHERE {Own(target, keys[0].Name)} IS NULL AND"
            )}
                {S(target)}.has LIKE {Literal(has)}
            """;

    /// <summary>The rows of a query as gzipped CSV files below a place.</summary>
    public static string Unload(string query, string to, string role, string nothing, string? region) =>
        $"UNLOAD ({Literal(query)}) TO {Literal(to)} IAM_ROLE {Role(role)} FORMAT AS CSV GZIP MAXFILESIZE 256 "
        + $"MB NULL AS {Literal(nothing)}{(region is null ? "" : $" REGION AS {Literal(region)}")}";

    /// <summary>
    /// Rows of a table, under its names; those whose keys are staged when there are <paramref name="keys"/>.
    /// </summary>
    public static string Rows(TargetTable table, IReadOnlyList<(string Name, int Column, bool IsText)> keys)
    {
        var values = table.Taken.Select(column =>
            column.Type?.Kind == TypeKind.Bytes
                ? $"from_varbyte({Own(table.Name, column.Name)}, 'hex')"
                : Own(table.Name, column.Name)
        );
        return $"SELECT {string.Join(", ", values)} FROM {Qualified(table.Name)}"
            + (keys.Count == 0 ? "" : $" JOIN {Staged} AS {S(table.Name)} ON {OnPlace(table.Name, keys)}");
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Identifier));

    private static string Role(string role) => role == "default" ? "default" : Literal(role);

    private static string Names(IEnumerable<(string Name, int Column)> columns) =>
        Names(columns.Select(column => column.Name));

    private static string Values(TableName target, IEnumerable<(string Name, int Column)> columns) =>
        string.Join(", ", columns.Select(column => Value(target, column.Column)));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // The staged rows and those that were found, under names that are not the target's.
    private static string S(TableName target) =>
        target.Table.Equals("s", StringComparison.OrdinalIgnoreCase) ? "s_" : "s";

    private static string F(TableName target) =>
        target.Table.Equals("f", StringComparison.OrdinalIgnoreCase) ? "f_" : "f";

    private static string Value(TableName target, int column) => Text($"{S(target)}.c{column}");

    // Neither DELETE nor UPDATE names its table otherwise everywhere.
    private static string Own(TableName target, string column) => $"{Identifier(target.Table)}.{Identifier(column)}";

    private static string OnFound(TableName target, IEnumerable<(string Name, int Column, bool IsText)> keys) =>
        string.Join(
            " AND ",
            keys.Select((key, k) => Equal(Text($"{F(target)}.k{k}"), Value(target, key.Column), key.IsText))
        );

    private static string OnTarget(TableName target, IEnumerable<(string Name, int Column, bool IsText)> keys) =>
        string.Join(
            " AND ",
            keys.Select((key, k) => Equal(Own(target, key.Name), Text($"{F(target)}.k{k}"), key.IsText))
        );

    private static string OnPlace(TableName target, IEnumerable<(string Name, int Column, bool IsText)> keys) =>
        string.Join(" AND ", keys.Select(key => Equal(Own(target, key.Name), Value(target, key.Column), key.IsText)));

    // The staged key, as what tells rows apart: texts that differ in blanks at their end are equal to Redshift.
    private static string EachKey(TableName target, IEnumerable<(string Name, int Column, bool IsText)> keys) =>
        string.Join(
            ", ",
            keys.Select(key => Value(target, key.Column))
                .Zip(keys, (value, key) => key.IsText ? $"{value}, octet_length({value})" : value)
        );

    // Redshift takes texts that differ in blanks at their end for equal.
    private static string Equal(string one, string other, bool isText) =>
        isText ? $"{one} = {other} AND octet_length({one}) = octet_length({other})" : $"{one} = {other}";

    private static string Differs(TableName target, (string Name, int Column, bool IsText) value)
    {
        var (staged, own) = (Value(target, value.Column), Own(target, value.Name));
        return $"WHEN ({staged} IS NULL AND {own} IS NOT NULL) OR ({staged} IS NOT NULL AND {own} IS NULL) "
            + $"OR NOT ({Equal(staged, own, value.IsText)}) THEN 1";
    }
}
