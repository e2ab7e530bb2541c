namespace Headrace.Postgres;

/// <summary>
/// What a type of the catalogue is made of, in SQL: a domain is that, with the length and precision that are said
/// there, however often it is made of another domain.
/// </summary>
internal static class ResolvedType
{
    /// <summary>Name of the type, category, whether it is PostgreSQL's own.</summary>
    public const string Columns =
        "format_type(b.oid, b.typmod), t.typcategory::text, "
        + "(t.typnamespace = 'pg_catalog'::regnamespace OR t.typtype = 'e')::text";

    /// <summary>What goes on in FROM.</summary>
    public static string From(string type, string modifier) =>
        $"""
            CROSS JOIN LATERAL (
                WITH RECURSIVE made (oid, typmod) AS (
                    SELECT {type}, {modifier} UNION ALL SELECT d.typbasetype, d.typtypmod FROM made
                        JOIN pg_type AS d ON d.oid = made.oid AND d.typtype = 'd')
                SELECT oid, typmod FROM made) AS b JOIN pg_type AS t ON t.oid = b.oid AND t.typtype <> 'd'
            """;
}
