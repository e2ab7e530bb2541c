using System.Text.Json;
using Headrace.Tests.Serving;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>
/// <c>headrace export</c>: DynamoDB exports a table into the lake, and <c>run</c> loads it. Tables and bucket are
/// moto's, exports a stand-in's.
/// </summary>
public sealed class StartedExports(MotoFixture moto, S3Server s3) : ProjectTests, IClassFixture<MotoFixture>
{
    private static readonly DateTimeOffset Start = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string table = $"Carts-{Guid.NewGuid():N}"[..14];

    // What the table has, and what was written since the last export.
    private readonly SortedDictionary<string, string> items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> changed = new(StringComparer.Ordinal);
    private long micros = 1_777_593_600_000_000;

    private async Task<DynamoServer> Server(string window = "1h", bool isKept = true)
    {
        await World.InBucket(s3);
        var server = new DynamoServer(moto.Server, World.Bucket!, "exports/carts/")
        {
            Kept = (Start.AddDays(-35), Start),
            Write = Write,
        };
        await server.MakeTable(table, isKept);
        World.Configuration(
            $$"""
            version: 1
            connections:
              lake: {{World.LakeYaml}}
              dynamo: { type: dynamodb, region: us-east-1, endpoint: "{{server.Endpoint}}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            flows:
              carts:
                source: { connection: dynamo, table: {{table}}, export: { to: lake, path: exports/carts/, window: {{window}} } }
                read: cdc
                primary_key: id
                columns: { id: text, total: integer }
                write: merge
                deletes: hard
                retries: 0
                target: { connection: warehouse, schema: raw }
            """
        );
        return server;
    }

    private void Set(string id, string? total)
    {
        changed[id] = total;
        if (total is null)
            items.Remove(id);
        else
            items[id] = total;
    }

    private static string Item(string id, string total) => $$$"""{"id":{"S":"{{{id}}}"},"total":{"N":"{{{total}}}"}}""";

    private void Write(DynamoExportMaker maker, string? from, string to)
    {
        if (from is null)
            maker.Full(to, items.Select(item => DynamoExportMaker.Item(Item(item.Key, item.Value))));
        else
            maker.Window(
                from,
                to,
                [
                    .. changed.Select(one =>
                        DynamoExportMaker.Change(
                            micros++,
                            $$$"""{"id":{"S":"{{{one.Key}}}"}}""",
                            one.Value is null ? null : Item(one.Key, one.Value)
                        )
                    ),
                ]
            );
        changed.Clear();
    }

    private void AssertLoaded() =>
        Assert.Equal(
            items.Select(item => $"{item.Key}|{item.Value}"),
            World.Query("SELECT id, total FROM raw.carts ORDER BY id")
        );

    private async Task Exported(params string[] args)
    {
        var answer = await World.Run(["export", "carts", .. args]);
        Assert.True(answer.Exit == 0, answer.Text);
    }

