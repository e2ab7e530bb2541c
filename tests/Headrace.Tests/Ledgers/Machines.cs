using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Ledgers;

/// <summary>Two machines (two folders, processes of their own) with one ledger and one warehouse.</summary>
public sealed class Machines(PostgresServer server) : IDisposable
{
    private const string Flow =
        """prices: { source: { connection: lake, path: "prices/*" }, columns: { id: bigint, """
        + """price: "decimal(12,2)" }, read: incremental, write: append, retries: 0 }""";

    private readonly World here = new();
    private readonly World there = new();

    public void Dispose()
    {
        here.Dispose();
        there.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatOneMachineRunsTheOtherSkipsAndBothSeeTheSameHistory()
    {
        await Two(lease: "60s");
        using var first = here.Start(World.At("changes_staged", "stop"), "run", "--json");
        await first.Stopped();
        Assert.Equal("skipped", (await there.Load()).Only.Outcome);
        first.Signal("CONT");
        Assert.Equal("loaded", (await first.Ended()).Only.Outcome);
        Assert.Equal("up_to_date", (await there.Load()).Only.Outcome);
        Assert.Equal((await here.Run("runs")).Output, (await there.Run("runs")).Output);
        Assert.Contains("loaded", (await there.Run("runs")).Output, StringComparison.Ordinal);
        Assert.Equal((await here.Run("status")).Output, (await there.Run("status")).Output);
    }

    [Fact]
    public async Task F8_TheLeaseOfAMachineThatIsGoneEnds()
    {
        var target = await Two(lease: "2s");
        Assert.Equal(137, (await here.RunProcess(World.At("changes_staged", "kill"), "run")).Exit);
        Assert.Equal("skipped", (await there.Load()).Only.Outcome);
        await Task.Delay(2100, Cancel);
        Assert.Equal("loaded", (await there.Load()).Only.Outcome);
        Assert.Equal("up_to_date", (await here.Load()).Only.Outcome);
        Assert.Equal(["2"], await target.Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F7_AMachineThatPausedLongerThanItsLeaseLoadsNothing()
    {
        var target = await Two(lease: "2s");
        using var first = here.Start(World.At("changes_staged", "stop"), "run", "--json");
        await first.Stopped();
        await Task.Delay(2100, Cancel);
        Assert.Equal("loaded", (await there.Load()).Only.Outcome);
        first.Signal("CONT");
        var answer = await first.Ended();
        Assert.Equal(1, answer.Exit);
        Assert.Contains(answer.Only.Error, (string[])["HDR-403", "HDR-301"]);
        Assert.Equal(["2"], await target.Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F12_ALeaseIsRenewedForAsLongAsTheRunTakes()
    {
        var target = await Two(lease: "1s");
        await using var other = await target.Session();
        await other.Execute(
            """
            CREATE SCHEMA raw; CREATE TABLE raw.prices (id bigint, price numeric(12,2)); BEGIN;
            LOCK TABLE raw.prices IN ACCESS EXCLUSIVE MODE
            """
        );
        var waiting = here.Start(new Dictionary<string, string>(), "run", "--json");
        await Task.Delay(4000, Cancel);
        Assert.Equal("skipped", (await there.Load()).Only.Outcome);
        await other.Execute("ROLLBACK");
        Assert.Equal("loaded", (await waiting.Ended()).Only.Outcome);
    }

    [Fact]
    public async Task ALedgerThatDoesNotAnswerStopsEverything()
    {
        var target = await Two(lease: "60s");
        var yaml = Path.Combine(here.Folder, "headrace.yaml");
        await File.WriteAllTextAsync(
            yaml,
            (await File.ReadAllTextAsync(yaml, Cancel)).Replace(
                "ledger: { connection: pg",
                "ledger: { connection: down",
                StringComparison.Ordinal
            ),
            Cancel
        );
        var answer = await here.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-401", answer.Text, StringComparison.Ordinal);
        Assert.Empty(await target.Query("SELECT nspname FROM pg_namespace WHERE nspname IN ('raw', 'headrace')"));
    }

    [Fact]
    public async Task F67_ALedgerOfANewerHeadraceIsLeftAlone()
    {
        var target = await Two(lease: "60s");
        await there.Load();
        await target.Execute("UPDATE headrace.ledger SET version = 99");
        here.Put("prices/2.csv", "id,price\n3,3.50\n");
        var answer = await here.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-404", answer.Text, StringComparison.Ordinal);
        Assert.Equal(["2"], await target.Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task ALedgerIsADatabase()
    {
        await Two(lease: "60s");
        var yaml = Path.Combine(here.Folder, "headrace.yaml");
        var text = await File.ReadAllTextAsync(yaml, Cancel);
        foreach (var other in (string[])["lake", "nowhere"])
        {
            await File.WriteAllTextAsync(
                yaml,
                text.Replace("ledger: { connection: pg", $"ledger: {{ connection: {other}", StringComparison.Ordinal),
                Cancel
            );
            Assert.Equal(2, (await here.Run("run")).Exit);
        }
    }

    private async Task<PostgresTestDatabase> Two(string lease)
    {
        var target = await PostgresTargets.Into(server, here, Flow);
        var yaml = (await File.ReadAllTextAsync(Path.Combine(here.Folder, "headrace.yaml"), Cancel)).Replace(
            "connections:",
            $"ledger: {{ connection: pg, lease: {lease} }}\nconnections:\n"
                + "  down: { type: postgres, host: 127.0.0.1, port: 1, database: d, user: u }",
            StringComparison.Ordinal
        );
        here.Configuration(yaml);
        there.Configuration(yaml);
        Directory.Delete(there.Lake);
        Directory.CreateSymbolicLink(there.Lake, here.Lake);
        here.Put("prices/1.csv", "id,price\n1,1.50\n2,2.50\n");
        return target;
    }
}
