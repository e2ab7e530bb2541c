using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>More rows than a batch holds, cut by ranges of their cursor.</summary>
public abstract class Batches(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Merge = "primary_key: id, update_key: updated_at, write: merge";
    private const string Indexed =
        $"{Orders}; CREATE INDEX ON orders (updated_at); CREATE INDEX ON orders (created_at)";

    // About 1,900 rows are a batch.
    private Task<PostgresTestDatabase> Shop(string ddl, string keys) =>
        Shop(ddl, $"read: incremental, {keys}, batch_bytes: 300KB", "table: orders");

    /// <summary>
    /// A first sync, then 20,000 rows with these times, of which an hour ago the position knows nothing.
    /// </summary>
    private async Task<PostgresTestDatabase> Behind(
        string keys,
        string ddl = Indexed,
        string created = "'2026-03-01'::timestamptz + i * interval '1 minute'",
        string? updated = null
    )
    {
        var shop = await Shop($"{ddl}; INSERT INTO orders VALUES (0, 'first', '2026-01-01', '2026-01-01')", keys);
        await World.Load();
        await Alter(
            """
            UPDATE headrace.positions SET cursor = regexp_replace(regexp_replace(cursor,
            '"updated":"[^"]*"', '"updated":"2026-02-01 00:00:00+00"'), '"created":"[^"]*"',
            '"created":"2026-02-01 00:00:00+00"')
            """
        );
        await shop.Execute(
            $"""
            INSERT INTO orders SELECT i, repeat('x', 100), {created}, {updated ?? created}
            FROM generate_series(1, 20000) i; ANALYZE orders
            """
        );
        return shop;
    }

    private async Task AssertEachRowIsThereOnce(int rows = 20001) =>
        Assert.Equal(
            $"{rows}|{rows}",
            Assert.Single(await Rows("SELECT count(*), count(DISTINCT id) FROM raw.orders"))
        );

    [Fact]
    public async Task AnIncrementOfManyBatchesMissesNothingThatCommitsLate()
    {
        var shop = await Behind(Merge);
        await using var slow = await shop.Session();
        await slow.Execute("BEGIN; INSERT INTO orders VALUES (-1, 'slow')");
        await Task.Delay(50, Cancel);
        await shop.Execute("INSERT INTO orders VALUES (-2, 'quick')");
        var run = (await World.Load()).Only;
        Assert.InRange(run["batches"], 8, 14);
        Assert.Equal((20001L, 0L, 0L), (run["inserted"], run["updated"], run["unchanged"]));
        await AssertEachRowIsThereOnce(20002);

        await slow.Execute("COMMIT");
        await World.Load();
        await AssertEachRowIsThereOnce(20003);
        Assert.DoesNotContain("began", await Value("SELECT cursor FROM headrace.positions"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Merge)]
    [InlineData("create_key: created_at, write: append")]
    public async Task RowsOfOneMomentStayTogether(string keys)
    {
        await Behind(keys, created: "'2026-03-01'::timestamptz + (i / 5000) * interval '1 day'");
        var run = (await World.Load()).Only;
        Assert.InRange(run["batches"], 3, 5);
        await AssertEachRowIsThereOnce();
        await World.Load();
        await AssertEachRowIsThereOnce();
    }

    [Theory]
    [InlineData("1", "after_commit", "kill", Merge)]
    [InlineData("3", "after_commit", "kill", "create_key: created_at, write: append")]
    [InlineData("3", "before_commit", "kill", "create_key: created_at, update_key: updated_at, write: append")]
    [InlineData(
        "2",
        "before_commit",
        "throw",
        "create_key: created_at, update_key: updated_at, primary_key: id, write: merge"
    )]
    public async Task AKillBetweenTwoBatchesLosesNothingAndDoublesNothing(
        string hit,
        string where,
        string how,
        string keys
    )
    {
        var shop = await Behind($"{keys}, retries: 0");
        using (
            var child = World.Start(
                World.At(where, how, int.Parse(hit, System.Globalization.CultureInfo.InvariantCulture)),
                "run"
            )
        )
            await child.Ended();
        Assert.InRange(
            long.Parse(
                await Value("SELECT count(*) FROM raw.orders"),
                System.Globalization.CultureInfo.InvariantCulture
            ),
            2,
            15000
        );
        await shop.Execute("UPDATE orders SET name = 'meanwhile' WHERE id > 19000");
        Assert.True((await World.Load()).Only["batches"] > 2);
        await AssertEachRowIsThereOnce();
        Assert.Equal("1000", await Value("SELECT count(*) FROM raw.orders WHERE name = 'meanwhile'"));
    }

    [Fact]
    public async Task ATimeBudgetStopsAfterABatchAndTheNextRunGoesOn()
    {
        await Behind(Merge);
        for (var rows = 1L; rows < 8000; )
        {
            var run = (await World.Load("--time-budget", "0s")).Only;
            Assert.Equal(1, run["batches"]);
            Assert.Contains("time budget", run.Warnings, StringComparison.Ordinal);
            Assert.InRange(run["inserted"], 1000, 4000);
            rows += run["inserted"];
            Assert.Equal($"{rows}", await Value("SELECT count(*) FROM raw.orders"));
        }

        await World.Load();
        await AssertEachRowIsThereOnce();
    }

    [Theory]
    [InlineData("primary_key: id, write: merge")]
    [InlineData("write: append")]
    public async Task RowsThatComeByEitherKeyComeByOneOfThem(string write)
    {
        // Half of the rows were never updated; they come by create_key, in batches of their own.
        var shop = await Behind(
            $"create_key: created_at, update_key: updated_at, {write}",
            Indexed.Replace("updated_at timestamptz NOT NULL", "updated_at timestamptz", StringComparison.Ordinal),
            updated: "CASE WHEN i % 2 = 0 THEN '2026-03-01'::timestamptz + i * interval '1 minute' END"
        );
        var run = (await World.Load()).Only;
        Assert.InRange(run["batches"], 8, 14);
        Assert.Equal((20000L, 0L, 0L), (run["inserted"], run["updated"], run["unchanged"]));
        await AssertEachRowIsThereOnce();
        await shop.Execute("UPDATE orders SET updated_at = now(), name = 'now' WHERE id = 1");
        // What is appended comes once no open transaction can come before it, less two seconds.
        await Task.Delay(2500, Cancel);
        await World.Load();
        Assert.Equal("1", await Value("SELECT count(*) FROM raw.orders WHERE name = 'now'"));
    }

    [Fact]
    public async Task WithoutAnIndexOnTheCursorAnIncrementIsOneBatch()
    {
        await Behind(Merge, Orders);
        Assert.Equal(1, (await World.Load()).Only["batches"]);
        await AssertEachRowIsThereOnce();
    }

    [Theory]
    [InlineData("primary_key: id, create_key: id, write: merge")]
    [InlineData("create_key: id, write: append")]
    public async Task NumbersAreCutToo(string keys)
    {
        var shop = await Shop("CREATE TABLE orders (id bigserial PRIMARY KEY, name text)", keys);
        await shop.Execute("INSERT INTO orders (name) VALUES ('first')");
        await World.Load();
        await shop.Execute(
            "INSERT INTO orders (name) SELECT repeat('x', 100) FROM generate_series(1, 20000); ANALYZE orders"
        );
        Assert.InRange((await World.Load()).Only["batches"], 7, 14);
        await AssertEachRowIsThereOnce();
    }

    [Theory]
    [InlineData(true, "created_at")]
    [InlineData(false, "created_at")]
    [InlineData(true, "updated_at")]
    public async Task AFirstSyncWithoutAKeyGoesByItsCursor(bool isIndexed, string update)
    {
        await Shop(
            $"""
            CREATE TABLE orders (id int, name text, created_at timestamptz, updated_at timestamptz);
            INSERT INTO orders SELECT i, repeat('x', 100), CASE WHEN i % 10 > 0
            THEN '2026-03-01'::timestamptz + i * interval '1 minute' END, CASE WHEN i % 3 = 0
            THEN '2026-04-01'::timestamptz - i * interval '1 minute' END FROM generate_series(1, 20000) i
            """ + (isIndexed ? "; CREATE INDEX ON orders (created_at); CREATE INDEX ON orders (updated_at)" : ""),
            $"create_key: created_at, {(update == "updated_at" ? "update_key: updated_at, " : "")}write: append"
        ); // nobody counted its rows yet
        using (var child = World.Start(World.At("after_commit", "kill"), "run"))
            await child.Ended();
        Assert.True((await World.Load()).Only["batches"] > 1);
        await AssertEachRowIsThereOnce(20000);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task APlanTakesAnIncrementInOneBatch()
    {
        await Behind(Merge);
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal((1L, 20000L), (plan["batches"], plan["inserted"]));
    }
}

public sealed class BatchesIntoDuckDb(PostgresServer server) : Batches(server, WarehouseKind.DuckDb);

public sealed class BatchesIntoPostgres(PostgresServer server) : Batches(server, WarehouseKind.Postgres);
