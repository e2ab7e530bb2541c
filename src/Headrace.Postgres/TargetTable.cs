using Npgsql;

namespace Headrace.Postgres;

/// <summary>A column of a target as PostgreSQL has it.</summary>
/// <param name="TypeName">As <c>format_type</c> writes it.</param>
/// <param name="IsComputed">PostgreSQL makes its values of other columns; nobody else writes them.</param>
/// <param name="IsNumbered">Its values are always an identity's, unless an insertion says that it has its own.</param>
internal sealed record TargetColumn(string Name, string TypeName, bool Nullable, bool HasDefault, bool IsComputed = false, bool IsNumbered = false);

/// <summary>A target as PostgreSQL has it; names are spelled as they are there.</summary>
internal sealed record TargetTable(TableName Name, IReadOnlyList<TargetColumn> Found)
{
    /// <summary>Qualified and quoted.</summary>
    public string Quoted => Quote(Name);

    /// <summary>True when triggers or rules of the table may keep rows out.</summary>
    public bool HasTriggers { get; private init; }

    /// <summary>The columns that PostgreSQL makes of others.</summary>
    public IReadOnlyList<string> Computed => [.. Found.Where(column => column.IsComputed).Select(column => column.Name)];

    /// <summary>Its columns by their column types, without those that PostgreSQL computes.</summary>
    /// <exception cref="HeadraceException">HDR-307 for a type that has none; HDR-131 for names that differ in nothing but case.</exception>
    public IReadOnlyList<Column> Columns
    {
        get
        {
            if (Found.GroupBy(column => column.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw Error.DuplicateColumn(Name.ToString(), twice.First().Name, twice.Last().Name, 0);
            return [.. Found.Where(column => !column.IsComputed).Select(column => TargetTypes.Parse(column.TypeName) is { } type
                ? new Column(column.Name, type.Type, column.Nullable, column.HasDefault, type.Length)
                : throw Error.UnknownTargetType(Name, column.Name, column.TypeName))];
        }
    }

    /// <summary>True unless a column's type writes its values in another way than the type of that name that sources have.</summary>
    public bool TakesBinary => !Found.Any(column => column.TypeName == "json");

    public static string Quote(TableName name) => $"{PostgresSql.Identifier(name.Schema)}.{PostgresSql.Identifier(name.Table)}";

    /// <summary>The column of that name that takes values, without regard to case; null when there is none.</summary>
    public TargetColumn? Find(string name) => Found.FirstOrDefault(column => !column.IsComputed && column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public bool IsSame(TargetTable? other) => other is not null && other.Name == Name && other.Found.SequenceEqual(Found);

    /// <summary>The table of that name, without regard to case unless two differ in nothing else; null when there is none.</summary>
    /// <exception cref="HeadraceException">HDR-324 when something else has the name; HDR-325 when policies may hide its rows.</exception>
    public static async Task<TargetTable?> FindAsync(NpgsqlConnection db, TableName name, CancellationToken cancel)
    {
        var rows = await db.RowsAsync(
            """
            SELECT c.oid::bigint, n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.atthasdef OR a.attidentity <> '',
                coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '', a.attidentity = 'a', c.relkind::text, row_security_active(c.oid), (c.relhastriggers OR c.relhasrules)
                    OR EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid AND (p.relhastriggers OR p.relhassubclass))
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2) AND (c.relkind IN ('r', 'p') OR (n.nspname = $1 AND c.relname = $2))
            ORDER BY (c.relkind IN ('r', 'p')) DESC, (n.nspname = $1) DESC, (c.relname = $2) DESC, c.oid, a.attnum
            """,
            reader => (Oid: reader.GetInt64(0), Name: new TableName(reader.GetString(1), reader.GetString(2)),
                Column: new TargetColumn(reader.GetString(3), reader.GetString(4), reader.GetBoolean(5), reader.GetBoolean(6), reader.GetBoolean(7), reader.GetBoolean(8)),
                Kind: reader.GetString(9), IsHidden: reader.GetBoolean(10), HasTriggers: reader.GetBoolean(11)),
            cancel, name.Schema, name.Table);
        if (rows.Count == 0)
            return null;
        if (rows[0].Kind is not ("r" or "p"))
            throw Error.TargetIsNoTable(rows[0].Name, rows[0].Kind switch { "v" => "a view", "m" => "a materialized view", "f" => "a foreign table", "S" => "a sequence", "c" => "a type", _ => "an index" });
        return rows[0].IsHidden ? throw Error.TargetRowsHidden(rows[0].Name)
            : new TargetTable(rows[0].Name, [.. rows.Where(row => row.Oid == rows[0].Oid).Select(row => row.Column)]) { HasTriggers = rows[0].HasTriggers };
    }
}
