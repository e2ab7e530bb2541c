using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Files into tables of a real PostgreSQL.</summary>
public sealed class PostgresTargets(PostgresServer server) : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    /// <summary>A lake, an empty database as warehouse with the schema raw, and these flows.</summary>
    internal static async Task<PostgresTestDatabase> Into(PostgresServer server, World world, string flows)
    {
        var target = await server.DatabaseAsync();
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              pg: {{target.Yaml}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults:
              target: { connection: pg, schema: raw }
            flows:
              {{flows.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );
        return target;
    }

    /// <summary>A run that succeeds, though its sessions are ended from outside while it waits at a boundary.</summary>
    internal static async Task RunsThoughItsSessionsEndAt(string boundary, World world, PostgresTestDatabase target)
    {
        using var child = world.Start(World.At(boundary, "stop"), "run", "--json");
        await child.Stopped();
        Assert.Equal(
            ["true"],
            await target.Query(
                """
                SELECT DISTINCT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'headrace' AND datname = current_database()
                """
            )
        );
        child.Signal("CONT");
        var answer = await child.Ended();
        Assert.True(answer.Exit == 0, answer.Text);
    }

    internal const string Prices =
        """prices: { source: { connection: lake, path: "prices/*" }, columns: { id: bigint, """
        + """price: "decimal(12,2)" }, read: incremental, write: append }""";

    internal const string Customers =
        """customers: { source: { connection: lake, path: "customers/*" }, columns: { id: bigint, """
        + "name: text }, read: incremental, primary_key: id, write: merge }";

    internal const string Suppliers =
        """suppliers: { source: { connection: lake, path: "suppliers/*" }, read: incremental, write: replace }""";

    [Fact]
    public async Task AMergedTableThatIsMadeHasItsKeyAndThePlanSaysSo()
    {
        var target = await Into(server, world, Customers);
        world.Put("customers/1.csv", "id,name\n1,a\n");
        Assert.Contains("ADD PRIMARY KEY", (await world.Run("plan", "--json")).Output, StringComparison.Ordinal);
        await world.Load();
        Assert.Equal(
            ["PRIMARY KEY (id)"],
            await target.Query(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'raw.customers'::regclass"
            )
        );
    }

    [Fact]
    public async Task AMergeTouchesNoRowThatIsTheSame()
    {
        var target = await Into(server, world, Customers);
        world.Put("customers/1.csv", "id,name\n1,a\n2,b\n", landedSecondsAgo: 900);
        await world.Load();
        await target.Execute("CREATE TABLE before AS SELECT id, xmin::text AS version FROM raw.customers");
        world.Put("customers/2.csv", "id,name\n1,a\n2,new\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(
            ["1"],
            await target.Query(
                """
                SELECT id FROM raw.customers AS c
                WHERE EXISTS (SELECT 1 FROM before AS b WHERE b.id = c.id AND b.version = c.xmin::text)
                """
            )
        );
    }

    [Fact]
    public async Task ReplaceKeepsAViewAndAGrant()
    {
        var target = await Into(server, world, Suppliers);
        world.Put("suppliers/1.csv", "id,name\n1,a\n2,b\n", landedSecondsAgo: 7200);
        await world.Load();
        await target.Execute(
            "DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'known'; "
                + "EXCEPTION WHEN duplicate_object THEN NULL; END $$; CREATE VIEW raw.seen AS SELECT * "
                + "FROM raw.suppliers; GRANT SELECT ON raw.suppliers TO reader"
        );
        world.Put("suppliers/2.csv", "id,name\n7,x\n8,y\n9,z\n");
        await world.Load();
        Assert.Equal(["7", "8", "9"], await target.Query("SELECT id FROM raw.seen ORDER BY id"));
        Assert.Equal(
            ["true"],
            await target.Query("SELECT has_table_privilege('reader', 'raw.suppliers', 'SELECT') AS may")
        );
    }

    [Fact]
    public async Task ATableThatIsThereIsUsedAsItIsSpelled()
    {
        var target = await Into(
            server,
            world,
            """t: { source: { connection: lake, path: "t/*" }, read: incremental, primary_key: id, """
                + "write: merge, target: { schema: raw, table: Things } }"
        );
        await target.Execute(
            """
            CREATE SCHEMA "Raw"; CREATE TABLE "Raw".things ("ID" int PRIMARY KEY,
            "Name" varchar(5), made timestamptz DEFAULT '2026-01-01', n serial)
            """
        );
        world.Put("t/1.csv", "id,NAME\n1,short\n2,too long\n");
        Assert.Equal("1i 0u 0d 0s 1q", (await world.Load()).Only.Counts);
        Assert.Equal(["1|short|1"], await target.Query("SELECT \"ID\", \"Name\", n FROM \"Raw\".things"));
        Assert.Contains(
            "varchar(5)",
            Assert.Single(await target.Query("SELECT reason FROM headrace.quarantine")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("name char(5)")]
    [InlineData("name timestamp(0)")]
    [InlineData("name money")]
    [InlineData("name text[]")]
    public async Task ATypeThatWouldChangeValuesStopsByName(string column)
    {
        var target = await Into(server, world, Customers);
        await target.Execute($"CREATE SCHEMA raw; CREATE TABLE raw.customers (id bigint, {column})");
        world.Put("customers/1.csv", "id,name\n1,a\n");
        Assert.Equal("HDR-307", (await world.Run("run", "--json")).Only.Error);
    }

    [Fact]
    public async Task ANameThatWouldBeCutStopsByName()
    {
        var target = await Into(
            server,
            world,
            """t: { source: { connection: lake, path: "t/*" }, read: incremental, write: append }"""
        );
        world.Put("t/1.csv", $"id,{new string('n', 64)}\n1,2\n");
        Assert.Equal("HDR-312", (await world.Run("run", "--json")).Only.Error);
        Assert.Empty(await target.Query("SELECT 1 AS n FROM pg_tables WHERE schemaname = 'raw'"));
    }

    [Fact]
    public async Task ADropFolderMakesEvolvesAndRefuses()
    {
        var target = await Into(
            server,
            world,
            """inbox: { source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }, read: drop, """
                + """target: { schema: "{database}", table: "{table}" } }"""
        );
        string Schema(string columns) =>
            $$"""{"schema_version": 1, "columns": [{{columns}}], "allowed_operations": """
            + """["append","truncate","schema"]}""";
        world
            .Put(
                "inbox/shop/schema/t/1.json",
                Schema("""{"name": "a", "type": "integer"}, {"name": "b", "type": "timestamp", "nullable": false}"""),
                landedSecondsAgo: 900
            )
            .Put("inbox/shop/append/t/1.csv", "a,b\n1,2026-01-01 10:00:00\nx,2026-01-01\n2,\n", landedSecondsAgo: 800);
        await world.Load();
        world
            .Put(
                "inbox/shop/schema/t/2.json",
                Schema(
                    """{"name": "a", "type": "bigint"}, {"name": "b", "type": "text"}, {"name": "c", "type": "json"}"""
                ),
                landedSecondsAgo: 700
            )
            .Put("inbox/shop/append/t/2.csv", "a,b,c\n3000000000,t,\"{\"\"x\"\": 1}\"\n", landedSecondsAgo: 600);
        await world.Load();
        Assert.Equal(
            ["1|2026-01-01 10:00:00|NULL", "3000000000|t|{\"x\": 1}"],
            await target.Query("SELECT a, b, c::text FROM shop.t ORDER BY a")
        );
        world.Put(
            "inbox/shop/schema/t/3.json",
            Schema(
                """{"name": "a", "type": "integer"}, {"name": "b", "type": "text"}, {"name": "c", "type": "json"}"""
            ),
            landedSecondsAgo: 500
        );
        Assert.Equal("HDR-147", (await world.Run("run", "--json")).Only.Error);
        world.Remove("inbox/shop/schema/t/3.json");
        world.Put("inbox/shop/truncate/t/3.csv", "a,b,c\n5,u,\n", landedSecondsAgo: 400);
        await world.Load();
        Assert.Equal(["5|u|NULL"], await target.Query("SELECT a, b, c::text FROM shop.t"));
    }

    [Fact]
    public async Task ATableOfPostgresIsMergedIntoAnother()
    {
        var target = await Into(
            server,
            world,
            "orders: { source: { connection: pg, table: orders }, read: incremental, primary_key: id, "
                + "update_key: updated_at, write: merge }"
        );
        await target.Execute(
            """
            CREATE TABLE orders (id int PRIMARY KEY, name text, tags text[],
            updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO orders
            SELECT i, 'n' || i, ARRAY['x'], '2026-01-01' FROM generate_series(1, 1000) i
            """
        );
        Assert.Equal("1000i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        await target.Execute(
            """
            UPDATE orders SET name = 'new', updated_at = now() WHERE id = 7; INSERT INTO orders
            VALUES (1001, 'late', NULL)
            """
        );
        Assert.Equal("1i 1u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(
            ["0"],
            await target.Query(
                """
                SELECT count(*) FROM ((SELECT id, name, updated_at FROM orders EXCEPT
                SELECT id, name, updated_at FROM raw.orders) UNION ALL (SELECT id, name, updated_at
                FROM raw.orders EXCEPT SELECT id, name, updated_at FROM orders)) AS d
                """
            )
        );
        Assert.Equal(
            ["jsonb"],
            await target.Query(
                "SELECT data_type FROM information_schema.columns WHERE table_schema = 'raw' AND column_name = 'tags'"
            )
        );
    }
}
