using System.Text.Json;
using Headrace.Hosting;
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
          checks: [ { CHECK } ]
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
        await world.Run("quarantine", "discard", "orders", "--all", "--reason", "none");
        await world.Run("run");

        Assert.Equal(["stopped open", "stopped recovered", "quarantined open", "quarantined recovered"], Said(hook));
        Assert.Equal("orders", hook.Told[0].GetProperty("dataset").GetString());
        Assert.StartsWith("HDR-2", Error(hook.Told[0]), StringComparison.Ordinal);
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

    [Fact]
    public async Task Data_that_lags_is_told_until_a_run_has_loaded_all_that_was_there()
    {
        using var hook = new Webhook();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var world = Project(hook, "webhook", "lag", "max_lag: 1h").Put("orders/1.csv", "id\n1\n");
        await using var served = await ServedProject.Start(world, clock);
        await served.Run("orders");

        clock.Advance(TimeSpan.FromMinutes(59));
        clock.Advance(TimeSpan.FromMinutes(30));
        await ServedProject.Until(() => Task.FromResult(hook.Told.Count == 1));
        clock.Advance(TimeSpan.FromMinutes(30));
        await served.Run("orders");

        Assert.Equal(["lag open", "lag recovered"], Said(hook));
    }

    [Fact]
    public async Task A_file_that_does_not_come_is_told_until_one_is_there()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "missing_file", check: "file_expected: { every: 1h }");
        world.Put("orders/1.csv", "id\n1\n", landedSecondsAgo: 3 * 3600);

        await world.Run("run");
        await world.Run("run");
        world.Put("orders/2.csv", "id\n2\n", landedSecondsAgo: 10);
        await world.Run("run");

        Assert.Equal(["missing_file open", "missing_file recovered"], Said(hook));
    }

    [Theory]
    [InlineData("2026-03-02T06:30:00Z", "2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z")]
    [InlineData("2026-03-02T05:30:00Z", "2026-02-28T06:00:00Z", "2026-03-01T06:00:00Z")]
    [InlineData("2026-03-29T12:00:00Z", "2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z")] // clocks went forward
    public void A_file_is_due_by_a_time_of_the_day_where_people_are(string now, string after, string due)
    {
        var expected = new global::Headrace.Configuration.FileExpected { By = "07:00", Timezone = "Europe/Berlin" };

        var window = expected.Window(DateTimeOffset.Parse(now, null));

        Assert.Equal((DateTimeOffset.Parse(after, null), DateTimeOffset.Parse(due, null)), window);
    }

    [Fact]
    public async Task A_slow_load_is_told()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "slow");
        await using var host = Host(world);
        Run Load(int number, int seconds) =>
            new()
            {
                Id = $"r_{number}",
                Flow = "orders",
                Dataset = "orders",
                Outcome = Outcome.Loaded,
                StartedAt = DateTimeOffset.UtcNow.AddMinutes(number),
                Duration = TimeSpan.FromSeconds(seconds),
            };
        await host.Ledger.WriteAsync([.. Enumerable.Range(0, 6).Select(i => Load(i, 5))], Cancel);
        var notifier = new Notifier(host);

        await notifier.RunsAsync([Load(7, 19)], Cancel);
        await notifier.RunsAsync([Load(8, 21)], Cancel);
        await notifier.RunsAsync([Load(9, 21)], Cancel);
        await notifier.RunsAsync([Load(10, 6)], Cancel);

        Assert.Equal(["slow open", "slow recovered"], Said(hook));
    }

    [Fact]
    public async Task A_quarantine_that_grows_with_each_load_is_told()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "growing_quarantine");
        for (var i = 0; i < 6; i++)
        {
            world.Put($"orders/{i}.csv", i == 4 ? "id\n4\n" : $"id\n{i}\nx{i}\n");
            await world.Run("run");
            Assert.Equal(
                i < 2 ? 0
                    : i < 4 ? 1
                    : 2,
                hook.Told.Count
            );
        }

        Assert.Equal(["growing_quarantine open", "growing_quarantine recovered"], Said(hook));
    }

    [Fact]
    public async Task A_server_that_is_not_heard_of_is_told_until_it_is_there_again_or_another_one_is()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "server_down");
        await using var host = Host(world);
        var (beats, now) = (new ServerBeats(host.Ledger), DateTimeOffset.UtcNow);

        await beats.BeatAsync("one", now.AddHours(-2), now.AddMinutes(-1), Cancel);
        await world.Run("run");
        await beats.BeatAsync("one", now.AddHours(-2), now.AddMinutes(-10), Cancel);
        await world.Run("run");
        await world.Run("run");
        await beats.BeatAsync("one", now.AddHours(-2), now, Cancel);
        await world.Run("run");
        Assert.Equal(["server_down open", "server_down recovered"], Said(hook));

        await beats.BeatAsync("one", now.AddHours(-2), now.AddMinutes(-10), Cancel);
        await world.Run("run");
        await beats.BeatAsync("two", now.AddMinutes(-5), now, Cancel);
        await world.Run("run");
        await world.Run("run");
        await beats.EndAsync("two", Cancel);
        await world.Run("run");
        Assert.Equal(4, hook.Told.Count);
        Assert.Equal("one", hook.Told[3].GetProperty("dataset").GetString());
    }

    [Fact]
    public async Task A_server_says_that_it_is_there_until_it_ends()
    {
        using var hook = new Webhook();
        using var world = Project(hook, "webhook", "server_down");
        var served = await ServedProject.Start(world);
        async Task<int> Servers()
        {
            await using var host = Host(world);
            return (await host.Ledger.MarksAsync("server/", Cancel)).Count;
        }

        await ServedProject.Until(async () => await Servers() == 1);
        await served.Server.DisposeAsync();

        Assert.Equal(0, await Servers());
        Assert.Empty(hook.Told);
    }

    private static IEnumerable<string> Said(Webhook hook) =>
        hook.Told.Select(told =>
            $"{told.GetProperty("condition").GetString()} {told.GetProperty("state").GetString()}"
        );

    private static ProjectHost Host(World world) =>
        new(
            global::Headrace.Configuration.ProjectFile.Load(world.Folder, null, _ => null).Project!,
            TimeProvider.System
        );

    private static string Error(JsonElement told) =>
        told.GetProperty("run").GetProperty("error").GetProperty("code").GetString()!;

    private static World Project(
        Webhook hook,
        string kind,
        string when,
        string more = "description: none",
        string check = "row_count: { max: 50 }"
    ) =>
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
            flows:
            {{string.Join(
                '\n',
                $"{Orders.Replace("CHECK", check, StringComparison.Ordinal)}\n  {more}".Split('\n').Select(line =>
                    $"  {line}"
                )
            )}}
            """
        );
}
