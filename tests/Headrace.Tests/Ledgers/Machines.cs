using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Ledgers;

/// <summary>Two machines (two folders, processes of their own) with one ledger and one warehouse.</summary>
public abstract class Machines(PostgresServer server) : IDisposable
{
    private const string Flow =
        """prices: { source: { connection: lake, path: "prices/*" }, columns: { id: bigint, """
        + """price: "decimal(12,2)" }, read: incremental, write: append, retries: 0 }""";

    private protected World Here { get; } = new();
    private protected World There { get; } = new();

    /// <summary>How much longer than its lease a machine that is gone holds a dataset at most.</summary>
    protected virtual TimeSpan Grace => TimeSpan.FromMilliseconds(100);

    /// <summary>The connections of the ledger, by their lines, and what ledger: says beside the lease.</summary>
    protected abstract (string Connections, string Ledger) Ledger { get; }

    public void Dispose()
    {
        Here.Dispose();
        There.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatOneMachineRunsTheOtherSkipsAndBothSeeTheSameHistory()
    {
        await Two(lease: "60s");
        using var first = Here.Start(World.At("changes_staged", "stop"), "run", "--json");
        await first.Stopped();
        Assert.Equal("skipped", (await There.Load()).Only.Outcome);
        first.Signal("CONT");
        Assert.Equal("loaded", (await first.Ended()).Only.Outcome);
        Assert.Equal("up_to_date", (await There.Load()).Only.Outcome);
        Assert.Equal((await Here.Run("runs")).Output, (await There.Run("runs")).Output);
        Assert.Contains("loaded", (await There.Run("runs")).Output, StringComparison.Ordinal);
        Assert.Equal((await Here.Run("status")).Output, (await There.Run("status")).Output);
    }

    [Fact]
    public async Task F8_TheLeaseOfAMachineThatIsGoneEnds()
    {
        var target = await Two(lease: "2s");
        Assert.Equal(137, (await Here.RunProcess(World.At("changes_staged", "kill"), "run")).Exit);
        Assert.Equal("skipped", (await There.Load()).Only.Outcome);
        await Task.Delay(TimeSpan.FromSeconds(2) + Grace, Cancel);
        Assert.Equal("loaded", (await There.Load()).Only.Outcome);
        Assert.Equal("up_to_date", (await Here.Load()).Only.Outcome);
        Assert.Equal(["2"], await target.Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F7_AMachineThatPausedLongerThanItsLeaseLoadsNothing()
    {
        var target = await Two(lease: "2s");
        using var first = Here.Start(World.At("changes_staged", "stop"), "run", "--json");
        await first.Stopped();
        await Task.Delay(TimeSpan.FromSeconds(2) + Grace, Cancel);
        Assert.Equal("loaded", (await There.Load()).Only.Outcome);
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
        var waiting = Here.Start(new Dictionary<string, string>(), "run", "--json");
        await Task.Delay(4000, Cancel);
        Assert.Equal("skipped", (await There.Load()).Only.Outcome);
        await other.Execute("ROLLBACK");
        Assert.Equal("loaded", (await waiting.Ended()).Only.Outcome);
    }

    private protected async Task<PostgresTestDatabase> Two(string lease)
    {
        var target = await PostgresTargets.Into(server, Here, Flow);
        var yaml = (await File.ReadAllTextAsync(Path.Combine(Here.Folder, "headrace.yaml"), Cancel)).Replace(
            "connections:",
            $"ledger: {{ {Ledger.Ledger}, lease: {lease} }}\nconnections:\n{Ledger.Connections}",
            StringComparison.Ordinal
        );
        Here.Configuration(yaml);
        There.Configuration(yaml);
        Directory.Delete(There.Lake);
        Directory.CreateSymbolicLink(There.Lake, Here.Lake);
        Here.Put("prices/1.csv", "id,price\n1,1.50\n2,2.50\n");
        return target;
    }
}

public sealed class MachinesOnPostgres(PostgresServer server) : Machines(server)
{
    protected override (string Connections, string Ledger) Ledger =>
        ("  down: { type: postgres, host: 127.0.0.1, port: 1, database: d, user: u }", "connection: pg");

    [Fact]
    public async Task ALedgerThatDoesNotAnswerStopsEverything()
    {
        var target = await Two(lease: "60s");
        var yaml = Path.Combine(Here.Folder, "headrace.yaml");
        await File.WriteAllTextAsync(
            yaml,
            (await File.ReadAllTextAsync(yaml, Cancel)).Replace(
                "ledger: { connection: pg",
                "ledger: { connection: down",
                StringComparison.Ordinal
            ),
            Cancel
        );
        var answer = await Here.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-401", answer.Text, StringComparison.Ordinal);
        Assert.Empty(await target.Query("SELECT nspname FROM pg_namespace WHERE nspname IN ('raw', 'headrace')"));
    }

    [Fact]
    public async Task F67_ALedgerOfANewerHeadraceIsLeftAlone()
    {
        var target = await Two(lease: "60s");
        await There.Load();
        await target.Execute("UPDATE headrace.ledger SET version = 99");
        Here.Put("prices/2.csv", "id,price\n3,3.50\n");
        var answer = await Here.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-404", answer.Text, StringComparison.Ordinal);
        Assert.Equal(["2"], await target.Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task ALedgerIsADatabase()
    {
        await Two(lease: "60s");
        var yaml = Path.Combine(Here.Folder, "headrace.yaml");
        var text = await File.ReadAllTextAsync(yaml, Cancel);
        foreach (var other in (string[])["lake", "nowhere"])
        {
            await File.WriteAllTextAsync(
                yaml,
                text.Replace("ledger: { connection: pg", $"ledger: {{ connection: {other}", StringComparison.Ordinal),
                Cancel
            );
            Assert.Equal(2, (await Here.Run("run")).Exit);
        }
    }
}

public sealed class MachinesOnDynamoDb(PostgresServer server, MotoFixture moto)
    : Machines(server),
        IClassFixture<MotoFixture>
{
    private readonly string table = $"ledger-{Guid.NewGuid():N}"[..16];

    // Its times are whole seconds.
    protected override TimeSpan Grace => TimeSpan.FromSeconds(2.1);

    protected override (string Connections, string Ledger) Ledger
    {
        get
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test-secret");
            return (
                $"  dynamo: {{ type: dynamodb, region: us-east-1, endpoint: \"{moto.Server.Endpoint}\" }}",
                $"connection: dynamo, table: {table}"
            );
        }
    }
}
