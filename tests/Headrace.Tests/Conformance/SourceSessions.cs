using System.Diagnostics;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// What a server, a role, an environment or a stranger has set does not change what is read, and a server that says
/// nothing is not waited for.
/// </summary>
public abstract class SourceSessions(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Snapshot =
        "read: snapshot, primary_key: id, write: merge, deletes: hard, limits: { max_deleted: 100% }, retries: 0";

    [Theory]
    [InlineData(Snapshot)]
    [InlineData("read: full-refresh, write: replace, retries: 0")]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge, retries: 0")]
    public async Task RowsThatAPolicyWouldHideStopTheRun(string flow)
    {
        var shop = await Shop($"{Orders}; INSERT INTO orders SELECT i, 'n' FROM generate_series(1, 10) i", flow);
        await As(shop, "walled", "GRANT SELECT ON orders TO {0}");
        await World.Load();
        await shop.Execute(
            "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON orders USING (id <= 5)"
        );
        foreach (
            var command in (string[][])
                [
                    ["run", "--json"],
                    ["plan", "--json"],
                ]
        )
        {
            var answer = await World.Run(command);
            Assert.Equal((1, "HDR-159"), (answer.Exit, answer.Only.Error));
            Assert.Contains("orders", answer.Only.ErrorText, StringComparison.Ordinal);
        }

        Assert.Equal("10", await Value("SELECT count(*) FROM raw.orders"));
        var doctor = await World.Run("doctor");
        Assert.Equal(1, doctor.Exit);
        Assert.Contains("orders", doctor.Text, StringComparison.Ordinal);
        Assert.Contains("BYPASSRLS", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FunctionsAndOperatorsOfOthersAreNotFoundByTheirNames()
    {
        const string Shadows = """
            CREATE FUNCTION public.shadow(of text) RETURNS text
                LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'shadow of %', of; END $$;
            CREATE FUNCTION public.hashtextextended(text, int) RETURNS bigint LANGUAGE sql AS $$
                SELECT public.shadow('hash')::bigint $$;
            CREATE FUNCTION public.lower(name) RETURNS text LANGUAGE sql AS $$ SELECT public.shadow('lower') $$;
            CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE sql AS $$ SELECT public.shadow('upper') $$;
            CREATE FUNCTION public.joined(name, name) RETURNS text LANGUAGE sql AS $$
                SELECT public.shadow('operator') $$;
            CREATE OPERATOR public.|| (FUNCTION = public.joined, LEFTARG = name, RIGHTARG = name);
            DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            """;
        var shop = await Shop(
            "CREATE TABLE orders (id int PRIMARY KEY, name varchar(9), "
                + $"updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO orders VALUES (1, 'a'); {Shadows}",
            [
                "orders: { source: { connection: shop, table: orders }, read: incremental, primary_key: id, "
                    + "update_key: updated_at, write: merge }",
                "shout: { source: { connection: shop, query: \"SELECT id, "
                    + "upper(name) AS name FROM orders\" }, read: full-refresh, write: replace }",
            ]
        );
        if (WarehouseDatabase is { } target && Kind == WarehouseKind.Postgres)
            await target.Execute(Shadows);

        // Whoever owns the database may do all in it; what it makes is meant.
        Assert.Contains(
            "shadow of upper",
            (await World.Run("run", "shout", "--json")).Only.ErrorText,
            StringComparison.Ordinal
        );
        await shop.Execute("GRANT CREATE ON SCHEMA public TO stranger");
        await World.Load("orders");
        await shop.Execute("UPDATE orders SET name = 'b', updated_at = now()");
        Assert.Equal(1L, (await World.Load("orders")).Only["updated"]);
        Assert.Equal(0, (await World.Run("verify", "orders")).Exit);
        var unfound = await World.Run("run", "shout", "--json");
        Assert.Equal((1, "HDR-152"), (unfound.Exit, unfound.Only.Error));
        Assert.Contains("write the schema", unfound.Only.ErrorText, StringComparison.Ordinal);
        Reconfigure("FROM orders", "FROM public.orders");
        await World.Load("shout");
        Assert.Equal(["1|B"], await Rows("SELECT id, name FROM raw.shout"));
    }

    [Fact]
    public async Task SettingsOfTheRoleAndOfTheEnvironmentChangeNoValue()
    {
        const string Table = """
            CREATE TABLE orders (id int PRIMARY KEY, "größe" float8, b bytea, at timestamptz, day date, span interval,
                list text[], note text, mark uuid);
            INSERT INTO orders VALUES (1, 0.1 + 0.2::float8, '\x00ff5c', '2026-02-03 04:05:06.789+00', '2026-02-03',
                '1 day 2:03', ARRAY['NULL', NULL, 'ü'], E'a\\b''ü', '00000000-0000-0000-0000-000000000001')
            """;
        var shop = await Shop(Table, Snapshot);
        await World.Load();
        await As(
            shop,
            "odd",
            """
            GRANT SELECT ON orders TO {0}; ALTER ROLE {0} SET datestyle = 'SQL, DMY'; ALTER ROLE {0}
                SET bytea_output = 'escape'; ALTER ROLE {0} SET extra_float_digits = -5;
            ALTER ROLE {0} SET intervalstyle = 'sql_standard'; ALTER ROLE {0} SET timezone = 'Asia/Tokyo';
                ALTER ROLE {0} SET standard_conforming_strings = off;
            ALTER ROLE {0} SET quote_all_identifiers = on; ALTER ROLE {0}
                SET default_transaction_isolation = 'serializable'; ALTER ROLE {0} SET statement_timeout = '100ms';
            ALTER ROLE {0} SET search_path = nowhere; ALTER ROLE {0} SET client_encoding = 'LATIN1'; ALTER ROLE {0}
                SET array_nulls = off; ALTER ROLE {0} SET transform_null_equals = on;
            """
        );
        var environment = new Dictionary<string, string>
        {
            ["PGCLIENTENCODING"] = "SQL_ASCII",
            ["PGOPTIONS"] = "-c nothing=of -c the=kind",
            ["PGTZ"] = "Asia/Tokyo",
            ["PGSSLNEGOTIATION"] = "direct",
            ["PGGSSENCMODE"] = "require",
            ["PGAPPNAME"] = "else",
        };
        var again = await World.RunProcess(environment, "run", "--json");
        Assert.True(again.Exit == 0, again.Text);
        Assert.Equal("up_to_date", again.Only.Outcome);
    }

    [Fact]
    public async Task AServerThatSaysNothingIsNotWaitedForAndOneThatWorksIs()
    {
        var shop = await Shop(
            "CREATE TABLE orders AS SELECT i AS id, repeat('x', 1000) AS name FROM generate_series(1, 3000) i",
            [
                "orders: { source: { connection: shop, table: orders }, read: full-refresh, write: replace, "
                    + "retry_delay: 10ms }",
                "slow: { source: { connection: shop, query: \"SELECT 1 AS id, pg_sleep(4)::text AS name\" }, "
                    + "read: full-refresh, write: replace, retries: 0 }",
            ]
        );
        Reconfigure(
            $"shop: {shop.Yaml}",
            $"shop: {shop.Yaml.Replace(" }", ", silence: 1s }", StringComparison.Ordinal)}"
        );
        await World.Load("slow");

        await using var proxy = new CuttingProxy(ServerPort, 200_000, isSilent: true);
        Reconfigure(
            $"port: {ServerPort}, database: {shop.Name}, user: tester, password: known, silence",
            $"port: {proxy.Port}, database: {shop.Name}, user: tester, password: known, silence"
        );
        var started = Stopwatch.GetTimestamp();
        var answer = await World.Run("run", "orders", "--json");
        Assert.True(answer.Exit == 0, answer.Text);
        Assert.Equal((1, "3000"), (proxy.Cuts, await Value("SELECT count(*) FROM raw.orders")));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        Assert.Equal(
            ["0"],
            await shop.Query(
                """
                SELECT count(*) AS n FROM pg_stat_activity
                WHERE datname = current_database() AND state <> 'idle' AND application_name = 'headrace'
                """
            )
        );
    }
}

