using Headrace.Configuration;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Flows that run by themselves: at their times, after others, and when files arrive.</summary>
public sealed class Schedules(PostgresServer server)
{
    // Long after the files of a test have landed.
    private static readonly DateTimeOffset Noon = new(2100, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static string Flow(string name, string more) =>
        $$"""
            {{name}}:
              source: { connection: lake, path: "{{name}}/*.csv" }
              read: incremental
              write: append
              {{more}}
            """;

    [Theory]
    [InlineData("every 15m", "2026-03-02T12:07:00Z", "2026-03-02T12:15:00Z")]
    [InlineData("every 15m", "2026-03-02T12:15:00Z", "2026-03-02T12:30:00Z")]
    [InlineData("every 1s", "2026-03-02T12:15:00.4Z", "2026-03-02T12:15:01Z")]
    [InlineData("{ every: 1d }", "2026-03-02T12:15:00Z", "2026-03-03T00:00:00Z")]
    [InlineData("{ cron: \"30 5 * * 1-5\", timezone: Europe/Berlin }", "2026-03-27T12:00:00Z", "2026-03-30T03:30:00Z")]
    [InlineData("{ cron: \"30 5 * * *\", timezone: Europe/Berlin }", "2026-03-28T03:00:00Z", "2026-03-28T04:30:00Z")]
    [InlineData("{ cron: \"30 2 * * *\", timezone: Europe/Berlin }", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("{ cron: \"*/20 * * * * *\" }", "2026-03-28T12:00:01Z", "2026-03-28T12:00:20Z")]
    public void A_schedule_says_its_next_time(string written, string after, string next)
    {
        var schedule = Loaded(written).Project!.Flows["orders"].Schedule!;

        Assert.Equal(Time(next), schedule.Next(Time(after)));
    }

    [Theory]
    [InlineData("every 500ms")]
    [InlineData("every now and then")]
    [InlineData("{ cron: \"0 0 31 2 *\" }")]
    [InlineData("{ cron: \"61 * * * *\" }")]
    [InlineData("{ cron: \"H * * * *\" }")]
    [InlineData("{ cron: \"0 5 * * *\", timezone: Mars/Olympus }")]
    [InlineData("{ cron: \"0 5 * * *\", every: 5m }")]
    [InlineData("{ timezone: UTC }")]
    public void A_schedule_that_cannot_be_used_is_refused_with_the_file(string written) =>
        Assert.Contains("schedule", Assert.Single(Loaded(written).Problems).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_flow_runs_at_each_of_its_times_and_what_follows_it_too()
    {
        var clock = new FakeTimeProvider(Noon);
        var world = new World()
            .Flows(Flow("orders", "schedule: every 15m") + "\n" + Flow("prices", "after: [orders]"))
            .Put("orders/1.csv", "id\n1\n")
            .Put("prices/1.csv", "id\n1\n");
        await using var served = await ServedProject.Start(world, clock);
        await Begun(served, "orders", clock);

        clock.Advance(TimeSpan.FromMinutes(15));
        await ServedProject.Until(async () => await Runs(served, "orders") == 1, clock);
        await ServedProject.Until(async () => await Runs(served, "prices") == 1, clock);
        await Ended(served);
        clock.Advance(TimeSpan.FromMinutes(14));
        clock.Advance(TimeSpan.FromMinutes(1));
        await ServedProject.Until(async () => await Runs(served, "orders") == 2, clock);
        await Ended(served);

        var state = (await served.Get("/api/v1/schedules")).GetProperty("schedules")[0];
        Assert.Equal("2100-03-01T12:30:00Z", state.GetProperty("last").GetString());
        Assert.Equal("2100-03-01T12:45:00Z", state.GetProperty("next").GetString());
        Assert.Equal(0, state.GetProperty("missed").GetInt32());
    }

    [Theory]
    [InlineData("once", 1)]
    [InlineData("skip", 0)]
    public async Task Times_at_which_no_server_ran_run_once_or_not_at_all(string missed, int runs)
    {
        var clock = new FakeTimeProvider(Noon);
        using var world = new World()
            .Flows(Flow("orders", $"schedule: {{ every: 15m, missed: {missed} }}"))
            .Put("orders/1.csv", "id\n1\n");
        var first = await ServedProject.Start(world, clock);
        await Begun(first, "orders", clock);
        await first.Server.DisposeAsync();
        clock.Advance(TimeSpan.FromMinutes(3 * 60 + 5));

        await using var second = await ServedProject.Start(world, clock);
        await ServedProject.Until(async () => (await State(second)).GetProperty("missed").GetInt32() == 12, clock);
        await Ended(second);

        Assert.Equal(runs, await Runs(second, "orders"));
        Assert.Equal("2100-03-01T15:15:00Z", (await State(second)).GetProperty("next").GetString());

        static async Task<System.Text.Json.JsonElement> State(ServedProject one) =>
            (await one.Get("/api/v1/schedules")).GetProperty("schedules")[0];
    }

    [Fact]
    public async Task Of_two_servers_with_one_ledger_one_takes_each_time()
    {
        var database = await server.DatabaseAsync();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        World Machine() =>
            new World()
                .Configuration(
                    $$"""
                    version: 1
                    connections:
                      lake: { type: folder, path: ./lake }
                      warehouse: {{database.Yaml}}
                    ledger: { connection: warehouse }
                    defaults:
                      target: { connection: warehouse, schema: raw }
                    flows:
                      {{Flow("orders", "schedule: every 15m").Replace("\n", "\n  ", StringComparison.Ordinal)}}
                    """
                )
                .Put("orders/1.csv", "id\n1\n");
        await using var here = await ServedProject.Start(Machine(), clock);
        await using var there = await ServedProject.Start(Machine(), clock);
        await Begun(here, "orders", clock);
        await Begun(there, "orders", clock);

        for (var i = 1; i <= 3; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(15));
            await ServedProject.Until(async () => await Runs(here, "orders") >= i, clock, () => Jobs(here, there));
            await Ended(here);
            await Ended(there);
        }

        Assert.Equal(3, await Runs(here, "orders"));
        Assert.Equal(["1"], await database.Query("SELECT count(*) FROM raw.orders"));
    }

    [Fact]
    public async Task Files_that_arrive_run_the_flow_that_reads_them()
    {
        var world = new World()
            .Flows(Flow("orders", "trigger: { on_files: true }") + "\n" + Flow("prices", "enabled: true"))
            .Put("orders/1.csv", "id\n1\n");
        await using var served = await ServedProject.Start(world);
        await ServedProject.Until(async () => await Runs(served, "orders") == 1);

        world.Put("prices/1.csv", "id\n1\n").Put("orders/2.csv", "id\n2\n");
        // A file may be met before it has its time; then it is loaded a moment later.
        await ServedProject.Until(async () =>
            (await served.Get("/api/v1/files?table_name=orders")).GetProperty("files").GetArrayLength() == 2
        );

        Assert.Equal(0, await Runs(served, "prices"));
    }

    [Fact]
    public void Flows_that_wait_for_each_other_are_refused()
    {
        using var world = new World().Flows(Flow("a", "after: [b]") + "\n" + Flow("b", "after: [a, c]"));

        var codes = ProjectFile.Load(world.Folder, null, _ => null).Problems.Select(problem => problem.Code);

        Assert.Equal(["HDR-572", "HDR-573"], codes.Order());
    }

    private static LoadedProject Loaded(string schedule)
    {
        using var world = new World().Flows(Flow("orders", $"schedule: {schedule}"));
        return ProjectFile.Load(world.Folder, null, _ => null);
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    // A schedule that is new begins when the server has seen it. One that met a ledger that others had looks again
    // some seconds later, by its clock.
    private static Task Begun(ServedProject served, string flow, FakeTimeProvider clock) =>
        ServedProject.Until(
            async () =>
                (await served.Get("/api/v1/schedules"))
                    .GetProperty("schedules")
                    .EnumerateArray()
                    .Any(one =>
                        one.GetProperty("flow").GetString() == flow
                        && one.GetProperty("last").ValueKind != System.Text.Json.JsonValueKind.Null
                    ),
            clock,
            still: TimeSpan.FromSeconds(25)
        );

    private static string Jobs(params ServedProject[] all) =>
        string.Join(
            "; ",
            all.SelectMany(one => one.Server.Jobs.All)
                .Select(job => job.View())
                .Select(job =>
                    $"{job.State} {job.Error?.Code} {string.Join(", ", job.Runs.Select(run => $"{run.Outcome}"))}"
                )
        );

    private static Task Ended(ServedProject served) =>
        ServedProject.Until(() => Task.FromResult(served.Server.Jobs.All.All(job => job.EndedAt is not null)));

    private static async Task<int> Runs(ServedProject served, string flow) =>
        (await served.Get($"/api/v1/runs?flow={flow}")).GetProperty("runs").GetArrayLength();
}
