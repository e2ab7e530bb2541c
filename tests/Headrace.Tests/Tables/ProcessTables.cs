using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>A list of tables in the warehouse, and one flow that syncs them all.</summary>
public abstract class ProcessTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Shop2 =
        """
        CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE people (a int, b text, n int, PRIMARY KEY (a, b)); CREATE TABLE notes (line text);
        INSERT INTO orders SELECT i, 'o', now() - interval '1 day', now() - interval '1 day' FROM generate_series(1, 3) i; INSERT INTO people VALUES (1, 'x', 1), (2, 'y', 2); INSERT INTO notes VALUES ('one')
        """;

    private const string Nightly = "read: incremental, write: merge";

    private async Task Add(params string[] args)
    {
        var answer = await World.Run(["tables", "add", .. args, "--connection", "shop"]);
        Assert.True(answer.Exit == 0, answer.Text);
    }

    [Fact]
    public async Task AllListedTablesAreSyncedEachByItsOwnWay()
    {
        var shop = await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.orders", "--key", "id", "--created", "created_at", "--updated", "updated_at");
        await Add("people", "--key", "a,b", "--target", "crm.persons");
        await Add("public.notes");
        Assert.Equal(["orders/public.notes", "orders/public.orders", "orders/public.people"], (await World.Load()).Runs.Select(run => run.Dataset));
        await shop.Execute("UPDATE orders SET name = 'new', updated_at = now() WHERE id = 2; DELETE FROM people WHERE a = 1; ALTER TABLE people ADD COLUMN more int DEFAULT 5; INSERT INTO notes VALUES ('two')");
        await World.Load();

        Assert.Equal(["1|o", "2|new", "3|o"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(["2|y|2|5"], await Rows("SELECT * FROM crm.persons"));
        Assert.Equal(["one", "two"], await Rows("SELECT line FROM raw.notes ORDER BY line"));
        Assert.Equal(
            ["public.notes|loaded|2|0|1", "public.orders|loaded|0|1|0", "public.people|loaded|0|1|1"],
            await Rows("SELECT source_table, last_status, last_inserted, last_updated, last_deleted FROM headrace.process_table WHERE last_sync_time IS NOT NULL ORDER BY 1"));
        Assert.Equal("6|2", Assert.Single(await Rows("SELECT count(*), count(DISTINCT snapshot_at) FROM headrace.process_table_snapshot")));
    }

    [Fact]
    public async Task ATableThatFailsDoesNotStopTheOthersAndSaysWhy()
    {
        await Shop(Shop2, $"{Nightly}, retries: 0", "tables: process_table");
        await Add("public.gone", "--key", "id");
        await Add("public.orders", "--key", "id", "--updated", "updated_at");
        Assert.Equal(4, (await World.Run("run")).Exit);
        Assert.Equal(["public.gone|failed|true", "public.orders|loaded|false"], await Rows("SELECT source_table, last_status, last_error LIKE 'HDR-152%' IS TRUE FROM headrace.process_table ORDER BY 1"));
    }

    [Fact]
    public async Task ATableAddedByHandIsSyncedAndOneThatIsOffIsNot()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.notes", "--off");
        await Alter("INSERT INTO headrace.process_table (connection, source_table, primary_key) VALUES ('shop', 'public.people', 'a, b')");
        Assert.Equal("orders/public.people", (await World.Load()).Only.Dataset);
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.people"));

        Assert.Equal(0, (await World.Run("tables", "remove", "public.people", "--connection", "shop")).Exit);
        Assert.Equal(1, (await World.Run("tables", "list", "--json")).Json.GetProperty("tables").GetArrayLength());
        Assert.Equal(2, (await World.Run("tables", "remove", "public.people", "--connection", "shop")).Exit);
    }

    [Fact]
    public async Task TheCatalogueProposesKeysAndCursors()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        var tables = (await World.Run("tables", "discover", "shop", "--json")).Json.GetProperty("tables").EnumerateArray()
            .Select(one => $"{one.GetProperty("table")} {string.Join(',', one.GetProperty("primary_key").EnumerateArray())} {one.GetProperty("create_key")} {one.GetProperty("update_key")}".TrimEnd());
        Assert.Equal(["public.notes", "public.orders id created_at updated_at", "public.people a,b"], tables);
        Assert.Contains("headrace tables add public.orders --connection shop --key id --created created_at --updated updated_at", (await World.Run("tables", "discover", "shop")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyGoesThroughTheList()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.orders", "--key", "id", "--updated", "updated_at");
        await World.Load();
        await Alter("DELETE FROM raw.orders WHERE id = 1");
        Assert.Equal(3, (await World.Run("verify")).Exit);
        Assert.Equal(0, (await World.Run("verify", "--repair")).Exit);
        Assert.Equal("3", await Value("SELECT count(*) FROM raw.orders"));
    }
}

public sealed class ProcessTablesIntoDuckDb(PostgresServer server) : ProcessTables(server, WarehouseKind.DuckDb);

public sealed class ProcessTablesIntoPostgres(PostgresServer server) : ProcessTables(server, WarehouseKind.Postgres);

public sealed class ProcessTablesIntoRedshift(PostgresServer server) : ProcessTables(server, WarehouseKind.Redshift);
