using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables of a real PostgreSQL, read by cursor.</summary>
public abstract class Incremental(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private Task<PostgresTestDatabase> ByCursor(
        string ddl,
        string keys = "primary_key: id, update_key: updated_at",
        string write = "merge"
    ) => Shop(ddl, $"read: incremental, {keys}, write: {write}", "table: orders");

    [Fact]
    public async Task ATableComesWholeFirstAndThenWhatChanged()
    {
        var shop = await ByCursor(
            $"""
            {Orders}; INSERT INTO orders SELECT i, 'n'
            || i, now() - interval '1 day', now() - interval '1 day' FROM generate_series(1, 100) i
            """
        );
        var first = (await World.Load()).Only;
        Assert.Equal(("loaded", 100L), (first.Outcome, first["inserted"]));

        await shop.Execute(
            "UPDATE orders SET name = 'new', updated_at = now() WHERE id = 7; INSERT INTO orders VALUES (101, 'late')"
        );
        var second = (await World.Load()).Only;
        Assert.Equal((1L, 1L), (second["inserted"], second["updated"]));
        Assert.Equal(
            ["7|new", "101|late"],
            await Rows("SELECT id, name FROM raw.orders WHERE id IN (7, 101) ORDER BY id")
        );
        Assert.Equal("101", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task F46_ARowThatCommitsLateIsNotSkipped()
    {
        var shop = await ByCursor(Orders);
        await using var slow = await shop.Session();
        await slow.Execute("BEGIN");
        await slow.Execute("INSERT INTO orders VALUES (1, 'slow')");
        await Task.Delay(50, Cancel);
        await shop.Execute("INSERT INTO orders VALUES (2, 'quick')");

        await World.Load();
        Assert.Equal(["2"], await Rows("SELECT id FROM raw.orders"));
        await slow.Execute("COMMIT");
        await World.Load();
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task F51_ANumberThatCommitsLateIsNotSkippedAndTheRunSaysWhatItWaitsFor()
    {
        var shop = await ByCursor(
            "CREATE TABLE orders (id bigserial PRIMARY KEY, name text)",
            "primary_key: id, create_key: id"
        );
        await shop.Execute("INSERT INTO orders (name) VALUES ('first')");
        await World.Load();
        await using var slow = await shop.Session();
        await slow.Execute("BEGIN");
        await slow.Execute("INSERT INTO orders (name) VALUES ('slow')");
        await shop.Execute("INSERT INTO orders (name) VALUES ('quick')");

        var waited = (await World.Load()).Only;
        Assert.Contains("still open", waited.Warnings, StringComparison.Ordinal);
        await slow.Execute("COMMIT");
        await World.Load();
        Assert.Equal(["first", "slow", "quick"], await Rows("SELECT name FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task AppendedRowsComeOnceAndOnlyWhenNothingCanPrecedeThem()
    {
        var shop = await ByCursor(Orders, "create_key: created_at", "append");
        await shop.Execute(
            "INSERT INTO orders SELECT i, 'old', now() - interval '1 hour' FROM generate_series(1, 10) i"
        );
        await World.Load();
        await using var slow = await shop.Session();
        await slow.Execute("BEGIN");
        await slow.Execute("INSERT INTO orders VALUES (11, 'slow')");
        await Task.Delay(50, Cancel);
        await shop.Execute("INSERT INTO orders VALUES (12, 'quick')");
        await World.Load();
        await slow.Execute("COMMIT");
        await Task.Delay(2500, Cancel); // the guard before the oldest open transaction
        await World.Load();
        await World.Load();
        Assert.Equal(
            ["12|12|1|12"],
            await Rows("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM raw.orders")
        );
    }

    [Fact]
    public async Task AppendedNumbersComeOnceTheLastOneTooAndNoneWhileOneMayComeBeforeThem()
    {
        var shop = await ByCursor(
            "CREATE TABLE orders (id bigserial PRIMARY KEY, name text)",
            "create_key: id",
            "append"
        );
        await using var slow = await shop.Session();
        await slow.Execute("BEGIN; INSERT INTO orders (name) VALUES ('slow')");
        await shop.Execute("INSERT INTO orders (name) VALUES ('quick')");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        await slow.Execute("COMMIT");
        await World.Load();
        await World.Load();
        Assert.Equal(["1|slow", "2|quick"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        await shop.Execute("INSERT INTO orders (name) VALUES ('next')");
        await World.Load();
        Assert.Equal(["1|slow", "2|quick", "3|next"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task F48_RowsOfOneMomentAllCome()
    {
        var shop = await ByCursor(
            $"{Orders}; INSERT INTO orders SELECT i, 'a', '2026-01-01', '2026-01-01' FROM generate_series(1, 1000) i"
        );
        await World.Load();
        await shop.Execute("INSERT INTO orders SELECT i, 'b', now(), now() FROM generate_series(1001, 2000) i");
        await World.Load();
        await World.Load();
        Assert.Equal("2000|2000", Assert.Single(await Rows("SELECT count(*), count(DISTINCT id) FROM raw.orders")));
    }

    [Fact]
    public async Task ARowWithoutAnUpdateKeyIsFoundByItsCreateKey()
    {
        var shop = await ByCursor(
            """
            CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz DEFAULT now(),
            updated_at timestamptz)
            """,
            "primary_key: id, create_key: created_at, update_key: updated_at"
        );
        await shop.Execute("INSERT INTO orders (id, name) VALUES (1, 'a')");
        await World.Load();
        await shop.Execute(
            """
            INSERT INTO orders (id, name) VALUES (2, 'never updated'); UPDATE orders
            SET name = 'updated', updated_at = now() WHERE id = 1
            """
        );
        await World.Load();
        Assert.Equal(["1|updated", "2|never updated"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Theory]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    [InlineData("read: full-refresh, write: replace")]
    [InlineData("read: snapshot, primary_key: id, write: merge")]
    public async Task ABatchThatFailedIsReadAgainByTheRetry(string flow)
    {
        await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a'), (2, 'b')", $"{flow}, retries: 1, retry_delay: 10ms");
        var answer = await World.RunProcess(World.At("before_commit", "throw"), "run", "--json");
        Assert.Equal((0, "loaded", 2L), (answer.Exit, answer.Only.Outcome, answer.Only["inserted"]));
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task NothingNewIsUpToDate()
    {
        var shop = await ByCursor($"{Orders}; INSERT INTO orders VALUES (1, 'a', '2026-01-01', '2026-01-01')");
        await World.Load();
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal("1", await Value("SELECT count(*) FROM headrace.loads"));
    }

    [Fact]
    public async Task AFirstSyncOfManyBatchesGoesOnAfterAKillAndMissesNothingThatChangesMeanwhile()
    {
        var shop = await ByCursor(
            $"""
            {Orders}; INSERT INTO orders SELECT i, repeat('x', 100), '2026-01-01', '2026-01-01'
            FROM generate_series(1, 20000) i; ANALYZE orders
            """,
            "primary_key: id, update_key: updated_at, batch_bytes: 300KB"
        );
        using (var child = World.Start(World.At("after_commit", "kill", 3), "run"))
            await child.Ended();
        Assert.NotEqual("20000", await Value("SELECT count(*) FROM raw.orders"));
        await shop.Execute(
            """
            UPDATE orders SET name = 'behind', updated_at = now() WHERE id = 1; INSERT INTO orders
            VALUES (0, 'before all')
            """
        );
        var rest = (await World.Load()).Only;
        Assert.True(rest["batches"] > 2);
        Assert.Equal(
            ["0|before all", "1|behind"],
            await Rows("SELECT id, name FROM raw.orders WHERE id < 2 ORDER BY id")
        );
        Assert.Equal("20001|20001", Assert.Single(await Rows("SELECT count(*), count(DISTINCT id) FROM raw.orders")));
    }

    [Fact]
    public async Task F53_AnotherTableUnderTheSameNameStops()
    {
        var shop = await ByCursor($"{Orders}; INSERT INTO orders VALUES (1, 'a')");
        await World.Load();
        await shop.Execute(
            $"DROP TABLE orders; {Orders}; INSERT INTO orders VALUES (2, 'b', '2020-01-01', '2020-01-01')"
        );
        Assert.Equal(
            (1, "HDR-154"),
            (await World.Run("run", "--json")) is var stopped ? (stopped.Exit, stopped.Only.Error) : default
        );
        await World.Load("--confirm", "orders");
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task F58_APositionThatSomebodyDeletedIsNoReasonToAppendEverythingAgain()
    {
        var shop = await ByCursor(
            $"{Orders}; INSERT INTO orders VALUES (1, 'a', now() - interval '1 hour')",
            "create_key: created_at",
            "append"
        );
        await World.Load();
        await Alter("DELETE FROM headrace.positions");
        await shop.Execute("INSERT INTO orders VALUES (2, 'b', now() - interval '1 minute')");
        var stopped = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-313"), (stopped.Exit, stopped.Only.Error));
        Assert.Equal("1", await Value("SELECT count(*) FROM raw.orders"));
        await Alter("DELETE FROM headrace.loads");
        await Alter("DELETE FROM raw.orders");
        await World.Load();
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Theory]
    [InlineData("ALTER TABLE raw.orders DROP COLUMN name", "1|a;2|b")]
    [InlineData("ALTER TABLE raw.orders ADD COLUMN more integer", "1|a;2|b")]
    [InlineData("ALTER TABLE raw.orders ALTER COLUMN id TYPE bigint", "1|a;2|b")]
    [InlineData("UPDATE raw.orders SET name = 'by hand'", "1|by hand;2|b")]
    public async Task F58_ATargetThatSomebodyAlteredTakesWhatComesByItsColumns(string change, string rows)
    {
        var shop = await ByCursor(
            $"{Orders}; INSERT INTO orders VALUES (1, 'a', now() - interval '1 day', now() - interval '1 day')"
        );
        await World.Load();
        await Alter(change);
        await shop.Execute("INSERT INTO orders VALUES (2, 'b')");
        await World.Load();
        Assert.Equal(
            change.Contains("DROP", StringComparison.Ordinal) ? ["1|NULL", "2|b"] : rows.Split(';'),
            await Rows("SELECT id, name FROM raw.orders ORDER BY id")
        );
    }

    [Fact]
    public async Task ARoleThatCannotSeeOthersReadsAgainAndSaysSo()
    {
        var shop = await ByCursor(Orders);
        await shop.Execute(
            "DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD 'known'; EXCEPTION WHEN duplicate_object "
                + "THEN NULL; END $$; GRANT SELECT ON orders TO plain; INSERT INTO orders VALUES (1, 'a')"
        );
        World.Configuration(
            (await File.ReadAllTextAsync(Path.Combine(World.Folder, "headrace.yaml"), Cancel)).Replace(
                shop.Yaml,
                shop.Yaml.Replace("user: tester", "user: plain", StringComparison.Ordinal),
                StringComparison.Ordinal
            )
        );
        Assert.Contains("pg_read_all_stats", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        Assert.Contains(
            "\"promise\":\"lookback\"",
            await Value("SELECT cursor FROM headrace.positions"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ARowThatIsReadAgainAndHasChangedWithoutItsCursorIsPutRight()
    {
        var shop = await ByCursor(
            $"{Orders}; INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            "primary_key: id, update_key: updated_at, lookback: 1h"
        );
        await World.Load();
        await shop.Execute(
            """
            UPDATE orders SET name = 'd' WHERE id = 1; UPDATE orders SET updated_at = clock_timestamp()
            WHERE id = 2; INSERT INTO orders VALUES (4, 'e')
            """
        );
        await Task.Delay(50, Cancel);
        var run = (await World.Load()).Only;
        Assert.Equal((1, 2, 1), (run["inserted"], run["updated"], run["unchanged"]));
        Assert.Equal(["1|d", "2|b", "3|c", "4|e"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task APlanCountsAndWritesNothing()
    {
        await ByCursor($"{Orders}; INSERT INTO orders VALUES (1, 'a')");
        var plan = await World.Run("plan", "--json");
        Assert.Equal((0, "would_load", 1L), (plan.Exit, plan.Only.Outcome, plan.Only["inserted"]));
        Assert.False(File.Exists(World.Warehouse));
        if (this is IncrementalIntoPostgres)
            Assert.Equal(
                "0",
                await Value("SELECT count(*) FROM information_schema.schemata WHERE schema_name IN ('raw', 'headrace')")
            );
    }

    [Theory]
    [InlineData("primary_key: id, update_key: changed", "HDR-153")]
    [InlineData("primary_key: id, update_key: name", "HDR-153")]
    [InlineData("primary_key: key, update_key: updated_at", "HDR-153")]
    public async Task AColumnThatCannotServeIsNamed(string keys, string code)
    {
        await ByCursor(Orders, keys);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, code), (answer.Exit, answer.Only.Error));
    }
}

public sealed class IncrementalIntoDuckDb(PostgresServer server) : Incremental(server, WarehouseKind.DuckDb);

public sealed class IncrementalIntoPostgres(PostgresServer server) : Incremental(server, WarehouseKind.Postgres);

public sealed class IncrementalIntoRedshift(PostgresServer server) : Incremental(server, WarehouseKind.Redshift);
