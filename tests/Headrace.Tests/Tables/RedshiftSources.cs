using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables of Redshift, read by UNLOAD: by cursor, whole, and compared.</summary>
public sealed class RedshiftSources(PostgresServer server) : RedshiftShop(server)
{
    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task ATableComesWholeFirstAndThenWhatChanged(WarehouseKind kind)
    {
        await Shop(Orders, Merge, kind: kind);
        await Put(Yesterday);
        Assert.Equal(
            ("would_load", 100L),
            (await World.Run("plan", "--json")).Only is var planned ? (planned.Outcome, planned["inserted"]) : default
        );
        Assert.Empty(Staged());
        var first = (await World.Load()).Only;
        Assert.Equal(("loaded", 100L), (first.Outcome, first["inserted"]));
        Assert.Contains("commit later than the lookback (10 minutes)", first.Warnings, StringComparison.Ordinal);

        await Do(
            """
            UPDATE orders SET name = 'new', updated_at = sysdate WHERE id = 7;
            INSERT INTO orders (id, name) VALUES (101, 'late')
            """
        );
        var second = (await World.Load()).Only;
        Assert.Equal((1L, 1L, 99L), (second["inserted"], second["updated"], second["unchanged"]));
        Assert.Equal(
            ["7|new", "101|late"],
            await Rows("SELECT id, name FROM raw.orders WHERE id IN (7, 101) ORDER BY id")
        );
        Assert.Equal("101", await Value("SELECT count(*) FROM raw.orders"));
        Assert.Empty(Staged());
        Assert.DoesNotContain(
            Source.StandIn.Statements,
            statement =>
                statement.StartsWith("UNLOAD", StringComparison.Ordinal)
                && !statement.Contains("/in/", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task ThePositionSaysWhatItPromises()
    {
        await Shop(Orders, Merge);
        await Put("INSERT INTO orders VALUES (1, 'a', '2026-01-02 03:04:05.123456Z', '2026-01-02 03:04:05.123456Z')");
        await World.Load();
        var cursor = World.Value("SELECT cursor FROM headrace.positions");
        Assert.Contains("\"updated\":\"2026-01-02 03:04:05.123456\\u002B00\"", cursor, StringComparison.Ordinal);
        Assert.Contains("\"promise\":\"lookback\"", cursor, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "5 minutes", true)]
    [InlineData("", "20 minutes", false)]
    [InlineData(", lookback: 1h", "20 minutes", true)]
    public async Task ARowThatCommitsLateIsFoundWithinTheLookback(string lookback, string late, bool isFound)
    {
        await Shop(Orders, Merge + lookback);
        await Put("INSERT INTO orders VALUES (1, 'quick')");
        await World.Load();
        await Put($"INSERT INTO orders VALUES (2, 'late', now(), now() - interval '{late}')");
        await World.Load();
        Assert.Equal(isFound ? ["1", "2"] : ["1"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task RowsOfOneMomentAllCome()
    {
        await Shop(Orders, $"{Merge}, lookback: 0s");
        await Put("INSERT INTO orders SELECT i, 'a', '2026-01-01', '2026-01-01' FROM generate_series(1, 1000) i");
        await World.Load();
        await Put("INSERT INTO orders SELECT i, 'b', '2026-01-01', '2026-01-01' FROM generate_series(1001, 2000) i");
        await World.Load();
        Assert.Equal("2000|2000", Assert.Single(await Rows("SELECT count(*), count(DISTINCT id) FROM raw.orders")));
    }

    [Theory]
    [InlineData("-7 hours")]
    [InlineData("9 hours")]
    public async Task ATimeOfAnotherZoneSkipsNoRow(string zone)
    {
        await Shop("CREATE TABLE orders (id integer NOT NULL, updated_at timestamp NOT NULL)", Merge);
        await Put($"INSERT INTO orders VALUES (1, now() AT TIME ZONE 'UTC' + interval '{zone}')");
        await World.Load();
        await Put(
            $"INSERT INTO orders VALUES (2, now() AT TIME ZONE 'UTC' + interval '{zone}' - interval '5 minutes')"
        );
        await World.Load();
        await World.Load();
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task ARowWithoutAnUpdateKeyIsFoundByItsCreateKey()
    {
        await Shop(
            """
            CREATE TABLE orders (id integer NOT NULL, name varchar(20),
            created_at timestamptz DEFAULT sysdate, updated_at timestamptz)
            """,
            "primary_key: id, read: incremental, create_key: created_at, update_key: updated_at, write: merge"
        );
        await Do("INSERT INTO orders (id, name) VALUES (1, 'a')");
        await World.Load();
        await Do(
            """
            INSERT INTO orders (id, name) VALUES (2, 'never updated'); UPDATE orders
            SET name = 'updated', updated_at = sysdate WHERE id = 1
            """
        );
        Assert.Equal("1i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|updated", "2|never updated"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Theory]
    [InlineData("update_key: updated_at")]
    [InlineData("create_key: created_at, update_key: updated_at")]
    public async Task AppendedRowsComeOnceAndOnlyWhenTheyAreOlderThanTheLookback(string keys)
    {
        await Shop(
            "CREATE TABLE orders (id integer NOT NULL, created_at timestamp, updated_at timestamp)",
            $"read: incremental, {keys}, write: append"
        );
        await Put(
            """
            INSERT INTO orders SELECT i, '2026-01-01 00:00', timestamp '2026-01-01 00:00' + i * interval
            '1 minute' FROM generate_series(1, 30) i; INSERT INTO orders VALUES (99, '2026-01-01', NULL)
            """
        );
        await World.Load();
        var withNull = keys.StartsWith("create", StringComparison.Ordinal) ? "19|19|1" : "20|20|1";
        Assert.Equal(
            withNull,
            Assert.Single(await Rows("SELECT count(*), count(DISTINCT id), min(id) FROM raw.orders"))
        );
        await Put(
            """
            INSERT INTO orders VALUES (31, '2026-01-01 00:20', '2026-01-01 00:20:30'),
            (32, '2026-01-01 01:00', '2026-01-01 01:00')
            """
        );
        await World.Load();
        await World.Load();
        Assert.Equal(
            "32|32|99",
            Assert.Single(await Rows("SELECT count(*), count(DISTINCT id), max(id) FROM raw.orders"))
        );
    }

    [Fact]
    public async Task AppendedNumbersComeOnceAndPromiseNothing()
    {
        await Shop(
            "CREATE TABLE orders (id bigint NOT NULL, name varchar(20))",
            "read: incremental, create_key: id, write: append"
        );
        await Do("INSERT INTO orders VALUES (1, 'a'), (9, 'b')");
        Assert.Contains("smaller id may be skipped", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        await Do("INSERT INTO orders VALUES (10, 'c')");
        await World.Load();
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(["1|a", "9|b", "10|c"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Contains(
            "\"promise\":\"none\"",
            World.Value("SELECT cursor FROM headrace.positions"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ANumberOfManyDigitsIsACursorToo()
    {
        await Shop(
            "CREATE TABLE orders (id decimal(38,0) NOT NULL)",
            "read: incremental, create_key: id, write: append"
        );
        await Do("INSERT INTO orders VALUES (9), (99999999999999999999999999999999999998)");
        await World.Load();
        await Do("INSERT INTO orders VALUES (99999999999999999999999999999999999999)");
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task AFullRefreshTakesThePlaceOfAllRows(WarehouseKind kind)
    {
        await Shop(Orders, "read: full-refresh, write: replace", kind: kind);
        await Do("INSERT INTO orders (id, name) VALUES (1, 'a'), (2, NULL), (3, '')");
        await World.Load();
        await Do("DELETE FROM orders WHERE id = 1");
        Assert.Equal("2i 0u 3d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["2|NULL", "3|"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        await Do("DELETE FROM orders");
        Assert.Equal(3, (await World.Run("run", "--json")).Exit);
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task ASnapshotSeesInsertsUpdatesAndDeletes(WarehouseKind kind)
    {
        await Shop(
            Orders,
            "read: snapshot, primary_key: id, write: merge, deletes: hard, publish: { connection: ops }",
            kind: kind
        );
        await Do("INSERT INTO orders (id, name) VALUES (1, 'a'), (2, NULL), (3, '')");
        await World.Load();
        await Do(
            """
            DELETE FROM orders WHERE id = 1; UPDATE orders SET name = 'new' WHERE id = 2;
            INSERT INTO orders (id, name) VALUES (4, 'n4')
            """
        );
        Assert.Equal("1i 1u 1d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["2|new", "3|", "4|n4"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(6, Directory.GetFiles(Path.Combine(World.Folder, "ops")).SelectMany(File.ReadAllLines).Count());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task AQueryIsReadAsATableIs()
    {
        await Shop(
            "CREATE TABLE t (id integer, price decimal(12,2), doc super, note varchar(300), placed timestamp)",
            Merge.Replace("updated_at", "placed", StringComparison.Ordinal),
            "query: "
                + "\"SELECT id, price, doc, note, placed, price * 2 AS twice "
                + "FROM t WHERE note <> 'it''s' -- not these\""
        );
        await Do(
            """
            INSERT INTO t VALUES (1, 1.50, json_parse('{"a":1}'), 'x', '2026-01-01'),
            (2, 1, NULL, 'it''s', '2026-01-01')
            """
        );
        await World.Load();
        Assert.Equal(
            ["1|1.50|{\"a\":1}|x|3.00"],
            await Rows("SELECT id, price, doc, note, twice::decimal(12,2) FROM raw.orders")
        );
        Assert.Equal(
            "DECIMAL(12,2)|JSON|TIMESTAMP",
            Assert.Single(await Rows("SELECT typeof(price), typeof(doc), typeof(placed) FROM raw.orders"))
        );
    }

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task WhatDiffersIsFoundAndRepaired(WarehouseKind kind)
    {
        await Shop(Orders, Merge, kind: kind);
        await Put($"{Yesterday}; INSERT INTO orders VALUES (101, NULL), (102, '')");
        await World.Load();
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
        await Do("DELETE FROM orders WHERE id IN (1, 2, 3)"); // a cursor does not see deletes
        await Alter(
            "UPDATE raw.orders SET name = 'by hand' WHERE id IN (10, 11); DELETE FROM raw.orders WHERE id = 20"
        );
        var found = await World.Run("verify", "--json");
        Assert.Equal(
            (3, "1 3 2"),
            (
                found.Exit,
                Assert.Single(found.Json.GetProperty("datasets").EnumerateArray()) is var one
                    ? $"{one.GetProperty("missing")} {one.GetProperty("extra")} {one.GetProperty("different")}"
                    : ""
            )
        );
        Assert.Equal(0, (await World.Run("verify", "--repair", "--json")).Exit);
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
        Assert.Equal(
            ["10|n10", "20|n20"],
            await Rows("SELECT id, name FROM raw.orders WHERE id IN (1, 10, 20) ORDER BY id")
        );
        Assert.Empty(Staged());
    }

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task AllListedTablesAreSyncedEachByItsOwnWay(WarehouseKind kind)
    {
        await Shop(
            $"""
            {Orders}; CREATE TABLE people (a integer, b varchar(10), n integer, PRIMARY KEY (b, a));
            CREATE TABLE notes (line varchar(20))
            """,
            "read: incremental, write: merge",
            "tables: process_table",
            kind
        );
        await Do(
            """
            INSERT INTO orders (id, name) VALUES (1, 'o'); INSERT INTO people
            VALUES (1, 'x', 1), (2, 'y', 2); INSERT INTO notes VALUES ('one'), (''), (NULL)
            """
        );
        var proposed = await World.Run("tables", "discover", "shop");
        Assert.Contains(
            "headrace tables add public.orders --connection shop --key id --created created_at --updated updated_at",
            proposed.Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "headrace tables add public.people --connection shop --key b,a",
            proposed.Output,
            StringComparison.Ordinal
        );
        foreach (
            var args in (string[][])
                [
                    ["public.orders", "--key", "id", "--created", "created_at", "--updated", "updated_at"],
                    ["people", "--key", "a,b", "--target", "crm.persons"],
                    ["notes"],
                ]
        )
            Assert.Equal(0, (await World.Run(["tables", "add", .. args, "--connection", "shop"])).Exit);
        await World.Load();
        await Do(
            """
            UPDATE orders SET name = 'new', updated_at = sysdate; DELETE FROM people WHERE a = 1;
            INSERT INTO notes VALUES ('two')
            """
        );
        await World.Load();

        Assert.Equal(["1|new"], await Rows("SELECT id, name FROM raw.orders"));
        Assert.Equal(["2|y|2"], await Rows("SELECT a, b, n FROM crm.persons"));
        Assert.Equal(
            ["", "NULL", "one", "two"],
            (await Rows("SELECT line FROM raw.notes")).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["public.notes|loaded|4|0|3", "public.orders|loaded|0|1|0", "public.people|loaded|0|0|1"],
            await Rows(
                """
                SELECT source_table, last_status, last_inserted, last_updated, last_deleted
                FROM headrace.process_table ORDER BY 1
                """
            )
        );
        Assert.Empty(Staged());
    }
}
