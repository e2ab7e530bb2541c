using System.Globalization;
using Headrace.Configuration;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>A column of a source table, as its database describes it.</summary>
/// <param name="TypeName">As <c>format_type</c> writes it; a domain's is that of its base type. Redshift's as <c>svv_columns</c> has it.</param>
/// <param name="Category"><c>pg_type.typcategory</c>; of no meaning where <see cref="Type"/> is said.</param>
internal sealed record SourceColumn(string Name, string TypeName, char Category, bool IsNotNull)
{
    public string Quoted => PostgresSql.Identifier(Name);

    public ColumnType Type { get; init; } = PostgresTypes.Of(TypeName, Category);

    /// <summary>As <see cref="StagedColumn.Written"/>.</summary>
    public ColumnType? Written { get; init; } = PostgresTypes.Written(TypeName, Category);
}

/// <summary>What a flow reads: a table or view with its columns and its identity, or a query.</summary>
/// <param name="From">What stands after FROM.</param>
/// <param name="Identity">Server, database and table; another one is another source. Empty where the server does not tell.</param>
/// <param name="Rows">As the planner estimates them; -1 when it does not know.</param>
/// <param name="Bytes">Of its rows on the server's disk, without what is stored apart; 0 for views and queries.</param>
/// <param name="HasPages">Whether it can be read by ranges of pages.</param>
internal sealed record SourceTable(string Name, string From, string Identity, IReadOnlyList<SourceColumn> Columns, double Rows, long Bytes, bool HasPages)
{
    // Ranges of pages are read as such from this version on.
    private const int FirstWithRanges = 14;

    /// <summary>Describes the source of a flow.</summary>
    /// <exception cref="HeadraceException">HDR-152 when it is not there.</exception>
    public static async Task<SourceTable> DescribeAsync(NpgsqlConnection db, Source source, string address, CancellationToken cancel)
    {
        if (source.Query is { } query)
            return await DescribeAsync(db, query, cancel);
        var name = source.Table!.Contains('.', StringComparison.Ordinal) ? source.Table : $"public.{source.Table}";
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return await DescribeAsync(db, name[..dot], name[(dot + 1)..], address, cancel);
    }

