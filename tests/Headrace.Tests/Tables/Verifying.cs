using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>A target is compared with its source, and repaired.</summary>
public abstract class Verifying(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    protected const string Flow = "read: incremental, primary_key: id, update_key: updated_at, write: merge";
    private const string Thousand = $"""
        {Orders}; INSERT INTO orders SELECT i, 'n' || i, now() - interval '1 day', now() - interval '1 day'
        FROM generate_series(1, 1000) i
        """;

    private async Task<(int Exit, string Counts)> Verify(params string[] args)
    {
        var answer = await World.Run(["verify", "--json", .. args]);
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        return (
            answer.Exit,
            $"{one.GetProperty("equal").GetBoolean()} {one.GetProperty("missing")} {one.GetProperty("extra")} "
                + $"{one.GetProperty("different")} {one.GetProperty("rows_source")} {one.GetProperty("rows_target")}"
        );
    }

    [Fact]
    public async Task WhatIsEqualIsSaidToBe()
    {
        await Shop(Thousand, Flow);
        await World.Load();
        Assert.Equal((0, "True 0 0 0 1000 1000"), await Verify());
    }

    [Fact]
    public async Task F52_MissingExtraAndDifferentRowsAreFoundAndRepaired()
    {
        var shop = await Shop(Thousand, Flow);
        await World.Load();
        await shop.Execute("DELETE FROM orders WHERE id IN (1, 2, 3)"); // a cursor does not see deletes
        await Alter(
            "UPDATE raw.orders SET name = 'by hand' WHERE id IN (10, 11); DELETE FROM raw.orders WHERE id = 20"
        );
        Assert.Equal((3, "False 1 3 2 997 999"), await Verify());
        Assert.Equal("999", await Value("SELECT count(*) FROM raw.orders"));

        Assert.Equal((0, "True 1 3 2 997 999"), await Verify("--repair"));
        Assert.Equal((0, "True 0 0 0 997 997"), await Verify());
        Assert.Equal(
            ["10|n10", "20|n20"],
            await Rows("SELECT id, name FROM raw.orders WHERE id IN (1, 10, 20) ORDER BY id")
        );
        Assert.Equal(
            "repair|1|2|3",
            Assert.Single(
                await Rows("SELECT operation, inserted, updated, deleted FROM headrace.loads WHERE generation = 2")
            )
        );

        // The next run goes on as if nothing had been.
        await shop.Execute("UPDATE orders SET name = 'new', updated_at = now() WHERE id = 7");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task WhatTheNextRunBringsIsNoDifference()
    {
        var shop = await Shop(Thousand, Flow);
        await World.Load();
        await shop.Execute(
            "UPDATE orders SET name = 'new', updated_at = now() WHERE id = 7; INSERT INTO orders VALUES (2000, 'new')"
        );
        Assert.Equal((0, "True 0 0 0 1001 1000"), await Verify());
    }

    [Fact]
    public async Task ARepairDoesNotEmptyATarget()
    {
        var shop = await Shop(Thousand, Flow);
        await World.Load();
        await shop.Execute("DELETE FROM orders WHERE id > 100");
        var answer = await World.Run("verify", "--repair", "--json");
        Assert.Equal((3, "HDR-206"), (answer.Exit, answer.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal("1000", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task JsonIsComparedByWhatItMeans()
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, doc json, tags text[],
                updated_at timestamptz NOT NULL DEFAULT now());
            INSERT INTO orders SELECT i, '{"b": [1, 2.50],  "a" : {"y": 1e2, "x": "A"}}', ARRAY['x', NULL, 'y z'],
                now() - interval '1 day' FROM generate_series(1, 100) i
            """,
            Flow
        );
        await World.Load();
        Assert.Equal((0, "True 0 0 0 100 100"), await Verify());
        await Alter(
            """
            UPDATE raw.orders SET doc = '{"a":{"x":"A","y":100},"b":[1.0,2.5]}', tags = '["x",null,"y z"]'
            WHERE id <= 50
            """
        );
        Assert.Equal((0, "True 0 0 0 100 100"), await Verify());
        await Alter(
            """
            UPDATE raw.orders SET doc = '{"a":{"x":"A","y":100.5},"b":[1.0,2.5]}' WHERE id = 1;
            UPDATE raw.orders SET tags = '[null,"x","y z"]' WHERE id = 2
            """
        );
        await shop.Execute("""UPDATE orders SET doc = '{"n": 12345678901234567891}' WHERE id = 3""");
        await Alter("""UPDATE raw.orders SET doc = '{"n": 12345678901234567892}' WHERE id = 3""");
        Assert.Equal((3, "False 0 0 3 100 100"), await Verify());
    }

    [Fact]
    public async Task ATableWithoutAKeyIsNotLeftOut()
    {
        await Shop(Thousand, "read: full-refresh, write: replace");
        Assert.Equal((3, "False 1000 0 0 1000 0"), await Verify());
        await World.Load();
        Assert.Equal((0, "True 0 0 0 1000 1000"), await Verify("orders"));
    }
}

public sealed class VerifyingIntoDuckDb(PostgresServer server) : Verifying(server, WarehouseKind.DuckDb);

public sealed class VerifyingIntoPostgres(PostgresServer server) : Verifying(server, WarehouseKind.Postgres)
{
    [Theory]
    [InlineData(1, "True 0 0 0")]
    [InlineData(0, "False 0 0 1")]
    public async Task WhatAnotherRunLoadsBetweenTheTwoReadingsIsAskedAgain(int loads, string expected)
    {
        var shop = await Shop(
            $"""
            {Orders}; INSERT INTO orders SELECT i, 'n'
            || i, now() - interval '1 day', now() - interval '1 day' FROM generate_series(1, 10) i
            """,
            Flow
        );
        await World.Load();
        // The first segment is the source's; the target is read after it.
        using var child = World.Start(World.At("segment_written", "stop"), "verify", "--json");
        await child.Stopped();
        await shop.Execute(
            "UPDATE orders SET name = 'new', updated_at = updated_at + interval '1 minute' WHERE id = 7"
        );
        await Alter(
            "UPDATE raw.orders SET name = 'new', updated_at = updated_at + interval '1 minute' WHERE id = 7; "
                + $"UPDATE headrace.positions SET generation = generation + {loads}"
        );
        child.Signal("CONT");
        var answer = await child.Ended();
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        Assert.Equal(
            expected,
            $"{one.GetProperty("equal").GetBoolean()} {one.GetProperty("missing")} {one.GetProperty("extra")} "
                + $"{one.GetProperty("different")}"
        );
    }
}

public sealed class VerifyingIntoRedshift(PostgresServer server) : Verifying(server, WarehouseKind.Redshift);