public sealed class SourceSessionsIntoDuckDb(PostgresServer server) : SourceSessions(server, WarehouseKind.DuckDb);

public sealed class SourceSessionsIntoPostgres(PostgresServer server) : SourceSessions(server, WarehouseKind.Postgres)
{
    [Theory]
    [InlineData(500)]
    [InlineData(3_000)]
    [InlineData(6_000)]
    public async Task AWarehouseThatSaysNothingIsNotWaitedForEither(int bytes)
    {
        await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i",
            "read: incremental, primary_key: id, update_key: updated_at, write: merge, retry_delay: 10ms"
        );
        var yaml = WarehouseDatabase!.Yaml;
        await using var proxy = new CuttingProxy(ServerPort, bytes, isSilent: true);
        Reconfigure(
            $"warehouse: {yaml}",
            "warehouse: "
                + yaml.Replace($"port: {ServerPort}", $"port: {proxy.Port}", StringComparison.Ordinal)
                    .Replace(" }", ", silence: 1s }", StringComparison.Ordinal)
        );
        var answer = await World.Run("run", "--json");
        Assert.True(answer.Exit == 0, answer.Text);
        await World.Load();
        Assert.Equal((1, "3000"), (proxy.Cuts, await Value("SELECT count(*) FROM raw.orders")));
    }

    [Fact]
    public async Task RowsOfTheTargetThatAPolicyWouldHideStopTheLoad()
    {
        var shop = await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, 'n' FROM generate_series(1, 10) i",
            "read: incremental, primary_key: id, update_key: updated_at, write: merge, retries: 0"
        );
        await World.Load();
        await shop.Execute("UPDATE orders SET updated_at = now()");
        await WarehouseDatabase!.Execute(
            """
            DO $$ BEGIN CREATE ROLE loader LOGIN PASSWORD 'known';
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            GRANT ALL ON SCHEMA raw, headrace TO loader; GRANT ALL ON ALL TABLES IN SCHEMA raw, headrace TO loader;
                ALTER TABLE raw.orders ENABLE ROW LEVEL SECURITY;
            CREATE POLICY half ON raw.orders USING (id <= 5) WITH CHECK (true)
            """
        );
        Reconfigure(
            $"warehouse: {WarehouseDatabase.Yaml}",
            $"warehouse: {WarehouseDatabase.Yaml.Replace("user: tester", "user: loader", StringComparison.Ordinal)}"
        );
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-325"), (answer.Exit, answer.Only.Error));
        Assert.Equal("10", await Value("SELECT count(*) FROM raw.orders"));
    }
}

public sealed class SourceSessionsIntoRedshift(PostgresServer server) : SourceSessions(server, WarehouseKind.Redshift);
