using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// A drop folder into tables of a stand-in for Redshift, which changes hardly anything of a table that is there.
/// </summary>
public sealed class RedshiftTargetDrops(PostgresServer server) : IDisposable
{
    private const string Inbox =
        """inbox: { source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }, read: drop, """
        + """target: { schema: "{database}", table: "{table}" } }""";

    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private static string Schema(string columns) =>
        $$"""{"schema_version": 1, "columns": [{{columns}}], "allowed_operations": ["append","truncate","schema"]}""";

    [Fact]
    public async Task ADropFolderMakesAndAddsAndRefuses()
    {
        await using var target = await RedshiftTargets.Into(server, world, Inbox);
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
                    """{"name": "a", "type": "integer"}, """
                        + """{"name": "b", "type": "timestamp", "nullable": false}, {"name": "c", "type": "json"}"""
                ),
                landedSecondsAgo: 700
            )
            .Put(
                "inbox/shop/append/t/2.csv",
                "a,b,c\n3,2026-01-01 10:00:00,\"{\"\"x\"\": 1}\"\n",
                landedSecondsAgo: 600
            );
        await world.Load();
        Assert.Equal(["1|NULL", "3|{\"x\": 1}"], await target.Behind.Query("SELECT a, c FROM shop.t ORDER BY a"));
        world.Put(
            "inbox/shop/schema/t/3.json",
            Schema(
                """{"name": "a", "type": "bigint"}, {"name": "b", "type": "timestamp", "nullable": false}, """
                    + """{"name": "c", "type": "json"}"""
            ),
            landedSecondsAgo: 500
        );
        var refused = (await world.Run("run", "--json")).Only;
        Assert.Equal("HDR-317", refused.Error);
        Assert.Contains(
            "Redshift cannot make the column 'a', which is integer, a bigint; shop.t was not changed.",
            refused.Json.GetProperty("error").GetProperty("what").GetString()!,
            StringComparison.Ordinal
        );
        await using (var db = await target.OpenAsync())
            foreach (
                var byHand in (string[])
                    [
                        "CREATE TABLE shop.t_new (a bigint, b timestamp NOT NULL, c varchar(65534))",
                        "BEGIN",
                        "INSERT INTO shop.t_new (a, b, c) SELECT a, b, c FROM shop.t",
                        "ALTER TABLE shop.t RENAME TO t_old",
                        "ALTER TABLE shop.t_new RENAME TO t",
                        "COMMIT",
                    ]
            )
                await db.ExecuteAsync(byHand);
        Assert.Equal("loaded", (await world.Load()).Only.Outcome);
        Assert.Equal(["1|NULL", "3|{\"x\": 1}"], await target.Behind.Query("SELECT a, c FROM shop.t ORDER BY a"));
        world.Put("inbox/shop/truncate/t/3.csv", "a,b,c\n5,2026-01-01 10:00:00,\n", landedSecondsAgo: 400);
        await world.Load();
        Assert.Equal(["5"], await target.Behind.Query("SELECT a FROM shop.t"));
    }

    [Theory]
    [InlineData(
        """{"name": "a", "type": "text"}, {"name": "b", "type": "integer"}""",
        "allow NULL in the column 'b'",
        false
    )]
    [InlineData(
        """{"name": "a", "type": "text"}, {"name": "b", "type": "integer", "nullable": false}, """
            + """{"name": "c", "type": "date", "nullable": false}""",
        "add the column 'c'",
        false
    )]
    [InlineData(
        """{"name": "a", "type": "text"}, {"name": "b", "type": "integer", "nullable": false}""",
        "lengthen the column 'a', which takes 20 bytes, in a transaction",
        true
    )]
    public async Task WhatRedshiftChangesInNoTableIsToldWithTheWayOut(string columns, string cannot, bool isVarchar)
    {
        await using var target = await RedshiftTargets.Into(server, world, Inbox);
        await target.Behind.Execute("CREATE SCHEMA shop");
        await using var db = await target.OpenAsync();
        await db.ExecuteAsync($"CREATE TABLE shop.t (a varchar({(isVarchar ? 20 : 65535)}), b integer NOT NULL)");
        world.Put("inbox/shop/schema/t/1.json", Schema(columns));
        var refused = (await world.Run("run", "--json")).Only;
        Assert.Equal("HDR-317", refused.Error);
        Assert.Contains(
            cannot,
            refused.Json.GetProperty("error").GetProperty("what").GetString()!,
            StringComparison.Ordinal
        );
        if (!isVarchar)
            return;
        await db.ExecuteAsync(
            refused
                .Json.GetProperty("error")
                .GetProperty("next")
                .GetString()!
                .Replace(" by hand, then run again", "", StringComparison.Ordinal)
        );
        Assert.Equal("loaded", (await world.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AColumnIsAddedBesideOneOfBytes()
    {
        await using var target = await RedshiftTargets.Into(server, world, Inbox);
        world.Put("inbox/shop/schema/t/1.json", Schema("""{"name": "a", "type": "bytes"}"""), landedSecondsAgo: 900);
        await world.Load();
        world
            .Put(
                "inbox/shop/schema/t/2.json",
                Schema("""{"name": "a", "type": "bytes"}, {"name": "b", "type": "integer"}"""),
                landedSecondsAgo: 800
            )
            .Put("inbox/shop/append/t/1.csv", "a,b\n00ff,1\n", landedSecondsAgo: 700);
        await world.Load();
        Assert.Equal(["\\x00ff|1"], await target.Behind.Query("SELECT a::text AS a, b FROM shop.t"));
    }
}
