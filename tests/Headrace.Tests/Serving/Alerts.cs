using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>What people are told, and how often.</summary>
public sealed class Alerts
{
    private const string Orders = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: append
          columns: { id: integer }
          limits: { max_record_bytes: 1MB }
          checks: [ { row_count: { max: 50 } } ]
        """;

    [Fact]
    public async Task Each_incident_is_told_once_and_once_more_when_it_is_over()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "failed, stopped, quarantined");
        world.Put("orders/1.csv", string.Concat(Enumerable.Range(0, 60).Select(i => $"{i}\n").Prepend("id\n")));

        await world.Run("run");
        await world.Run("run");
        world.Put("orders/1.csv", "id\n1\nx\n");
        await world.Run("run");
        await world.Run("run");
        await world.Run("quarantine", "discard", "orders", "--reason", "none");
        await world.Run("run");

        Assert.Equal(
            ["stopped open", "stopped recovered", "quarantined open", "quarantined recovered"],
            hook.Told.Select(told =>
                $"{told.GetProperty("condition").GetString()} {told.GetProperty("state").GetString()}"
            )
        );
        Assert.Equal("orders", hook.Told[0].GetProperty("dataset").GetString());
        Assert.StartsWith("HDR-2", Error(hook.Told[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slack_and_a_command_are_told_too()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "slack", "failed");
        world.Put("orders/1.csv", "other\n1\n");

        await world.Run("run");

        Assert.Contains("orders failed: HDR-", hook.Told[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "orders failed",
            File.ReadAllText(Path.Combine(world.Folder, "told")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_could_not_be_told_is_said_and_told_later()
    {
        using var hook = new Webhook { Status = 500 };
        using var world = Project(hook, "webhook", "failed");
        world.Put("orders/1.csv", "other\n1\n");

        var first = await world.Run("run", "--json");
        hook.Status = 200;
        var second = await world.Run("run", "--json");
        await world.Run("run");

        Assert.Contains(
            "notification 'team' was not sent: the answer was 500",
            first.Only.Warnings,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("notification", second.Only.Warnings, StringComparison.Ordinal);
        Assert.Equal(2, hook.Told.Count);
    }

    [Fact]
    public async Task A_load_of_unusual_size_is_told()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "unusual_size");
        for (var i = 0; i < 8; i++)
        {
            var rows = i == 6 ? 1 : 10;
            world.Put($"orders/{i}.csv", "id\n" + string.Concat(Enumerable.Range(0, rows).Select(n => $"{i}{n}\n")));
            await world.Run("run");
        }

        Assert.Equal(["open", "recovered"], hook.Told.Select(told => told.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_missed_time_and_a_late_flow_are_told_by_the_server()
    {
        using var hook = new Webhook();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var world = Project(hook, "webhook", "missed_schedule, late", "schedule: { every: 10m, missed: skip }");
        await using (var first = await ServedProject.Start(world, clock))
        {
            await ServedProject.Until(async () =>
                (await first.Get("/api/v1/schedules")).ToString().Contains("\"last\":\"", StringComparison.Ordinal)
            );
            await first.Server.DisposeAsync();
            clock.Advance(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(5));
            await using var second = await ServedProject.Start(world, clock);
            await ServedProject.Until(() => Task.FromResult(hook.Told.Count == 1), clock);

            Assert.Equal("missed_schedule", hook.Told[0].GetProperty("condition").GetString());
        }
    }

    private static string Error(JsonElement told) =>
        told.GetProperty("run").GetProperty("error").GetProperty("code").GetString()!;

    private static World Project(Webhook hook, string kind, string when, string more = "description: none") =>
        new World().Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            notifications:
              team: { {{kind}}: "{{hook.Url}}", when: [{{when}}] }
              log: { command: "cat > told", when: [failed] }
            flows:
            {{string.Join('\n', $"{Orders}\n  {more}".Split('\n').Select(line => $"  {line}"))}}
            """
        );

    /// <summary>What takes documents by POST.</summary>
    private sealed class Webhook : IDisposable
    {
        private readonly HttpListener listener = new();
        private readonly List<JsonElement> told = [];

        public Webhook()
        {
            using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            free.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            free.Stop();
            listener.Prefixes.Add(Url);
            listener.Start();
            _ = Task.Run(AnswerAsync);
        }

        public string Url { get; }

        public int Status { get; set; } = 200;

        public IReadOnlyList<JsonElement> Told
        {
            get
            {
                lock (told)
                    return [.. told];
            }
        }

        public void Dispose() => listener.Close();

        private async Task AnswerAsync()
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using var reader = new StreamReader(context.Request.InputStream);
                var text = await reader.ReadToEndAsync();
                lock (told)
                    told.Add(JsonDocument.Parse(text).RootElement.Clone());
                context.Response.StatusCode = Status;
                context.Response.Close();
            }
        }
    }
}
