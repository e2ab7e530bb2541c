using System.Text;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>
/// Operations go to a stream of Kinesis (moto's): one record each, the key's order kept, what was refused again.
/// </summary>
public sealed class PublishedToKinesis(MotoFixture moto) : ExportTests, IClassFixture<MotoFixture>
{
    private async Task<KinesisServer> Server()
    {
        var server = await KinesisServer.StartAsync(moto.Server);
        Flow();
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace(
                    "{ type: jsonl, path: ./ops }",
                    $"{{ type: kinesis, stream: {server.Stream}, region: eu-west-1, endpoint: '{server.Endpoint}' }}",
                    StringComparison.Ordinal
                )
        );
        return server;
    }

    private static IEnumerable<string> Texts(IEnumerable<(string Key, string Text)> records) =>
        records.Select(record => $"{Operation.Parse(record.Text)}").Order(StringComparer.Ordinal);

    [Fact]
    public async Task EachOperationIsARecordUnderItsKey()
    {
        await using var server = await Server();
        Export("v1", "1,a,1", "2,b,2");
        Export("v2", "1,A,1", "3,c,3");
        Assert.Equal(5, (await World.Load()).Only["published"]);
        var records = await server.RecordsAsync();
        Assert.Equal(
            [
                "DELETE 2: - -> -",
                "INSERT 1: - -> 1|a|1.00",
                "INSERT 2: - -> 2|b|2.00",
                "INSERT 3: - -> 3|c|3.00",
                "UPDATE 1: - -> 1|A|1.00",
            ],
            Texts(records)
        );
        Assert.All(records, record => Assert.Equal(record.Key, Operation.Parse(record.Text).Key.GetRawText()));
        // A key is in one shard, so its first operation stands before its second one.
        Assert.Equal(
            ["INSERT", "UPDATE"],
            records
                .Select(record => Operation.Parse(record.Text))
                .Where(op => op.Key.GetRawText() == "{\"id\":1}")
                .Select(op => op.Op)
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(5, (await server.RecordsAsync()).Count);
    }

    [Fact]
    public async Task OnlyRefusedRecordsAreSentAgain()
    {
        await using var server = await Server();
        var calls = 0;
        server.Refuse = texts =>
            calls++ == 0 ? [1, 3]
            : calls == 2 ? [0]
            : [];
        Export("v1", "1,a,1", "2,b,2", "3,c,3", "4,d,4", "5,e,5");
        Assert.Equal(5, (await World.Load()).Only["published"]);
        Assert.Equal([5, 2, 1], server.Calls.Select(call => call.Count));
        Assert.Equal(5, (await server.RecordsAsync()).Count);
    }

    [Fact]
    public async Task AStreamThatTakesNothingFailsTheRunAndTheNextOnePublishes()
    {
        await using var server = await Server();
        server.Instead = _ =>
            (400, """{"__type":"ResourceNotFoundException","message":"Stream operations not found"}""");
        Export("v1", "1,a,1", "2,b,2");
        var failed = (await World.Run("run", "--json")).Only;
        Assert.Equal(("failed", "HDR-310"), (failed.Outcome, failed.Error));
        Assert.Equal("2", World.Value("SELECT count(*) FROM raw.items"));
        server.Instead = _ => null;
        Assert.Equal(2, (await World.Load()).Only["published"]);
        Assert.Equal(2, (await server.RecordsAsync()).Count);
    }

    [Fact]
    public async Task AfterAKillOnlyTheRestIsSent()
    {
        await using var server = await Server();
        Export("v1", [.. Enumerable.Range(1, 1200).Select(i => $"{i},n{i},1")]);
        Assert.Equal(137, (await World.RunProcess(World.At("operations_sent", "kill", 2), "run")).Exit);
        Assert.Equal([500, 500], server.Calls.Select(call => call.Count));
        await World.Load();
        // The first call was on record, the second one was sent and not on record.
        Assert.Equal([500, 500, 500, 200], server.Calls.Select(call => call.Count));
        Assert.Equal(
            1200,
            server.Calls.SelectMany(call => call).Select(text => Operation.Parse(text).Id).Distinct().Count()
        );
    }

    [Fact]
    public async Task EachCallTakesAsManyRecordsAsItMay()
    {
        await using var server = await Server();
        Export("v1", [.. Enumerable.Range(1, 2000).Select(i => $"{i},{new string('n', 600)},1")]);
        await World.Load();
        Assert.Equal([500, 500, 500, 500], server.Calls.Select(call => call.Count));
    }

    [Fact]
    public async Task AKeyKeepsItsOrderThoughItsFirstOperationIsRefused()
    {
        await using var server = await KinesisServer.StartAsync(moto.Server);
        var isRefused = false;
        server.Refuse = _ => (isRefused = !isRefused) ? [0] : [];
        var stream = new KinesisStream(
            new KinesisConnection
            {
                Stream = server.Stream,
                Region = "eu-west-1",
                Endpoint = server.Endpoint,
            },
            new Secrets(),
            TimeProvider.System
        );
        var dataset = new Dataset("d", "d", new Dictionary<string, string>());
        await using var publishing = new KinesisPublisher(stream).Begin(new Publication("l_1", dataset, "v1", 1, 3));
        string[] texts =
        [
            "{\"id\":\"1\",\"key\":{\"id\":1}}",
            "{\"id\":\"2\",\"key\":{\"id\":1}}",
            "{\"id\":\"3\",\"key\":{\"id\":2}}",
        ];
        IReadOnlyList<ReadOnlyMemory<byte>> rest =
        [
            .. texts.Select(text => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(text)),
        ];
        for (var tries = 0; rest.Count > 0 && tries < 9; tries++)
            rest = (await publishing.SendAsync(rest, TestContext.Current.CancellationToken)).Operations;
        Assert.Equal(
            [texts[0], texts[1]],
            (await server.RecordsAsync()).Where(record => record.Key == "{\"id\":1}").Select(record => record.Text)
        );
    }

    [Fact]
    public async Task WhatIsTooLargeForARecordIsSaid()
    {
        await using var server = await Server();
        Export("v1", $"1,{new string('x', (1 << 20) + 10)},1");
        var failed = (await World.Run("run", "--json")).Only;
        Assert.Equal(("failed", "HDR-322"), (failed.Outcome, failed.Error));
        Assert.Empty(server.Calls);
    }
}
