namespace Headrace.Postgres;

/// <summary>What the catalogue of PostgreSQL proposes for the process table.</summary>
public sealed class Catalogue(PostgresDatabase database, string connection) : ICatalogue
{
    public Task<IReadOnlyList<TableEntry>> DiscoverAsync(CancellationToken cancel) =>
        database.RunAsync<IReadOnlyList<TableEntry>>(async () =>
        {
            await using var db = await database.OpenAsync(cancel);
            return await db.RowsAsync(
                """
                SELECT n.nspname || '.' || c.relname,
                    coalesce((SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM pg_constraint AS p
                        CROSS JOIN unnest(p.conkey) WITH ORDINALITY AS k(number, place)
                        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
                            WHERE p.conrelid = c.oid AND p.contype = 'p'), ''),
                    (SELECT a.attname::text FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND t.typname IN ('timestamptz', 'timestamp') AND a.attname ~* '(creat|insert|added)'
                            ORDER BY a.attnum LIMIT 1),
                    (SELECT a.attname::text FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND (t.typname = 'xid8' OR t.typname IN ('timestamptz', 'timestamp') AND a.attname ~*
                            '(updat|modif|chang|touch)') ORDER BY (t.typname = 'xid8') DESC, a.attnum LIMIT 1)
                FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'headrace') AND n.nspname !~ '^pg_'
                ORDER BY 1
                """,
                row => new TableEntry(
                    connection,
                    row.GetString(0),
                    null,
                    row.GetString(1).Split(',', StringSplitOptions.RemoveEmptyEntries),
                    row.Text(2),
                    row.Text(3)
                ),
                cancel
            );
        });
}
