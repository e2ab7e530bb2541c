using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Tables that are not what the flow says, or not what they were: each ends by its name, in every command.
/// </summary>
public abstract class SourceDrift(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Merge = "read: incremental, primary_key: id, update_key: updated_at, write: merge, retries: 0";
    private const string Three = $"{Orders}; INSERT INTO orders SELECT i, 'n' || i FROM generate_series(1, 3) i";

    [Theory]
    [InlineData("ALTER TABLE orders RENAME updated_at TO changed_at", "HDR-153")]
    [InlineData("ALTER TABLE orders DROP updated_at", "HDR-153")]
    [InlineData("ALTER TABLE orders DROP id", "HDR-153")]
    [InlineData(
        "ALTER TABLE orders ALTER updated_at DROP DEFAULT; ALTER TABLE orders ALTER updated_at TYPE int USING 7",
        "HDR-153"
    )]
    [InlineData(
        "ALTER TABLE orders ALTER updated_at DROP DEFAULT; ALTER TABLE orders ALTER updated_at TYPE jsonb USING '1'",
        "HDR-153"
    )]
    [InlineData("DROP TABLE orders", "HDR-152")]
    [InlineData("ALTER TABLE orders RENAME TO others; CREATE TABLE orders (LIKE others)", "HDR-154")]
    [InlineData("ALTER TABLE orders RENAME TO others", "HDR-152")]
    [InlineData("CREATE SCHEMA old; ALTER TABLE orders SET SCHEMA old", "HDR-152")]
    public async Task WhatChangedIsNamedByEveryCommand(string change, string code)
    {
        var shop = await Shop(Three, Merge);
        await World.Load();
        await shop.Execute(change);
        foreach (var command in (string[])["run", "plan"])
        {
            var answer = await World.Run(command, "--json");
            Assert.Equal((1, code), (answer.Exit, answer.Only.Error));
        }

        var verify = await World.Run("verify");
        Assert.True(verify.Exit != 0 && verify.Text.Contains(code, StringComparison.Ordinal), verify.Text);
        var doctor = await World.Run("doctor");
        Assert.Equal(1, doctor.Exit);
        Assert.Contains("orders", doctor.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE orders DROP name")]
    [InlineData("ALTER TABLE orders RENAME name TO title")]
    [InlineData("ALTER TABLE orders ALTER name TYPE int USING 7")]
    [InlineData("ALTER TABLE orders ALTER id TYPE text")]
    [InlineData("ALTER TABLE orders ALTER id TYPE numeric(40,0)")]
    [InlineData("ALTER TABLE orders ALTER updated_at TYPE timestamp")]
    public async Task NoChangeOfAColumnEndsInAnErrorOfHeadracesOwn(string change)
    {
        var shop = await Shop(Three, Merge);
        await World.Load();
        await shop.Execute(change);
        await shop.Execute("UPDATE orders SET updated_at = now()");
        foreach (
            var command in (string[][])
                [
                    ["plan"],
                    ["run"],
                    ["verify"],
                    ["verify", "--repair"],
                    ["doctor"],
                ]
        )
            Assert.DoesNotContain("HDR-901", (await World.Run(command)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DomainsAreWhatTheyAreMadeOf()
    {
        await Shop(
            """
            CREATE DOMAIN price AS numeric(12,2); CREATE DOMAIN fare AS price CHECK (VALUE > 0);
                CREATE DOMAIN toll AS fare; CREATE DOMAIN moment AS timestamptz;
            CREATE DOMAIN many AS int[]; CREATE TYPE mood AS ENUM ('sad', 'well'); CREATE DOMAIN feeling AS mood;
            CREATE TABLE orders (id int PRIMARY KEY, a price, b fare, c toll, d moment, e many, f toll[], g feeling,
                updated_at moment NOT NULL DEFAULT now());
            INSERT INTO orders VALUES (1, 1.5, 2.5, 3.25, '2026-01-01 00:00+00', '{1,2}', ARRAY[4.5], 'well')
            """,
            Merge
        );
        await World.Load();
        Assert.Equal(["1|1.50|2.50|3.25|well"], await Rows("SELECT id, a, b, c, g FROM raw.orders"));
        Assert.Equal(
            ["a|12|2", "b|12|2", "c|12|2"],
            await Rows(
                """
                SELECT column_name, numeric_precision, numeric_scale FROM information_schema.columns
                WHERE table_schema = 'raw' AND table_name = 'orders' AND column_name IN ('a', 'b', 'c')
                ORDER BY column_name
                """
            )
        );
        Reconfigure("table: orders", "query: \"SELECT * FROM public.orders\"");
        Reconfigure("flows:\n  orders:", "flows:\n  asked:");
        await World.Load();
        Assert.Equal(["1|1.50|2.50|3.25|well"], await Rows("SELECT id, a, b, c, g FROM raw.asked"));
    }

    [Fact]
    public async Task WhatCannotBeReadSaysWhyAndWhatHelps()
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int, "ID" int); CREATE TABLE bare (); CREATE SCHEMA shut;
            CREATE TABLE shut.t (id int); CREATE TABLE closed (id int)
            """,
            [
                Flow("alike", "table: orders"),
                Flow("bare", "table: bare"),
                Flow("shut", "table: shut.t"),
                Flow("closed", "table: closed"),
                Flow("unknown", "query: \"SELECT nothing FROM public.orders\""),
            ]
        );
        await As(shop, "outside", "GRANT SELECT ON orders, bare, shut.t TO {0}");
        await Said("alike", "HDR-161", "'id' and 'ID' of 'orders'", "query:");
        await Said("bare", "HDR-152", "'public.bare'", "without columns");
        await Said("shut", "HDR-152", "'shut.t'", "GRANT USAGE ON SCHEMA");
        await Said("closed", "HDR-152", "'public.closed'", "GRANT SELECT ON");
        await Said("unknown", "HDR-152", "'query'", "nothing");

        async Task Said(string flow, string code, params string[] words)
        {
            var answer = await World.Run("run", flow, "--json");
            Assert.Equal((1, code), (answer.Exit, answer.Only.Error));
            Assert.All(
                words,
                word =>
                    Assert.Contains(
                        word,
                        System.Text.RegularExpressions.Regex.Unescape(answer.Only.ErrorText),
                        StringComparison.Ordinal
                    )
            );
        }
    }

    [Theory]
    [InlineData("read: full-refresh, write: replace")]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    public async Task TextThatIsNoUtf8IsSetAsideAlone(string flow)
    {
        var shop = await Shop("SELECT 1", flow);
        var name = $"{shop.Name}_bytes";
        await shop.Execute(
            $"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        );
        await Database(name)
            .Execute($"{Orders}; INSERT INTO orders VALUES (1, 'a'), (2, E'\\377'), (3, E'\\303\\274')");
        Reconfigure($"database: {shop.Name},", $"database: {name},");
        var run = (await World.Load()).Only;
        Assert.Equal((2L, 1L), (run["inserted"], run["quarantined"]));
        Assert.Equal(["1|a", "3|ü"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task NamesMayHavePoints()
    {
        await Shop(
            """
            CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."c.d" (id int); INSERT INTO "a.b"."c.d"
            VALUES (1); CREATE TABLE "x.y" (id int); INSERT INTO "x.y" VALUES (2), (3)
            """,
            [Flow("one", "table: a.b.c.d"), Flow("two", "table: x.y")]
        );
        await World.Load();
        Assert.Equal(
            ("1", "2"),
            (await Value("SELECT count(*) FROM raw.one"), await Value("SELECT count(*) FROM raw.two"))
        );
    }

    [Fact]
    public async Task AServerThatIsStartingUpIsAskedAgain()
    {
        var shop = await Shop(Three, "read: full-refresh, write: replace, retries: 3, retry_delay: 10ms");
        await using var proxy = new CuttingProxy(ServerPort, int.MaxValue) { StartingUp = 2 };
        Reconfigure(
            $"shop: {shop.Yaml}",
            $"shop: {shop.Yaml.Replace($"port: {ServerPort}", $"port: {proxy.Port}", StringComparison.Ordinal)}"
        );
        Assert.Equal(3L, (await World.Load()).Only["inserted"]);
        Assert.Equal(0, proxy.StartingUp);
    }

    [Theory]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    [InlineData("read: full-refresh, write: replace")]
    public async Task ARowThatIsTooLongIsSetAsideAloneInTheFirstSyncAndInLaterOnes(string flow)
    {
        const string Long =
            "INSERT INTO orders (id, name, doc) VALUES ({0}, 'long', decode(repeat('ab', 200000), 'hex'))";
        var shop = await Shop(
            $"{Orders}; ALTER TABLE orders ADD doc bytea; INSERT INTO orders (id, name) "
                + $"VALUES (1, 'a'), (3, E'c\\n\"'); {Long.Replace("{0}", "2", StringComparison.Ordinal)}",
            $"{flow}, limits: {{ max_record_bytes: 100KB }}"
        );
        var first = (await World.Load()).Only;
        Assert.Equal((2L, 1L), (first["inserted"], first["quarantined"]));
        Assert.Contains(
            "a row of more than max_record_bytes",
            await Value("SELECT reason FROM headrace.quarantine"),
            StringComparison.Ordinal
        );
        await shop.Execute(
            $"INSERT INTO orders (id, name) VALUES (4, 'd'); {Long.Replace("{0}", "5", StringComparison.Ordinal)}"
        );
        await World.Load();
        Assert.Equal(["1", "3", "4"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
        Assert.Equal("2", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
        Assert.DoesNotContain("HDR-123", (await World.Run("verify")).Text, StringComparison.Ordinal);
        Reconfigure("max_record_bytes: 100KB", "max_record_bytes: 1MB");
        await shop.Execute("UPDATE orders SET updated_at = now() WHERE id IN (2, 5)");
        await World.Load();
        Assert.Equal(
            "400000",
            await Value(
                Kind == WarehouseKind.DuckDb
                    ? "SELECT sum(octet_length(doc)) FROM raw.orders"
                    : "SELECT sum(length(doc)) FROM raw.orders"
            )
        );
    }

    private static string Flow(string name, string source) =>
        $"{name}: {{ source: {{ connection: shop, {source} }}, read: full-refresh, write: replace, retries: 0 }}";
}

public sealed class SourceDriftIntoDuckDb(PostgresServer server) : SourceDrift(server, WarehouseKind.DuckDb);

public sealed class SourceDriftIntoPostgres(PostgresServer server) : SourceDrift(server, WarehouseKind.Postgres)
{
    [Theory]
    [InlineData("xmin")]
    [InlineData("ctid")]
    public async Task AColumnThatPostgresKeepsForItselfIsNamed(string column)
    {
        await Shop(
            "SELECT 1",
            "read: full-refresh, write: replace, retries: 0",
            $"query: \"SELECT 1 AS id, 'a' AS {column}\""
        );
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-163"), (answer.Exit, answer.Only.Error));
        Assert.Contains(column, answer.Only.ErrorText, StringComparison.Ordinal);
    }
}

public sealed class SourceDriftIntoRedshift(PostgresServer server) : SourceDrift(server, WarehouseKind.Redshift);
