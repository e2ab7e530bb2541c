using System.Globalization;
using Headrace.Configuration;
using Npgsql;
using Npgsql.Schema;

namespace Headrace.Postgres;

/// <summary>A column of a source table, as its database describes it.</summary>
/// <param name="TypeName">As <c>format_type</c> writes it; a domain's is that of its base type. Redshift's as
/// <c>svv_columns</c> has it.</param>
/// <param name="Category"><c>pg_type.typcategory</c>; of no meaning where <see cref="Type"/> is said.</param>
internal sealed record SourceColumn(string Name, string TypeName, char Category, bool IsNotNull)
{
    public string Quoted => PostgresSql.Identifier(Name);

    /// <summary>
    /// True when PostgreSQL itself says which of two values is larger; an extension's word for it need not be found.
    /// </summary>
    public bool IsOrdered { get; init; } = true;

    public ColumnType Type { get; init; } = PostgresTypes.Of(TypeName, Category);

    /// <summary>As <see cref="StagedColumn.Written"/>.</summary>
    public ColumnType? Written { get; init; } = PostgresTypes.Written(TypeName, Category);
}

/// <summary>What a flow reads: a table or view with its columns and its identity, or a query.</summary>
/// <param name="From">What stands after FROM.</param>
/// <param name="Identity">Server, database and table; another one is another source. Empty where the server does not
/// tell.</param>
/// <param name="Rows">As the planner estimates them; -1 when it does not know.</param>
/// <param name="Bytes">Of its rows on the server's disk, without what is stored apart; 0 for views and queries.</param>
/// <param name="HasPages">Whether it can be read by ranges of pages.</param>
internal sealed record SourceTable(
    string Name,
    string From,
    string Identity,
    IReadOnlyList<SourceColumn> Columns,
    double Rows,
    long Bytes,
    bool HasPages
)
{
    // Ranges of pages are read as such from this version on.
    private const int FirstWithRanges = 14;

    /// <summary>Describes the source of a flow.</summary>
    /// <exception cref="HeadraceException">HDR-152 when it is not there.</exception>
    public static async Task<SourceTable> DescribeAsync(
        NpgsqlConnection db,
        Source source,
        string address,
        CancellationToken cancel
    )
    {
        if (source.Query is { } query)
            return await DescribeAsync(db, query, cancel);
        var name = await FindAsync(db, source.Table!, address, cancel);
        try
        {
            return await DescribeAsync(db, name, address, cancel);
        }
        catch (PostgresException refused) when (PostgresErrors.IsHidden(refused))
        {
            throw Error.RowsHidden(address, name.ToString(), refused.MessageText, refused);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw Error.SourceTableMissing(
                address,
                name.ToString(),
                $"{refused.SqlState} {refused.MessageText}",
                "have its owner say: GRANT "
                    + $"SELECT ON {PostgresSql.Identifier(name.Schema)}.{PostgresSql.Identifier(name.Table)} TO the "
                    + "connection's user; where only some columns may be read, name them in query:",
                refused
            );
        }
    }

    /// <summary>
    /// The names and types of what stands after FROM, as it is read in this transaction from now on: nobody can change
    /// it any more.
    /// </summary>
    public static Task<string> LayoutAsync(NpgsqlConnection db, string from, CancellationToken cancel) =>
        db.ColumnsAsync(
            $"SELECT * FROM {from} LIMIT 0",
            reader =>
                string.Join(
                    '\n',
                    Enumerable
                        .Range(0, reader.FieldCount)
                        .Select(i =>
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{reader.GetName(i)} {reader.GetDataTypeOID(i)} {reader.GetDataTypeName(i)}"
                            )
                        )
                ),
            cancel
        );

    /// <summary>Describes a table.</summary>
    /// <exception cref="HeadraceException">HDR-152, HDR-159.</exception>
    public static async Task<SourceTable> DescribeAsync(
        NpgsqlConnection db,
        TableName table,
        string address,
        CancellationToken cancel
    )
    {
        var (name, from) = (
            table.ToString(),
            $"{PostgresSql.Identifier(table.Schema)}.{PostgresSql.Identifier(table.Table)}"
        );
        var layout = await LayoutAsync(db, from, cancel);
        var rows = await db.RowsAsync(
            $"""
            SELECT a.attname::text, {ResolvedType.Columns}, a.attnotnull::text, c.oid::bigint,
                c.reltuples::double precision,
                CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END, (SELECT oid::text
                    FROM pg_database WHERE datname = current_database())
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                {ResolvedType.From("a.atttypid", "a.atttypmod")}
            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ({Kinds}) ORDER BY a.attnum
            """,
            row =>
                (
                    Column: Column(row.GetString(0), row, 1, row.GetString(4) == "true"),
                    Number: row.GetInt64(5),
                    Rows: row.GetDouble(6),
                    Bytes: row.GetInt64(7),
                    Database: row.GetString(8)
                ),
            cancel,
            table.Schema,
            table.Table
        );
        if (rows.Count == 0)
            throw Error.SourceTableMissing(
                address,
                name,
                "a table without columns",
                "leave the table out, or have it get columns"
            );
        var (_, number, estimate, bytes, database) = rows[0];
        var server = await ServerAsync(db, cancel);
        return new SourceTable(
            name,
            from,
            string.Create(CultureInfo.InvariantCulture, $"{server}/{database}/{number}"),
            [.. rows.Select(row => row.Column)],
            estimate,
            bytes,
            db.PostgreSqlVersion.Major >= FirstWithRanges
        )
        {
            Layout = layout,
            Number = number,
            UniqueKeys = await db.RowsAsync(
                """
                SELECT string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C") FROM pg_index AS i JOIN pg_attribute
                    AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
                WHERE i.indrelid = $1::bigint AND i.indisunique AND i.indisvalid AND i.indimmediate
                    AND i.indpred IS NULL AND i.indexprs IS NULL
                    AND ((SELECT relkind FROM pg_class WHERE oid = i.indrelid) = 'p' OR NOT EXISTS (SELECT
                        FROM pg_inherits WHERE inhparent = i.indrelid))
                GROUP BY i.indexrelid HAVING bool_and(a.attnotnull)
                """,
                row => row.GetString(0),
                cancel,
                number
            ),
        };
    }

    /// <summary>
    /// The table that a name means: <c>table</c> in <c>public</c>, or <c>schema.table</c>, either of which may have
    /// points of its own.
    /// </summary>
    private static async Task<TableName> FindAsync(
        NpgsqlConnection db,
        string name,
        string address,
        CancellationToken cancel
    )
    {
        var found = await db.RowsAsync(
            $"""
            SELECT n.nspname::text, c.relname::text, has_schema_privilege(n.oid, 'USAGE'),
                has_table_privilege(c.oid, 'SELECT')
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ({Kinds}) AND c.relname = ANY ($1)
                AND (n.nspname || '.' || c.relname = $2 OR (n.nspname = 'public' AND c.relname = $2))
            ORDER BY n.nspname || '.' || c.relname = $2 DESC, n.nspname
            """,
            row =>
                (
                    Name: new TableName(row.GetString(0), row.GetString(1)),
                    MayEnter: row.GetBoolean(2),
                    MayRead: row.GetBoolean(3)
                ),
            cancel,
            Endings(name),
            name
        );
        if (found.Count == 0)
            throw Error.SourceTableMissing(
                address,
                name,
                "no table, view or foreign table of this name",
                "correct table: of the flow, or bring the table back"
            );
        if (found.Count > 1 && found[0].Name.Schema != "public" && found[1].Name.Schema != "public")
            throw Error.SourceTableMissing(
                address,
                name,
                $"{found.Count} tables of this name, "
                    + $"in the schemas {string.Join(" and ", found.Select(one => $"'{one.Name.Schema}'"))}",
                "read the one that is meant by query:"
            );
        var (table, mayEnter, mayRead) = found[0];
        if (!mayEnter)
            throw Error.SourceTableMissing(
                address,
                name,
                $"the connection's user may not use the schema '{table.Schema}'",
                $"have its owner say: GRANT USAGE ON SCHEMA {PostgresSql.Identifier(table.Schema)} TO the "
                    + $"connection's user{(mayRead ? "" : ", and GRANT SELECT on the table")}"
            );
        return table;
    }

    // What may be the table's own part of a name.
    private static string[] Endings(string name) =>
        [
            name,
            .. Enumerable
                .Range(0, name.Length)
                .Where(i => name[i] == '.' && i + 1 < name.Length)
                .Select(i => name[(i + 1)..]),
        ];

    private const string Kinds = "'r', 'p', 'v', 'm', 'f'";

    // Name of the type, category, whether it is PostgreSQL's own.
    private static SourceColumn Column(string name, NpgsqlDataReader row, int type, bool isNotNull) =>
        new(name, row.GetString(type), row.GetString(type + 1)[0], isNotNull)
        {
            IsOrdered = row.GetString(type + 2) == "true",
        };

    /// <summary>The columns as their rows are staged.</summary>
    public IReadOnlyList<StagedColumn> Staged =>
        [
            .. Columns.Select(column => new StagedColumn(
                column.Name,
                Written: column.Written,
                IsNotNull: column.IsNotNull
            )),
        ];

    /// <summary>Its number in the catalogue; 0 for a query.</summary>
    public long Number { get; private init; }

    /// <summary>What <see cref="LayoutAsync"/> said before the columns were asked for.</summary>
    public string Layout { get; init; } = "";

    /// <summary>
    /// The columns of each index that keeps rows apart, joined by commas in their alphabetical order.
    /// </summary>
    public IReadOnlyList<string> UniqueKeys { get; private init; } = [];

    /// <summary>
    /// True when the source holds no two rows with the same values of these columns, and no NULL in them.
    /// </summary>
    public bool IsUnique(IEnumerable<string> columns) =>
        UniqueKeys.Contains(string.Join(',', columns.Order(StringComparer.Ordinal)));

    /// <summary>
    /// A column by name; null when there is none. Case counts only where two names differ in nothing else.
    /// </summary>
    public SourceColumn? Find(string name) =>
        Columns.FirstOrDefault(column => column.Name == name)
        ?? Columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static async Task<SourceTable> DescribeAsync(NpgsqlConnection db, string query, CancellationToken cancel)
    {
        var from = $"({query.TrimEnd().TrimEnd(';')}\n) AS source";
        var layout = await LayoutAsync(db, from, cancel);
        var found = await db.ColumnsAsync(
            $"SELECT * FROM {from} LIMIT 0",
            reader =>
                reader
                    .GetColumnSchema()
                    .Select(column =>
                        (Name: column.ColumnName, Number: (long)column.TypeOID, Modifier: Modifier(column))
                    )
                    .ToList(),
            cancel
        );
        var columns = await db.RowsAsync(
            $"""
            SELECT {ResolvedType.Columns}, place FROM unnest($1::bigint[], $2::bigint[])
                WITH ORDINALITY AS asked (type, modifier, place)
                {ResolvedType.From("asked.type::oid", "asked.modifier::int")} ORDER BY place
            """,
            row => (Place: row.GetInt64(3), Column: Column("", row, 0, isNotNull: false)),
            cancel,
            found.Select(column => column.Number).ToArray(),
            found.Select(column => column.Modifier).ToArray()
        );
        return new SourceTable(
            "query",
            from,
            await ServerAsync(db, cancel),
            [.. columns.Select(column => column.Column with { Name = found[(int)column.Place - 1].Name })],
            -1,
            0,
            false
        )
        {
            Layout = layout,
        };
    }

    // As the catalogue keeps precision and scale of a number; of other types it is of no meaning here.
    private static long Modifier(NpgsqlDbColumn column) =>
        column is { TypeOID: 1700, NumericPrecision: > 0 and var precision }
            ? ((precision << 16) | ((column.NumericScale ?? 0) & 0x7FF)) + 4
            : -1;

    // Where the function may not be asked, the position says only which table it was.
    private static async Task<string> ServerAsync(NpgsqlConnection db, CancellationToken cancel) =>
        await db.ScalarAsync<string>(
            """
            SELECT CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier::text FROM pg_control_system()) END
            """,
            cancel
        ) ?? "";
}
