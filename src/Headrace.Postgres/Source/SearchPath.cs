using Npgsql;

namespace Headrace.Postgres;

/// <summary>Where the names of a user's query are looked up.</summary>
internal static class SearchPath
{
    // As the role and the database have it. The setting of the session comes back at once.
    private const string Usual = """
        SET search_path TO DEFAULT;
        SELECT pg_catalog.to_json(pg_catalog.current_schemas(false))::pg_catalog.text;
        SET search_path = pg_catalog, pg_temp
        """;

    // In a schema in which somebody may put functions who may not do all that this role may, a function of theirs could
    // be found instead of the one that is meant.
    private const string Trusted = """
        SELECT coalesce(string_agg(', ' || quote_ident(nspname), '' ORDER BY place), '')
        FROM json_array_elements_text($1::json) WITH ORDINALITY AS usual (name, place)
            JOIN pg_namespace ON nspname = name
        WHERE nspname <> 'pg_catalog' AND NOT EXISTS (
            SELECT FROM (SELECT nspowner UNION SELECT grantee FROM aclexplode(coalesce(nspacl,
                acldefault('n', nspowner))) WHERE privilege_type = 'CREATE') AS may (role)
            WHERE role NOT IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolname IN (current_user, 'pg_database_owner')
                UNION SELECT datdba FROM pg_database WHERE datname = current_database()))
        """;

    /// <summary>
    /// Has a query find unqualified names in the role's usual schemas, but for those in which others may create; until
    /// the connection is given back.
    /// </summary>
    public static async Task OpenAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        var usual = (await db.RowsAsync(Usual, row => row.GetString(0), cancel))[0];
        var trusted = await db.ScalarAsync<string>(Trusted, cancel, usual);
        await db.ExecuteAsync($"SET search_path = pg_catalog{trusted}, pg_temp", cancel);
    }
}
