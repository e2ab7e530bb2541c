using System.Text.Json.Nodes;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;
using Headrace.Tests.StandIn;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Ledgers;

/// <summary>What every ledger keeps.</summary>
public abstract class Ledgers
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract Task<ILedger> LedgerAsync();

    [Fact]
    public async Task RunsAreListedTheNewestFirst()
    {
        var ledger = await LedgerAsync();
        await ledger.WriteAsync([Run("r_1", "a", 0), Run("r_2", "a", 1), Run("r_3", "b/x", 2)], Cancel);
        await ledger.WriteAsync([], Cancel);
        Assert.Equal(
            ["r_3", "r_2", "r_1"],
            (await ledger.RunsAsync(new RunQuery(null, 10), Cancel)).Select(run => run.Id)
        );
        Assert.Equal(["r_2", "r_1"], (await ledger.RunsAsync(new RunQuery("a", 10), Cancel)).Select(run => run.Id));
        Assert.Equal(["r_3"], (await ledger.RunsAsync(new RunQuery("b/x", 10), Cancel)).Select(run => run.Id));
        Assert.Equal(["r_2"], (await ledger.RunsAsync(new RunQuery("r_2", 10), Cancel)).Select(run => run.Id));
        Assert.Equal(["r_3"], (await ledger.RunsAsync(new RunQuery(null, 1), Cancel)).Select(run => run.Id));
        Assert.Equal(["r_2", "r_3"], (await ledger.LatestAsync([], Cancel)).Select(run => run.Id));
        var kept = (await ledger.RunsAsync(new RunQuery("r_1", 1), Cancel))[0];
        Assert.Equal(
            (7L, Outcome.Loaded, Noon, "HDR-101"),
            (kept.Inserted, kept.Outcome, kept.StartedAt, kept.Error?.Code)
        );
    }

    [Fact]
    public async Task RunsThatAreWrittenAtOnceAreAllThere()
    {
        var ledger = await LedgerAsync();
        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        await ledger.WriteAsync([Run($"r_{i:00}", "a", i)], Cancel);
                        Assert.NotEmpty(await ledger.RunsAsync(new RunQuery($"r_{i:00}", 1), Cancel));
                    })
                )
        );
        Assert.Equal(12, (await ledger.RunsAsync(new RunQuery("a", 100), Cancel)).Count);
    }

    [Fact]
    public async Task RunsAreFoundByTheirOutcomeAndPageByPage()
    {
        var ledger = await LedgerAsync();
        await ledger.WriteAsync(
            [
                Run("r_1", "a", 0),
                Run("r_2", "a", 1) with
                {
                    Outcome = Outcome.UpToDate,
                },
                Run("r_3", "a", 1),
                Run("r_4", "b", 2),
            ],
            Cancel
        );
        var page = await ledger.RunsAsync(new RunQuery(null, 2), Cancel);
        var rest = new RunQuery(null, 9) { Before = (page[^1].StartedAt, page[^1].Id) };
        Assert.Equal(["r_4", "r_3"], page.Select(run => run.Id));
        Assert.Equal(["r_2", "r_1"], (await ledger.RunsAsync(rest, Cancel)).Select(run => run.Id));
        var idle = new RunQuery("a", 9) { Outcome = Outcome.UpToDate };
        Assert.Equal(["r_2"], (await ledger.RunsAsync(idle, Cancel)).Select(run => run.Id));
    }

    [Fact]
    public async Task AMarkIsChangedByOneOfAllWhoTry()
    {
        var ledger = await LedgerAsync();
        Assert.Empty(await ledger.MarksAsync("", Cancel));
        var tried = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(() => ledger.MarkAsync("a/x", null, $"{i}", Cancel)))
        );
        Assert.Single(tried, took => took);
        var known = (await ledger.MarksAsync("a/", Cancel))["a/x"];
        Assert.False(await ledger.MarkAsync("a/x", "other", "9", Cancel));
        Assert.True(await ledger.MarkAsync("a/x", known, "9", Cancel));
        Assert.True(await ledger.MarkAsync("b", null, "1", Cancel));
        Assert.Equal("9", Assert.Single(await ledger.MarksAsync("a/", Cancel)).Value);
        Assert.True(await ledger.MarkAsync("a/x", "9", null, Cancel));
        Assert.False(await ledger.MarkAsync("a/x", "9", null, Cancel));
        Assert.Empty(await ledger.MarksAsync("a/", Cancel));
    }

    [Fact]
    public async Task ADatasetIsHeldByOneAndFreeAgain()
    {
        var ledger = await LedgerAsync();
        var (one, two) = (
            new Dataset("a", "a", new Dictionary<string, string>()),
            new Dataset("b/x", "b", new Dictionary<string, string>())
        );
        var hold = await ledger.HoldAsync(one, null, Cancel);
        Assert.False(hold!.Lost.IsCancellationRequested);
        Assert.Null(await ledger.HoldAsync(one, null, Cancel));
        await using (var other = await ledger.HoldAsync(two, null, Cancel))
            Assert.NotNull(other);
        await hold.DisposeAsync();
        await using var again = await ledger.HoldAsync(one, null, Cancel);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task WhatIsUnderWayIsSeenUntilItEnds()
    {
        var ledger = await LedgerAsync();
        var dataset = new Dataset("a", "a", new Dictionary<string, string>());
        var run = Run("r_1", "a", 0) with { Outcome = Outcome.Running, Error = null };
        var hold = await ledger.HoldAsync(dataset, run, Cancel);
        var seen = Assert.Single(await ledger.UnderWayAsync(Cancel));
        Assert.Equal(("r_1", Outcome.Running), (seen.Id, seen.Outcome));
        await hold!.DisposeAsync();
        Assert.Empty(await ledger.UnderWayAsync(Cancel));
        await using var again = await ledger.HoldAsync(dataset, null, Cancel);
        Assert.Null(again!.Died);
        Assert.Empty(await ledger.UnderWayAsync(Cancel));
    }

    [Fact]
    public async Task TheNewestRunIsKnownByHowItEnded()
    {
        var ledger = await LedgerAsync();
        var (loaded, idle) = (Run("r_1", "a", 0), Run("r_2", "a", 1) with { Outcome = Outcome.UpToDate });
        var (other, failed) = (Run("r_3", "b", 2), Run("r_4", "b", 3) with { Outcome = Outcome.Failed });
        await ledger.WriteAsync([loaded, idle, other, failed], Cancel);

        async Task<string[]> Latest(params Outcome[] outcomes) =>
            [.. (await ledger.LatestAsync(outcomes, Cancel)).Select(run => run.Id)];
        Assert.Equal(["r_2", "r_4"], await Latest());
        Assert.Equal(["r_1", "r_3"], await Latest(Outcome.Loaded));
        Assert.Equal(["r_2", "r_3"], await Latest(Outcome.Loaded, Outcome.UpToDate));
        Assert.Empty(await Latest(Outcome.Stopped));
        var query = new RunQuery(null, 10) { WithIdle = false };
        Assert.Equal(["r_4", "r_3", "r_1"], (await ledger.RunsAsync(query, Cancel)).Select(run => run.Id));
    }

    [Fact]
    public async Task RunsThatChangedATableAreFoundAmongAll()
    {
        var ledger = await LedgerAsync();
        var made = Run("r_1", "a", 0) with { Ddl = ["CREATE TABLE \"t\""] };
        var sly = Run("r_2", "a", 1) with { Warnings = ["\"ddl\":[\"x\"]"] };
        var other = Run("r_4", "b", 3) with { Ddl = ["DROP TABLE u"] };
        await ledger.WriteAsync([made, sly, Run("r_3", "a", 2), other], Cancel);

        var found = await ledger.RunsAsync(new RunQuery("a", 10) { WithDdl = true }, Cancel);

        Assert.Equal(["CREATE TABLE \"t\""], Assert.Single(found).Ddl);
    }

    protected static Run Run(string id, string dataset, int hours) =>
        new()
        {
            Id = id,
            Flow = dataset.Split('/')[0],
            Dataset = dataset,
            StartedAt = Noon.AddHours(hours),
            Outcome = Outcome.Loaded,
            Inserted = 7,
            Error = new RunError("HDR-101", "what", [], "next"),
        };
}

