using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Finds a target in PostgreSQL's catalogue.</summary>
internal static class TargetLook
{
    /// <summary>
    /// The table of that name, without regard to case unless two differ in nothing else; null when there is none.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-324 when something else has the name; HDR-325 when policies may hide its
    /// rows.</exception>
    public static async Task<TargetTable?> FindAsync(NpgsqlConnection db, TableName name, CancellationToken cancel)
    {
        var rows = await db.RowsAsync(
            """
            SELECT c.oid::bigint, n.nspname::text, c.relname::text, a.attname::text,
                format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.atthasdef OR a.attidentity <> '',
                coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '', a.attidentity = 'a', c.relkind::text,
                    row_security_active(c.oid), (c.relhastriggers OR c.relhasrules)
                    OR EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhrelid
                        WHERE i.inhparent = c.oid AND (p.relhastriggers OR p.relhassubclass))
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2)
                AND (c.relkind IN ('r', 'p') OR (n.nspname = $1 AND c.relname = $2))
            ORDER BY (c.relkind IN ('r', 'p')) DESC, (n.nspname = $1) DESC, (c.relname = $2) DESC, c.oid, a.attnum
            """,
            reader =>
                (
                    Oid: reader.GetInt64(0),
                    Name: new TableName(reader.GetString(1), reader.GetString(2)),
                    Column: Column(reader),
                    Kind: reader.GetString(9),
                    IsHidden: reader.GetBoolean(10),
                    HasTriggers: reader.GetBoolean(11)
                ),
            cancel,
            name.Schema,
            name.Table
        );
        if (rows.Count == 0)
            return null;
        if (rows[0].Kind is not ("r" or "p"))
            throw Error.TargetIsNoTable(
                rows[0].Name,
                rows[0].Kind switch
                {
                    "v" => "a view",
                    "m" => "a materialized view",
                    "f" => "a foreign table",
                    "S" => "a sequence",
                    "c" => "a type",
                    _ => "an index",
                }
            );
        return rows[0].IsHidden
            ? throw Error.TargetRowsHidden(rows[0].Name)
            : new TargetTable(rows[0].Name, [.. rows.Where(row => row.Oid == rows[0].Oid).Select(row => row.Column)])
            {
                HasTriggers = rows[0].HasTriggers,
            };
    }

    private static TargetColumn Column(NpgsqlDataReader row)
    {
        var type = TargetTypes.Parse(row.GetString(4));
        return new TargetColumn(
            row.GetString(3),
            row.GetString(4),
            type?.Type,
            type?.Length,
            row.GetBoolean(5),
            row.GetBoolean(6)
        )
        {
            IsComputed = row.GetBoolean(7),
            IsNumbered = row.GetBoolean(8),
        };
    }
}
