using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Two servers on one ledger: they share the work, and one takes over what the other leaves.</summary>
public sealed class TwoServers(PostgresServer server)
{
    [Theory]
    [InlineData("transaction_begun")]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task What_a_killed_server_was_loading_the_other_one_loads_once(string where)
    {
        var database = await server.DatabaseAsync();
        using var lake = new World();
        var there = Machine(database, lake, "every 1s");
        using var here = Machine(database, lake, "every 1s");
        lake.Put("orders/1.csv", "id\n1\n2\n").Put("orders/2.csv", "id\n3\n");
        using var first = here.Start(World.At(where, "stop"), "serve", "--listen", "127.0.0.1:0");
        await first.Stopped();
        await using var second = await ServedProject.Start(there);

        first.Signal("KILL");
        await ServedProject.Until(async () =>
            (await second.Get("/api/v1/runs?flow=orders")).ToString().Contains("HDR-614", StringComparison.Ordinal)
        );
        lake.Put("orders/3.csv", "id\n4\n");
        await ServedProject.Until(async () =>
            (await second.Get("/api/v1/runs?flow=orders&outcome=loaded")).GetProperty("runs").GetArrayLength() > 0
        );
        await ServedProject.Until(async () => (await database.Query("SELECT count(*) FROM raw.orders")) is ["4"]);

        Assert.Equal(["1", "2", "3", "4"], await database.Query("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Theory]
    [InlineData("{ cron: \"30 2 * * *\", timezone: Europe/Berlin }", "2100-03-27T12:00:00Z", 24, 1)]
    [InlineData("{ cron: \"30 2 * * *\", timezone: Europe/Berlin }", "2100-10-30T12:00:00Z", 24, 1)]
    [InlineData("{ cron: \"30 2 * * *\", timezone: Europe/Berlin }", "2100-05-01T12:00:00Z", 240, 1)]
    [InlineData("{ every: 1h, missed: skip }", "2100-05-01T12:30:00Z", 48, 0)]
    public async Task A_time_is_taken_once_over_a_change_and_a_jump_of_the_clock(
        string schedule,
        string from,
        int hours,
        int runs
    )
    {
        var database = await server.DatabaseAsync();
        using var lake = new World().Put("orders/1.csv", "id\n1\n");
        var clock = new FakeTimeProvider(DateTimeOffset.Parse(from, null));
        await using var here = await ServedProject.Start(Machine(database, lake, schedule), clock);
        await using var there = await ServedProject.Start(Machine(database, lake, schedule), clock);
        foreach (var one in (ServedProject[])[here, there])
            await ServedProject.Until(async () =>
                (await one.Get("/api/v1/schedules")).ToString().Contains("\"last\":\"2", StringComparison.Ordinal)
            );

        clock.Advance(TimeSpan.FromHours(hours));
        for (var i = 0; i < 5; i++)
        {
            await Task.Delay(200, TestContext.Current.CancellationToken);
            clock.Advance(TimeSpan.FromSeconds(31));
            foreach (var one in (ServedProject[])[here, there])
                await ServedProject.Until(() =>
                    Task.FromResult(one.Server.Jobs.All.All(job => job.EndedAt is not null))
                );
        }

        Assert.Equal(runs, here.Server.Jobs.All.Count + there.Server.Jobs.All.Count);
    }

    private static World Machine(PostgresTestDatabase database, World lake, string schedule) =>
        new World().Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: "{{lake.Lake}}" }
              warehouse: {{database.Yaml}}
            ledger: { connection: warehouse, lease: 2s }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              orders:
                source: { connection: lake, path: "orders/*.csv" }
                read: incremental
                write: append
                schedule: {{schedule}}
            """
        );
}
