namespace Headrace.Warehouses;

/// <summary>Whether the role of a session may do what loads need, in a database that knows roles.</summary>
internal sealed class RoleRights(SqlSession db, SqlDialect dialect, IConcurrency concurrency, CancellationToken cancel)
{
    private const string OfRows = "SELECT, INSERT, UPDATE, DELETE";

    private readonly List<string> missing = [];

    // Where a dataset has a table of its own for its position, there is always something to make.
    private readonly bool makesPositions = concurrency.Positions("a") != concurrency.Positions("b");

    /// <summary>Looks at the database, at schema <c>headrace</c> and at the targets; changes nothing.</summary>
    /// <exception cref="HeadraceException">HDR-577, with the statements that give what is missing.</exception>
    public async Task CheckAsync(string address, IReadOnlyList<TargetUse> uses)
    {
        var (role, database, mayMake, mayStage) = (
            await db.RowsAsync(
                """
                SELECT CAST(current_user AS varchar(128)), CAST(current_database() AS varchar(128)),
                    has_database_privilege(current_database(), 'CREATE'),
                    has_database_privilege(current_database(), 'TEMP')
                """,
                row => (row.Text(0), row.Text(1), row.Flag(2), row.Flag(3)),
                cancel
            )
        )[0];
        if (!mayStage && (makesPositions || uses.Any(use => use.ChangesRows)))
            missing.Add($"TEMPORARY ON DATABASE {dialect.Identifier(database)}");
        var isMade = await LookAtOwnAsync(uses);
        foreach (var schema in uses.GroupBy(use => use.Table.Schema, StringComparer.OrdinalIgnoreCase))
            isMade &= await LookAsync(schema.Key, [.. schema]);
        if (!isMade && !mayMake)
            missing.Add($"CREATE ON DATABASE {dialect.Identifier(database)}");
        if (missing.Count > 0)
            throw Error.RightsMissing(
                address,
                role,
                missing,
                missing.Select(right => $"GRANT {right} TO {dialect.Identifier(role)}")
            );
    }

    // False when there is no such schema.
    private async Task<bool> LookAtOwnAsync(IReadOnlyList<TargetUse> uses)
    {
        if (await SchemaAsync("headrace") is not { } schema)
            return false;
        var (isThere, shut) = !schema.MayUse
            ? (true, 0)
            : (
                await db.RowsAsync(
                    $"""
                    SELECT sum(CASE WHEN c.relname = 'meta' THEN 1 ELSE 0 END),
                        sum(CASE WHEN {May(OfRows)} THEN 0 ELSE 1 END)
                    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'headrace' AND c.relkind = 'r'
                    """,
                    row => ((row.NumberOrNull(0) ?? 0) > 0, row.NumberOrNull(1) ?? 0),
                    cancel
                )
            )[0];
        Need(schema, !isThere || makesPositions || uses.Any(use => use.HasOwnTable));
        if (shut > 0)
            missing.Add($"{OfRows} ON ALL TABLES IN SCHEMA {dialect.Identifier(schema.Name)}");
        return true;
    }

    private async Task<bool> LookAsync(string name, IReadOnlyList<TargetUse> uses)
    {
        if (await SchemaAsync(name) is not { } schema)
            return false;
        var makes = false;
        foreach (var use in uses.Where(_ => schema.MayUse))
        {
            var rights = use.ChangesRows ? OfRows : "SELECT, INSERT";
            var found = await db.RowsAsync(
                dialect.Sql(
                    $"""
                    SELECT c.relname, {new Raw(May(rights))} FROM pg_class AS c
                        JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = {schema.Name} AND lower(c.relname) = lower({use.Table.Table})
                        AND c.relkind IN ('r', 'p')
                    ORDER BY CASE WHEN c.relname = {use.Table.Table} THEN 0 ELSE 1 END LIMIT 1
                    """
                ),
                row => (Table: row.Text(0), May: row.Flag(1)),
                cancel
            );
            makes |= found.Count == 0;
            if (found.Count > 0 && !found[0].May)
                missing.Add($"{rights} ON {dialect.Qualified(new TableName(schema.Name, found[0].Table))}");
        }

        Need(schema, makes);
        return true;
    }

    private void Need((string Name, bool MayUse, bool MayMake) schema, bool makes)
    {
        var rights = (schema.MayUse, makes && !schema.MayMake) switch
        {
            (false, true) => "USAGE, CREATE",
            (false, false) => "USAGE",
            (true, true) => "CREATE",
            _ => null,
        };
        if (rights is not null)
            missing.Add($"{rights} ON SCHEMA {dialect.Identifier(schema.Name)}");
    }

    private async Task<(string Name, bool MayUse, bool MayMake)?> SchemaAsync(string name)
    {
        var found = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT nspname, has_schema_privilege(nspname, 'USAGE'), has_schema_privilege(nspname, 'CREATE')
                FROM pg_namespace WHERE lower(nspname) = lower({name})
                ORDER BY CASE WHEN nspname = {name} THEN 0 ELSE 1 END LIMIT 1
                """
            ),
            row => (row.Text(0), row.Flag(1), row.Flag(2)),
            cancel
        );
        return found.Count == 0 ? null : found[0];
    }

    private static string May(string rights) =>
        string.Join(
            " AND ",
            rights
                .Split(", ")
                .Select(right =>
                    $"has_table_privilege(quote_ident(n.nspname) || '.' || quote_ident(c.relname), '{right}')"
                )
        );
}
