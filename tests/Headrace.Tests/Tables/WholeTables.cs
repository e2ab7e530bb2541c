using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables that are read whole: replaced, or compared with what was there before.</summary>
public abstract class WholeTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Three = $"{Orders}; INSERT INTO orders SELECT i, 'n' || i FROM generate_series(1, 3) i";

    [Fact]
    public async Task AFullRefreshTakesThePlaceOfAllRows()
    {
        var shop = await Shop(Three, "read: full-refresh, write: replace");
        await World.Load();
        await shop.Execute("DELETE FROM orders WHERE id = 1; UPDATE orders SET name = 'new' WHERE id = 2");
        var second = (await World.Load()).Only;
        Assert.Equal((2L, 3L), (second["inserted"], second["deleted"]));
        Assert.Equal(["2|new", "3|n3"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task F47_AnEmptySourceDoesNotWipeTheTarget()
    {
        var shop = await Shop(Three, "read: full-refresh, write: replace");
        await World.Load();
        await shop.Execute("DELETE FROM orders");
        Assert.Equal(3, (await World.Run("run", "--json")).Exit);
        Assert.Equal("3", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task ASnapshotSeesInsertsUpdatesAndDeletesAndPublishesThem()
    {
        var shop = await Shop(
            Three,
            "read: snapshot, primary_key: id, write: merge, deletes: hard, publish: { connection: ops, before: true }"
        );
        await World.Load();
        await shop.Execute(
            """
            DELETE FROM orders WHERE id = 1; UPDATE orders SET name = 'new' WHERE id = 2;
            INSERT INTO orders VALUES (4, 'n4')
            """
        );
        var second = (await World.Load()).Only;
        Assert.Equal("1i 1u 1d 1s 0q", second.Counts);
        Assert.Equal(["2|new", "3|n3", "4|n4"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        var operations = Directory
            .GetFiles(Path.Combine(World.Folder, "ops"))
            .Order()
            .SelectMany(File.ReadAllLines)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(one => $"{one.GetProperty("op")} {one.GetProperty("key").GetProperty("id")}")
            .ToList();
        Assert.Equal(
            ["DELETE 1", "INSERT 1", "INSERT 2", "INSERT 3", "INSERT 4", "UPDATE 2"],
            operations.Order(StringComparer.Ordinal)
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task ASnapshotThatLacksMostRowsStopsUntilItIsConfirmed()
    {
        var shop = await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, 'n' FROM generate_series(1, 500) i",
            "read: snapshot, primary_key: id, write: merge, limits: { max_deleted: 10% }"
        );
        await World.Load();
        await shop.Execute("DELETE FROM orders WHERE id > 100");
        Assert.Equal(
            (3, "HDR-203"),
            (await World.Run("run", "--json")) is var stopped ? (stopped.Exit, stopped.Only.Error) : default
        );
        Assert.Equal("500", await Value("SELECT count(*) FROM raw.orders"));
        await World.Load("--confirm", "orders");
        Assert.Equal("100", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task AQueryIsReadAsATableIs()
    {
        var shop = await Shop(
            $"{Three}; CREATE DOMAIN price AS numeric(8,2)",
            "read: incremental, primary_key: id, update_key: updated_at, write: merge",
            "query: "
                + "\"SELECT id, upper(name) AS name, 1.5::price AS price, ARRAY[1,2] AS list, updated_at "
                + "FROM orders WHERE id <> 2\""
        );
        await World.Load();
        Assert.Equal(
            ["1|N1|1.50|[1,2]", "3|N3|1.50|[1,2]"],
            await Rows("SELECT id, name, price, replace(CAST(list AS varchar), ' ', '') FROM raw.orders ORDER BY id")
        );
        Assert.Equal(
            "8|2",
            Assert.Single(
                await Rows(
                    """
                    SELECT numeric_precision, numeric_scale FROM information_schema.columns
                    WHERE table_schema = 'raw' AND column_name = 'price'
                    """
                )
            )
        );
        await shop.Execute("UPDATE orders SET name = 'z', updated_at = now() WHERE id = 3");
        Assert.Equal(1L, (await World.Load()).Only["updated"]);
    }

    [Fact]
    public async Task ALargeTableIsReadInPartsOfOneMoment()
    {
        await Shop(
            "CREATE TABLE orders AS SELECT i AS id, repeat('x', 200) AS name FROM generate_series(1, 120000) i",
            "read: full-refresh, write: replace"
        );
        await World.Load();
        Assert.Equal(
            "120000|120000|7200060000",
            Assert.Single(await Rows("SELECT count(*), count(DISTINCT id), sum(id) FROM raw.orders"))
        );
    }

    [Fact]
    public async Task ANewColumnOfTheSourceIsAdded()
    {
        var shop = await Shop(Three, "read: incremental, primary_key: id, update_key: updated_at, write: merge");
        await World.Load();
        await shop.Execute(
            """
            ALTER TABLE orders ADD COLUMN price numeric(10,2) DEFAULT 7; UPDATE orders
            SET updated_at = now() WHERE id = 2
            """
        );
        await World.Load();
        Assert.Equal("7.00", await Value("SELECT price FROM raw.orders WHERE id = 2"));
    }

    [Fact]
    public async Task AValueThatIsNoneOfTheTypeItIsDeclaredAsWaits()
    {
        await Shop(
            """
            CREATE TABLE orders (id text, flag text, n numeric, d numeric); INSERT INTO orders VALUES ('a',
            'perhaps', 1, 1), ('b', 'yes', 1.7, 1), ('c', 'yes', 1, 1.239), ('d', 'yes', 1, 1.23)
            """,
            "read: full-refresh, write: replace, columns: { flag: boolean, n: integer, d: \"decimal(12,2)\" }"
        );
        Assert.Equal(3L, (await World.Load()).Only["quarantined"]);
        Assert.Equal(["d|true|1|1.23"], await Rows("SELECT id, flag, n, d FROM raw.orders"));
    }

    [Fact]
    public async Task RowsOfATableThatInheritsAreMergedByKey()
    {
        await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
            CREATE TABLE more (PRIMARY KEY (id)) INHERITS (orders); INSERT INTO orders VALUES (1);
            INSERT INTO more VALUES (1), (2)
            """,
            "read: incremental, primary_key: id, update_key: updated_at, write: merge"
        );
        await World.Load();
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Theory]
    [InlineData("ALTER TABLE orders ALTER name TYPE int USING 7", "1|7;2|7;3|7", 0)]
    [InlineData("ALTER TABLE orders DROP name; ALTER TABLE orders ADD name text DEFAULT 'x'", "1|x;2|x;3|x", 0)]
    [InlineData("ALTER TABLE orders ADD more int DEFAULT 9", "1|n1;2|n2;3|n3", 1)]
    public async Task F54_ATableThatChangesBeforeItIsReadIsLookedAtAgain(string change, string rows, int columns)
    {
        var shop = await Shop(Three, "read: full-refresh, write: replace, retry_delay: 10ms");
        using var run = World.Start(World.At("table_described", "stop"), "run", "--json");
        await run.Stopped();
        await shop.Execute(change);
        run.Signal("CONT");
        Assert.Equal(0, (await run.Ended()).Exit);
        Assert.Equal(rows.Split(';'), await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(
            $"{columns}",
            await Value(
                "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'raw' AND column_name = 'more'"
            )
        );
    }

    [Fact]
    public async Task F65_ARightThatIsTakenAwayMeanwhileStopsByName()
    {
        var shop = await Shop(Three, "read: full-refresh, write: replace, retries: 0");
        await shop.Execute(
            "DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'known'; "
                + "EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT SELECT ON orders TO reader"
        );
        World.Configuration(
            (await File.ReadAllTextAsync(Path.Combine(World.Folder, "headrace.yaml"), Cancel)).Replace(
                shop.Yaml,
                shop.Yaml.Replace("user: tester", "user: reader", StringComparison.Ordinal),
                StringComparison.Ordinal
            )
        );
        using var run = World.Start(World.At("table_described", "stop"), "run", "--json");
        await run.Stopped();
        await shop.Execute("REVOKE SELECT ON orders FROM reader");
        run.Signal("CONT");
        var answer = await run.Ended();
        Assert.Equal((1, "HDR-152"), (answer.Exit, answer.Only.Error));
        Assert.Contains("permission denied for table orders", answer.Output, StringComparison.Ordinal);
        await shop.Execute("GRANT SELECT ON orders TO reader");
        Assert.Equal(3L, (await World.Load()).Only["inserted"]);
    }

    [Fact]
    public async Task APasswordIsShownNowhere()
    {
        await Shop(Three, "read: full-refresh, write: replace");
        foreach (
            var command in (string[][])
                [
                    ["config", "show"],
                    ["doctor", "--json"],
                    ["run", "-v"],
                    ["plan", "-v"],
                    ["status", "--json"],
                ]
        )
            Assert.DoesNotContain(
                "known",
                (await World.Run(command)).Text.Replace("unknown", "", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData("host: 127.0.0.1, port: 1", "HDR-151")]
    [InlineData("host: nowhere.invalid, port: 5432", "HDR-151")]
    [InlineData("password: wrong", "HDR-151")]
    [InlineData("table: nowhere", "HDR-152")]
    public async Task F68_WhatCannotBeReachedIsSaidByName(string change, string code)
    {
        await Shop(Three, "read: full-refresh, write: replace, retries: 0");
        var path = Path.Combine(World.Folder, "headrace.yaml");
        var yaml = await File.ReadAllTextAsync(path, Cancel);
        yaml = change[0] switch
        {
            'h' => System.Text.RegularExpressions.Regex.Replace(yaml, "host: 127.0.0.1, port: [0-9]+", change),
            'p' => yaml.Replace("password: known", change, StringComparison.Ordinal),
            _ => yaml.Replace("table: orders", change, StringComparison.Ordinal),
        };
        await File.WriteAllTextAsync(path, yaml, Cancel);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, code), (answer.Exit, answer.Only.Error));
        Assert.DoesNotContain("wrong", answer.Text, StringComparison.Ordinal);
    }
}

public sealed class WholeTablesIntoDuckDb(PostgresServer server) : WholeTables(server, WarehouseKind.DuckDb);

public sealed class WholeTablesIntoPostgres(PostgresServer server) : WholeTables(server, WarehouseKind.Postgres);

public sealed class WholeTablesIntoRedshift(PostgresServer server) : WholeTables(server, WarehouseKind.Redshift);
