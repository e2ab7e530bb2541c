using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>A list of tables in the warehouse, and one flow that syncs them all.</summary>
public abstract class ProcessTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Shop2 = """
        CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE people (a int, b text, n int, PRIMARY KEY (a, b)); CREATE TABLE notes (line text);
        INSERT INTO orders SELECT i, 'o', now() - interval '1 day', now() - interval '1 day' FROM generate_series(1,
            3) i; INSERT INTO people VALUES (1, 'x', 1), (2, 'y', 2); INSERT INTO notes VALUES ('one')
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
        Assert.Equal(
            ["orders/public.notes", "orders/public.orders", "orders/public.people"],
            (await World.Load()).Runs.Select(run => run.Dataset)
        );
        await shop.Execute(
            """
            UPDATE orders SET name = 'new', updated_at = now() WHERE id = 2; DELETE FROM people
            WHERE a = 1; ALTER TABLE people ADD COLUMN more int DEFAULT 5; INSERT INTO notes VALUES ('two')
            """
        );
        await World.Load();

        Assert.Equal(["1|o", "2|new", "3|o"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(["2|y|2|5"], await Rows("SELECT * FROM crm.persons"));
        Assert.Equal(["one", "two"], await Rows("SELECT line FROM raw.notes ORDER BY line"));
        Assert.Equal(
            ["public.notes|loaded|2|0|1", "public.orders|loaded|0|1|0", "public.people|loaded|0|1|1"],
            await Rows(
                """
                SELECT source_table, last_status, last_inserted, last_updated, last_deleted
                FROM headrace.process_table WHERE last_sync_time IS NOT NULL ORDER BY 1
                """
            )
        );
        Assert.Equal(
            "6|2",
            Assert.Single(
                await Rows("SELECT count(*), count(DISTINCT snapshot_at) FROM headrace.process_table_snapshot")
            )
        );
    }

    [Fact]
    public async Task ATableThatFailsDoesNotStopTheOthersAndSaysWhy()
    {
        await Shop(Shop2, $"{Nightly}, retries: 0", "tables: process_table");
        await Add("public.gone", "--key", "id");
        await Add("public.orders", "--key", "id", "--updated", "updated_at");
        Assert.Equal(4, (await World.Run("run")).Exit);
        Assert.Equal(
            ["public.gone|failed|true", "public.orders|loaded|false"],
            await Rows(
                """
                SELECT source_table, last_status, last_error LIKE 'HDR-152%' IS TRUE
                FROM headrace.process_table ORDER BY 1
                """
            )
        );
    }

    [Fact]
    public async Task ATableAddedByHandIsSyncedAndOneThatIsOffIsNot()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.notes", "--off");
        await Alter(
            """
            INSERT INTO headrace.process_table (connection, source_table, primary_key)
            VALUES ('shop', 'public.people', 'a, b')
            """
        );
        Assert.Equal("orders/public.people", (await World.Load()).Only.Dataset);
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.people"));

        Assert.Equal(0, (await World.Run("tables", "remove", "public.people", "--connection", "shop")).Exit);
        Assert.Equal(1, (await World.Run("tables", "list", "--json")).Json.GetProperty("tables").GetArrayLength());
        Assert.Equal(2, (await World.Run("tables", "remove", "public.people", "--connection", "shop")).Exit);
    }

    [Fact]
    public async Task TwoEntriesWithOneTargetAreRefused()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.orders", "--key", "id", "--updated", "updated_at", "--target", "raw.t");
        var second = await World.Run(
            "tables",
            "add",
            "people",
            "--connection",
            "shop",
            "--key",
            "a,b",
            "--target",
            "RAW.T"
        );
        Assert.True(
            second.Exit != 0
                && second.Text.Contains("HDR-328", StringComparison.Ordinal)
                && second.Text.Contains("orders/public.orders", StringComparison.Ordinal),
            second.Text
        );
        Assert.Equal("1", await Value("SELECT count(*) FROM headrace.process_table"));

        // One that was added by hand is met by the run, and by plan and doctor before.
        await Alter(
            """
            INSERT INTO headrace.process_table (connection, source_table, target_schema, target_table,
            primary_key) VALUES ('shop', 'public.people', 'RAW', 'T', 'a, b')
            """
        );
        Assert.Contains("HDR-328", (await World.Run("doctor")).Text, StringComparison.Ordinal);
        foreach (var command in (string[])["plan", "run"])
            Assert.All((await World.Run(command, "--json")).Runs, run => Assert.Equal("HDR-328", run.Error));
        await Alter("UPDATE headrace.process_table SET enabled = false WHERE source_table = 'public.people'");
        await World.Load();
        await Alter("UPDATE headrace.process_table SET enabled = true");
        var answer = await World.Run("run", "--json");
        Assert.Equal(
            ("up_to_date", "HDR-328"),
            (answer.Run("orders/public.orders").Outcome, answer.Run("orders/public.people").Error)
        );
        Assert.Equal("3", await Value("SELECT count(*) FROM raw.t"));
    }

    [Fact]
    public async Task ARepairLeavesTheRowsOfAnotherOwner()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        await Add("public.orders", "--key", "id", "--updated", "updated_at");
        await World.Load();
        await Alter("INSERT INTO raw.orders (id, name) VALUES (77, 'of another flow')");
        await Alter(
            """
            INSERT INTO headrace.owners (schema_name, table_name, dataset, flow, way, is_alone, since)
            SELECT schema_name, table_name, 'other', 'other', 'append', false, since FROM headrace.owners
            """
        );
        var verify = await World.Run("verify", "--repair", "--json");
        Assert.Equal(3, verify.Exit);
        Assert.Contains("other too; its rows cannot be told apart", verify.Text, StringComparison.Ordinal);
        Assert.Equal("4", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task TheCatalogueProposesKeysAndCursors()
    {
        await Shop(Shop2, Nightly, "tables: process_table");
        var tables = (await World.Run("tables", "discover", "shop", "--json"))
            .Json.GetProperty("tables")
            .EnumerateArray()
            .Select(one =>
                (
                    $"{one.GetProperty("table")} "
                    + $"{string.Join(',', one.GetProperty("primary_key").EnumerateArray())} "
                    + $"{one.GetProperty("create_key")} {one.GetProperty("update_key")}"
                ).TrimEnd()
            );
        Assert.Equal(["public.notes", "public.orders id created_at updated_at", "public.people a,b"], tables);
        Assert.Contains(
            "headrace tables add public.orders --connection shop --key id --created created_at --updated updated_at",
            (await World.Run("tables", "discover", "shop")).Output,
            StringComparison.Ordinal
        );
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