    /// <summary>The names and types of what stands after FROM, as it is read in this transaction from now on: nobody can change it any more.</summary>
    public static async Task<string> LayoutAsync(NpgsqlConnection db, string from, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"SELECT * FROM {from} LIMIT 0", db);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return string.Join('\n', Enumerable.Range(0, reader.FieldCount).Select(i => string.Create(CultureInfo.InvariantCulture, $"{reader.GetName(i)} {reader.GetDataTypeOID(i)} {reader.GetDataTypeName(i)}")));
    }

    /// <summary>Describes a table.</summary>
    public static async Task<SourceTable> DescribeAsync(NpgsqlConnection db, string schema, string table, string address, CancellationToken cancel)
    {
        var (name, from) = ($"{schema}.{table}", $"{PostgresSql.Identifier(schema)}.{PostgresSql.Identifier(table)}");
        var layout = await LayoutAsync(db, from, cancel);
        var columns = new List<SourceColumn>();
        var (identity, rows, bytes, oid) = ("", -1d, 0L, 0L);
        await using (var command = new NpgsqlCommand(
            """
            SELECT a.attname::text, format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
                coalesce(b.typcategory, t.typcategory)::text, a.attnotnull::text, c.oid::text, c.reltuples::text,
                (CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END)::text,
                (SELECT oid::text FROM pg_database WHERE datname = current_database())
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_type AS b ON t.typtype = 'd' AND b.oid = t.typbasetype
            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY a.attnum
            """, db) { Parameters = { new() { Value = schema }, new() { Value = table } } })
        await using (var reader = await command.ExecuteReaderAsync(cancel))
            while (await reader.ReadAsync(cancel))
            {
                columns.Add(new SourceColumn(reader.GetString(0), reader.GetString(1), reader.GetString(2)[0], reader.GetString(3) == "true"));
                identity = $"{reader.GetString(7)}/{reader.GetString(4)}";
                oid = long.Parse(reader.GetString(4), CultureInfo.InvariantCulture);
                rows = double.Parse(reader.GetString(5), CultureInfo.InvariantCulture);
                bytes = long.Parse(reader.GetString(6), CultureInfo.InvariantCulture);
            }

        return columns.Count == 0
            ? throw Error.SourceTableMissing(address, name, "no table, view or foreign table of this name")
            : new SourceTable(name, from, $"{await ServerAsync(db, cancel)}/{identity}", columns, rows, bytes, db.PostgreSqlVersion.Major >= FirstWithRanges)
            {
                Layout = layout,
                UniqueKeys = await db.RowsAsync(
                    """
                    SELECT string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C") FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
                    WHERE i.indrelid = $1::bigint AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
                        AND ((SELECT relkind FROM pg_class WHERE oid = i.indrelid) = 'p' OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = i.indrelid))
                    GROUP BY i.indexrelid HAVING bool_and(a.attnotnull)
                    """, row => row.GetString(0), cancel, oid),
            };
    }

    /// <summary>The columns as their rows are staged.</summary>
    public IReadOnlyList<StagedColumn> Staged => [.. Columns.Select(column => new StagedColumn(column.Name, Written: column.Written, IsNotNull: column.IsNotNull))];

    /// <summary>What <see cref="LayoutAsync"/> said before the columns were asked for.</summary>
    public string Layout { get; init; } = "";

    /// <summary>The columns of each index that keeps rows apart, joined by commas in their alphabetical order.</summary>
    public IReadOnlyList<string> UniqueKeys { get; private init; } = [];

    /// <summary>True when the source holds no two rows with the same values of these columns, and no NULL in them.</summary>
    public bool IsUnique(IEnumerable<string> columns) => UniqueKeys.Contains(string.Join(',', columns.Order(StringComparer.Ordinal)));

    /// <summary>A column by name; null when there is none. Case counts only where two names differ in nothing else.</summary>
    public SourceColumn? Find(string name) =>
        Columns.FirstOrDefault(column => column.Name == name) ?? Columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static async Task<SourceTable> DescribeAsync(NpgsqlConnection db, string query, CancellationToken cancel)
    {
        var from = $"({query.TrimEnd().TrimEnd(';')}\n) AS source";
        var layout = await LayoutAsync(db, from, cancel);
        var found = new List<(string Name, string Type)>();
        await using (var command = new NpgsqlCommand($"SELECT * FROM {from} LIMIT 0", db))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
            foreach (var column in reader.GetColumnSchema())
                found.Add((column.ColumnName, column.NumericPrecision is > 0 and var precision && column.TypeOID == 1700
                    ? string.Create(CultureInfo.InvariantCulture, $"numeric({precision},{column.NumericScale ?? 0})")
                    : column.TypeOID.ToString(CultureInfo.InvariantCulture)));

        var columns = new List<SourceColumn>();
        foreach (var (name, type) in found)
        {
            await using var command = new NpgsqlCommand(
                "SELECT format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE NULL END), coalesce(b.typcategory, t.typcategory)::text FROM pg_type AS t LEFT JOIN pg_type AS b ON t.typtype = 'd' AND b.oid = t.typbasetype WHERE t.oid = $1::oid",
                db) { Parameters = { new() { Value = long.TryParse(type, out var oid) ? oid : 1700L } } };
            await using var reader = await command.ExecuteReaderAsync(cancel);
            await reader.ReadAsync(cancel);
            columns.Add(new SourceColumn(name, type.StartsWith('n') ? type : reader.GetString(0), reader.GetString(1)[0], false));
        }

        return new SourceTable("query", from, await ServerAsync(db, cancel), columns, -1, 0, false) { Layout = layout };
    }

    // Where the function may not be asked, the position says only which table it was.
    private static async Task<string> ServerAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE') THEN (SELECT system_identifier::text FROM pg_control_system()) END", db);
        return await command.ExecuteScalarAsync(cancel) as string ?? "";
    }
}