public sealed class LedgersOfOneMachine : Ledgers, IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    protected override Task<ILedger> LedgerAsync() =>
        Task.FromResult<ILedger>(new DuckDbLedger(Path.Combine(world.Folder, ".headrace"), TimeProvider.System));
}

public sealed class LedgersInDynamoDb(MotoFixture moto) : Ledgers, IClassFixture<MotoFixture>, IAsyncDisposable
{
    // DynamoDB decides the conditions of one item one after the other; moto does so when it is asked that way.
    private readonly FakeHttp oneByOne = new(request => moto.Server.ForwardAsync(request.Headers, request.Body));

    private readonly string table = $"ledger-{Guid.NewGuid():N}"[..16];

    public ValueTask DisposeAsync() => oneByOne.DisposeAsync();

    protected override Task<ILedger> LedgerAsync() =>
        Task.FromResult<ILedger>(Ledger(TimeSpan.FromSeconds(60), TimeProvider.System));

    private DynamoLedger Ledger(TimeSpan lease, TimeProvider clock)
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test-secret");
        return new DynamoLedger(
            new DynamoDb(
                new DynamoDbConnection
                {
                    Name = "dynamo",
                    Region = "us-east-1",
                    Endpoint = oneByOne.Endpoint,
                },
                new Secrets(),
                clock
            ),
            table,
            lease,
            clock
        );
    }

    [Fact]
    public async Task WhoIsDeadLosesItsDatasetAndKnowsItWhenItComesBack()
    {
        await Ledger(TimeSpan.FromSeconds(2), TimeProvider.System).LatestAsync([], Cancel);
        // Its timers stand still, so it renews nothing.
        var dead = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var dataset = new Dataset("a", "a", new Dictionary<string, string>());
        var run = Run("r_1", "a", 0) with { Outcome = Outcome.Running, Error = null };
        await using var first = await Ledger(TimeSpan.FromSeconds(2), dead).HoldAsync(dataset, run, Cancel);
        // Clocks of machines say nothing: this one goes a day ahead.
        var second = Ledger(TimeSpan.FromSeconds(2), new StoppedClock(DateTimeOffset.UtcNow.AddDays(1)));
        Assert.Null(await second.HoldAsync(dataset, null, Cancel));
        await Task.Delay(4100, Cancel);
        await using var taken = await second.HoldAsync(dataset, null, Cancel);
        Assert.Equal(("r_1", Outcome.Failed), (taken!.Died?.Id, taken.Died?.Outcome));
        Assert.False(first!.Lost.IsCancellationRequested);
        dead.Advance(TimeSpan.FromSeconds(1));
        for (var tries = 0; tries < 100 && !first.Lost.IsCancellationRequested; tries++)
            await Task.Delay(50, Cancel);
        Assert.True(first.Lost.IsCancellationRequested);
        Assert.False(taken.Lost.IsCancellationRequested);
        Assert.Null(await Ledger(TimeSpan.FromSeconds(2), TimeProvider.System).HoldAsync(dataset, null, Cancel));
    }

    [Fact]
    public async Task ATableOfANewerHeadraceIsLeftAlone()
    {
        await Ledger(TimeSpan.FromSeconds(2), TimeProvider.System).LatestAsync([], Cancel);
        await moto.Server.AskAsync(
            "dynamodb",
            "DynamoDB_20120810.PutItem",
            new JsonObject
            {
                ["TableName"] = table,
                ["Item"] = new JsonObject
                {
                    ["pk"] = new JsonObject { ["S"] = "meta" },
                    ["sk"] = new JsonObject { ["S"] = "version" },
                    ["version"] = new JsonObject { ["N"] = "99" },
                    ["written_by"] = new JsonObject { ["S"] = "9.9" },
                },
            },
            "1.0"
        );
        var error = await Assert.ThrowsAsync<HeadraceException>(() =>
            Ledger(TimeSpan.FromSeconds(2), TimeProvider.System).LatestAsync([], Cancel)
        );
        Assert.Equal("HDR-404", error.Code);
    }

    [Fact]
    public async Task ServiceThatDoesNotAnswerIsNamed()
    {
        var ledger = new DynamoLedger(
            new DynamoDb(
                new DynamoDbConnection { Region = "us-east-1", Endpoint = "http://127.0.0.1:1" },
                new Secrets(),
                TimeProvider.System
            ),
            table,
            TimeSpan.FromSeconds(2),
            TimeProvider.System
        );
        var error = await Assert.ThrowsAsync<HeadraceException>(() => ledger.LatestAsync([], Cancel));
        Assert.Equal("HDR-401", error.Code);
    }
}

public sealed class LedgersOfManyMachines(PostgresServer server) : Ledgers, IAsyncDisposable
{
    private PostgresDatabase? database;

    public async ValueTask DisposeAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }

    protected override async Task<ILedger> LedgerAsync()
    {
        var empty = await server.DatabaseAsync();
        database = new PostgresDatabase(
            new PostgresConnection
            {
                Host = "127.0.0.1",
                Port = server.Port,
                Database = empty.Name,
                User = "tester",
                Password = "known",
            },
            null
        );
        return new SharedLedger(database, TimeSpan.FromSeconds(60), TimeProvider.System);
    }
}