    private async Task Stopped(string code, params string[] args)
    {
        var answer = await World.Run(["export", "carts", "--json", .. args]);
        Assert.Equal((3, code), (answer.Exit, answer.Json.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task AServerStartsExportsWhenItIsAsked()
    {
        await using var server = await Server();
        Set("a", "1");
        await using var served = await ServedProject.Start(World);
        async Task<string?> Kind(string? body)
        {
            var (status, text) = await served.Ask(HttpMethod.Post, "/api/v1/flows/carts/export", body);
            Assert.True(status == 202, $"{status} {text}");
            var exports = JsonDocument.Parse(text).RootElement.GetProperty("exports");
            return exports.GetArrayLength() == 0 ? null : exports[0].GetProperty("kind").GetString();
        }

        Assert.Equal("full", await Kind(null));
        await ServedProject.Until(async () => await Kind(null) is null);
        await served.Run("carts");
        Assert.Null(await Kind(null)); // nothing is due within the hour
        server.Kept = (server.Kept.From, Start.AddHours(1));
        Set("a", "2");
        Assert.Equal("window", await Kind(null));
        await ServedProject.Until(async () => await Kind(null) is null);
        Assert.Equal("full", await Kind("""{"full": true}"""));

        Assert.Equal(["full", "2026-05-01T00:00:00.000Z 2026-05-01T01:00:00.000Z", "full"], server.Started);
        Assert.Equal(
            "400 HDR-609",
            await served.Fault(HttpMethod.Post, "/api/v1/flows/carts/export", """{"whole": true}""")
        );
    }

    [Fact]
    public async Task TheTableFollowsByAFullExportAndWindowsThatJoin()
    {
        await using var server = await Server();
        Set("a", "1");
        Set("b", "2");
        await Exported();
        Assert.Equal("loaded", (await World.Load()).Only.Outcome);
        AssertLoaded();

        // Nothing is due within the hour.
        var idle = await World.Run("export", "carts");
        Assert.Contains("nothing is due; exports go up to 2026-05-01 00:00:00Z", idle.Output, StringComparison.Ordinal);

        Set("a", "10");
        Set("b", null);
        Set("c", "3");
        server.Kept = (server.Kept.From, Start.AddHours(1));
        var json = (await World.Run("export", "--json")).Json.GetProperty("exports");
        Assert.Equal(
            ("window", "done", Start),
            (
                json[0].GetProperty("kind").GetString(),
                json[0].GetProperty("state").GetString(),
                json[0].GetProperty("from").GetDateTimeOffset()
            )
        );
        await World.Load();
        AssertLoaded();

        // A day and more: two windows that join.
        Set("c", null);
        server.Kept = (server.Kept.From, Start.AddHours(31));
        await Exported();
        await World.Load();
        AssertLoaded();
        Assert.Equal(
            [
                "full",
                "2026-05-01T00:00:00.000Z 2026-05-01T01:00:00.000Z",
                "2026-05-01T01:00:00.000Z 2026-05-01T16:00:00.000Z",
                "2026-05-01T16:00:00.000Z 2026-05-02T07:00:00.000Z",
            ],
            server.Started
        );
        Assert.Equal(
            ("in/exports/carts", "NEW_IMAGE"),
            (
                $"{server.Asked[1]["S3Prefix"]}",
                $"{server.Asked[1]["IncrementalExportSpecification"]!["ExportViewType"]}"
            )
        );

        // The whole table again, though nothing asks for it.
        Set("a", "11");
        server.Kept = (server.Kept.From, Start.AddHours(32));
        await Exported("--full");
        await World.Load();
        AssertLoaded();
        Assert.Equal("full", server.Started[^1]);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task WhatIsUnderWayIsWaitedForAndNotStartedTwice()
    {
        await using var server = await Server();
        Set("a", "1");
        server.Looks = -1;
        var started = await World.Run("export", "carts", "--no-wait");
        Assert.Equal(0, started.Exit);
        Assert.Contains("DynamoDB exports the whole table", started.Messages, StringComparison.Ordinal);
        Assert.Contains("Next:  headrace export carts", started.Output, StringComparison.Ordinal);
        await Stopped("HDR-274", "--timeout", "500ms");
        Assert.Equal(["full"], server.Started);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AnExportThatFailedIsStartedAgain()
    {
        await using var server = await Server();
        Set("a", "1");
        server.Failure = ("S3AccessDenied", "no right to write");
        var failed = await World.Run("export", "carts");
        Assert.Equal(3, failed.Exit);
        Assert.Contains("HDR-272", failed.Messages, StringComparison.Ordinal);
        Assert.Contains("S3AccessDenied no right to write", failed.Messages, StringComparison.Ordinal);
        server.Failure = null;
        await Exported();
        await World.Load();
        AssertLoaded();
        Assert.Equal(["full", "full"], server.Started);
    }

    [Fact]
    public async Task ATableWithoutRecoveryAndNoTableAreNamed()
    {
        await using var server = await Server(isKept: false);
        await Stopped("HDR-270");
        Assert.Contains("HDR-270", (await World.Run("doctor")).Text, StringComparison.Ordinal);
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace(table, "NoSuchTable", StringComparison.Ordinal)
        );
        await Stopped("HDR-271");
        Assert.Empty(server.Started);
    }

    [Fact]
    public async Task WhatIsOlderThanDynamoDbKeepsAsksForAFullExport()
    {
        await using var server = await Server();
        Set("a", "1");
        await Exported();
        await World.Load();
        server.Kept = (Start.AddHours(1), Start.AddDays(36));
        var late = await World.Run("export", "carts");
        Assert.Equal(3, late.Exit);
        Assert.Contains("HDR-273", late.Messages, StringComparison.Ordinal);
        Assert.Contains("headrace export carts --full", late.Messages, StringComparison.Ordinal);
        Set("b", "2");
        await Exported("--full");
        await World.Load();
        AssertLoaded();
    }

    [Fact]
    public async Task AServiceThatRefusesIsNamedAndNothingIsStarted()
    {
        await using var server = await Server();
        server.Instead = operation =>
            operation == "DescribeTable"
                ? (400, """{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not allowed"}""")
                : null;
        await Stopped("HDR-275");
        Assert.Empty(server.Started);
    }

    [Fact]
    public async Task AFlowWithoutAnExportIsRefused()
    {
        World.Flows(Prices);
        Assert.Equal(2, (await World.Run("export", "prices")).Exit);
        Assert.Contains("No flow has an export", (await World.Run("export")).Output, StringComparison.Ordinal);
    }
}
