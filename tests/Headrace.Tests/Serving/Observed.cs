using System.Text.Json;
using Headrace.Hosting;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>What programs that watch get to see: logs, lineage, traces and metrics.</summary>
public sealed class Observed
{
    private const string Yaml = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
        defaults:
          target: { connection: warehouse, schema: raw }
        LINEAGE
        flows:
          orders:
            source: { connection: lake, path: "{shop}/*.csv" }
            target: { table: "{shop}" }
            read: incremental
            write: append
            columns: { id: integer }

        """;

    private static World Project(string lineage = "") =>
        new World().Configuration(Yaml.Replace("LINEAGE", lineage, StringComparison.Ordinal));

    private static List<JsonElement> Lines(string text) =>
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.StartsWith('{'))
                .Select(line => JsonDocument.Parse(line).RootElement.Clone()),
        ];

    [Fact]
    public async Task A_log_of_json_has_a_line_for_each_run_that_begins_and_ends()
    {
        using var world = Project().Put("a\u2028b/1.csv", "id\n1\n").Put("c/1.csv", "other\n1\n");

        var answer = await world.Run("run", "--log", "json", "--json");
        var lines = Lines(answer.Messages);

        Assert.Equal(4, lines.Count);
        Assert.DoesNotContain('\u2028', answer.Messages);
        foreach (var run in answer.Runs)
        {
            var its = lines.Where(line => line.GetProperty("run").GetString() == run.Id).ToList();
            Assert.Equal(["run.began", "run.ended"], its.Select(line => line.GetProperty("event").GetString()));
            Assert.Equal(run.Outcome, its[1].GetProperty("outcome").GetString());
            Assert.Equal(run.Error is null ? "info" : "error", its[1].GetProperty("level").GetString());
        }
    }

    [Fact]
    public async Task Lines_for_CloudWatch_name_their_metrics()
    {
        using var world = Project().Put("a/1.csv", "id\n1\n2\n");

        var line = Lines((await world.Run("run", "--log", "emf")).Messages)[1];
        var metrics = line.GetProperty("_aws").GetProperty("CloudWatchMetrics")[0];

        Assert.Equal("Headrace", metrics.GetProperty("Namespace").GetString());
        Assert.Equal("flow", metrics.GetProperty("Dimensions")[0][0].GetString());
        Assert.Equal("orders", line.GetProperty("flow").GetString());
        foreach (var metric in metrics.GetProperty("Metrics").EnumerateArray())
            Assert.Equal(JsonValueKind.Number, line.GetProperty(metric.GetProperty("Name").GetString()!).ValueKind);
        Assert.Equal(2, line.GetProperty("inserted").GetInt64());
    }

    [Fact]
    public async Task Lineage_says_what_was_made_of_what()
    {
        using var world = Project("lineage: { file: lineage.jsonl, namespace: shop }").Put("a/1.csv", "id\n1\n2\n");
        world.Put("c/1.csv", "other\n1\n");

        var answer = await world.Run("run", "--json");
        var events = Lines(File.ReadAllText(Path.Combine(world.Folder, "lineage.jsonl")));

        foreach (var run in answer.Runs)
        {
            var id = Id.ToGuid(run.Id).ToString();
            var its = events.Where(one => one.GetProperty("run").GetProperty("runId").GetString() == id).ToList();
            Assert.Equal(
                ["START", run.Error is null ? "COMPLETE" : "FAIL"],
                its.Select(one => one.GetProperty("eventType").GetString())
            );
            Assert.Equal("shop", its[1].GetProperty("job").GetProperty("namespace").GetString());
            Assert.EndsWith(
                "{shop}/*.csv",
                its[1].GetProperty("inputs")[0].GetProperty("name").GetString(),
                StringComparison.Ordinal
            );
        }

        var output = events
            .Single(one => one.GetProperty("eventType").GetString() == "COMPLETE")
            .GetProperty("outputs")[0];
        Assert.EndsWith("warehouse.duckdb/raw.a", output.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            2,
            output.GetProperty("outputFacets").GetProperty("outputStatistics").GetProperty("rowCount").GetInt64()
        );
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/api/v1/lineage")]
    [InlineData(null)]
    public async Task A_place_for_lineage_that_does_not_answer_fails_no_run(string? url)
    {
        using var hook = new Webhook { Status = 500 };
        using var world = Project($"lineage: {{ url: \"{url ?? hook.Url}\" }}").Put("a/1.csv", "id\n1\n");

        var answer = await world.Run("run", "--json");

        Assert.Equal("0 loaded", $"{answer.Exit} {answer.Only.Outcome}");
        Assert.Contains("lineage: 2 events were not taken", answer.Only.Warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lineage_goes_to_a_service()
    {
        using var hook = new Webhook();
        using var world = Project($"lineage: {{ url: \"{hook.Url}\" }}").Put("a/1.csv", "id\n1\n");

        await world.Run("run");

        Assert.Equal(["START", "COMPLETE"], hook.Told.Select(one => one.GetProperty("eventType").GetString()));
    }

    [Fact]
    public async Task Traces_and_metrics_go_to_a_collector()
    {
        var bodies = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        await using var collector = new StandIn.FakeHttp(request =>
        {
            bodies.AddOrUpdate(request.Path, request.Body, (_, before) => before + request.Body);
            return Task.FromResult((200, ""));
        });
        using var world = Project().Put("a/1.csv", "id\n1\n2\n");

        string run;
        using (Otlp.Start(_ => null, new Uri(collector.Endpoint + "/")))
            run = (await world.Run("run", "--json")).Only.Id;

        Assert.Contains(run, bodies["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("headrace.run", bodies["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("headrace.read", bodies["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("headrace.load", bodies["/v1/traces"], StringComparison.Ordinal);
        Assert.Contains("headrace.phase.duration", bodies["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("headrace.rows.loaded", bodies["/v1/metrics"], StringComparison.Ordinal);
        Assert.Null(Otlp.Start(_ => null));
    }
}
