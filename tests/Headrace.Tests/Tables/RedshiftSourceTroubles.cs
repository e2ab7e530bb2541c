using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables of Redshift as source where something dies, is refused, or is not what it was.</summary>
public sealed class RedshiftSourceTroubles(PostgresServer server) : RedshiftShop(server)
{
    [Theory]
    [InlineData("snapshot_taken", "kill", "update_key: updated_at, primary_key: id, write: merge")]
    [InlineData("segment_written", "kill", "update_key: updated_at, primary_key: id, write: merge")]
    [InlineData("segment_written", "throw", "update_key: updated_at, primary_key: id, write: merge, retries: 0")]
    [InlineData("segment_written", "kill", "update_key: updated_at, lookback: 0s, write: append")]
    [InlineData("before_commit", "kill", "update_key: updated_at, lookback: 0s, write: append")]
    [InlineData("after_commit", "kill", "update_key: updated_at, lookback: 0s, write: append")]
    public async Task WhateverDiesEachRowComesOnceAndNothingStaysStaged(string boundary, string action, string flow)
    {
        await Shop(Orders, $"read: incremental, {flow}");
        await Put($"{Yesterday}; INSERT INTO orders VALUES (101, 'newest')");
        Assert.NotEqual(0, (await World.RunProcess(World.At(boundary, action), "run")).Exit);
        Assert.Equal(action == "kill" && boundary == "segment_written", Staged().Length > 0);
        await World.Load();
        await Put("INSERT INTO orders VALUES (102, 'newer')");
        await World.Load();
        // The newest is appended when there is a newer one.
        var all = flow.Contains("append", StringComparison.Ordinal) ? 101 : 102;
        Assert.Equal($"{all}|{all}", Assert.Single(await Rows("SELECT count(*), count(DISTINCT id) FROM raw.orders")));
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task FilesStayWhenTheyAreToBeKept()
    {
        await Shop(Orders, Merge);
        await Put(Yesterday);
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace("path: in/", "path: in/, keep: true", StringComparison.Ordinal)
        );
        await World.Load();
        Assert.Equal(2, Staged().Length);
    }

    [Theory]
    [InlineData("DROP TABLE orders", "HDR-154")]
    [InlineData("", "HDR-155")]
    public async Task AnotherSourceOrAnEarlierOneStopsUntilItIsConfirmed(string change, string code)
    {
        await Shop(Orders, Merge);
        await Put(Yesterday);
        await World.Load();
        if (change.Length > 0)
        {
            await Do($"{change}; {Orders}");
            await Put(Yesterday);
        }
        else
            World.Alter(
                """
                UPDATE headrace.positions
                SET cursor = regexp_replace(cursor, '"updated":"[0-9]{4}', '"updated":"2999')
                """
            );
        Assert.Equal(code, (await World.Run("run", "--json")).Only.Error);
        Assert.Equal("loaded", (await World.Load("--confirm", "orders")).Only.Outcome);
        Assert.Equal("100", await Value("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task AnEmptyTableIsMadeAndATableThatIsGoneIsSaid()
    {
        await Shop(Orders, $"{Merge}, retries: 0");
        await World.Load();
        Assert.Equal("0", await Value("SELECT count(*) FROM raw.orders"));
        await Do("DROP TABLE orders");
        Assert.Equal("HDR-152", (await World.Run("run", "--json")).Only.Error);
        Directory.CreateDirectory(Path.Combine(World.Folder, "staged"));
        var doctor = await World.Run("doctor");
        Assert.True(doctor.Exit == 1 && doctor.Text.Contains("HDR-152", StringComparison.Ordinal), doctor.Text);
        Assert.Contains("Redshift 1.0", doctor.Text, StringComparison.Ordinal);
        Assert.Contains("as source late commits are found within the lookback", doctor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusalOfUnloadLoadsNothingAndIsTriedAgainWhenItPasses()
    {
        await Shop(Orders, $"{Merge}, retry_delay: 10ms");
        await Put(Yesterday);
        Source.StandIn.FailNext("UNLOAD", "1023 Serializable isolation violation on table");
        Assert.Equal("100i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Source.StandIn.FailNext("UNLOAD", "S3ServiceException: Access Denied");
        Assert.Equal("HDR-156", (await World.Run("run", "--json")).Only.Error);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task RowsThatDoNotComeOutOfTheStagingPlaceAreMissed()
    {
        await Shop(Orders, $"{Merge}, retries: 0");
        await Put(
            $"""
            {Yesterday}; CREATE OR REPLACE FUNCTION redshift_standin.pg_last_unload_count() RETURNS bigint
            LANGUAGE sql AS 'SELECT 101::bigint'
            """
        );
        Assert.Equal("HDR-158", (await World.Run("run", "--json")).Only.Error);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task TwoDatabasesOfOneClusterAreTwoSources()
    {
        await Shop(Orders, Merge);
        await Put(Yesterday);
        await World.Load();
        await using var other = await Another();
        await using (var db = await other.OpenAsync())
            await db.ExecuteAsync(Orders);
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace(Source.Yaml, other.Yaml, StringComparison.Ordinal)
        );
        Assert.Equal("HDR-154", (await World.Run("run", "--json")).Only.Error);
    }

    [Theory]
    [InlineData("path: \"a/*\"", "is for files")]
    [InlineData("table: orders, query: \"SELECT 1\"", "both a table and a query")]
    public async Task WhatIsForFilesIsRefused(string source, string why)
    {
        await Shop(Orders, Merge, source);
        Assert.Contains(why, (await World.Run("plan")).Text, StringComparison.Ordinal);
    }
}
