using Headrace.Configuration;
using Headrace.Hosting;
using Xunit;

namespace Headrace.Tests.Hosting;

/// <summary>What can be done with a project without a command line.</summary>
public sealed class Services(PostgresServer server)
{
    private const string Orders = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: merge
          primary_key: id
          columns: { id: integer, amount: integer }
          on_fail: quarantine
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_and_a_run_tell_how_they_go_on_and_give_what_they_did()
    {
        using var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n2,20\n");
        var heard = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using (var host = Open(world))
        {
            var (planned, off) = await new PlanService(host).PlanAsync([], (run, _) => heard.Add(run.Dataset), Cancel);

            Assert.Equal(Outcome.WouldLoad, Assert.Single(planned).Outcome);
            Assert.Empty(off);
            Assert.Contains("orders", heard);
        }

        heard.Clear();
        await using (var host = Open(world))
        {
            var options = new RunOptions
            {
                Observe = (run, _) => heard.Add(run.Dataset),
                Confirmed = new HashSet<string> { "other" },
            };
            var result = await new RunService(host).RunAsync(["orders"], options, wait: null, Cancel);

            Assert.Equal((Outcome.Loaded, 2L), (Assert.Single(result.Runs).Outcome, result.Runs[0].Inserted));
            Assert.Equal(["other"], result.NothingToConfirm);
            Assert.Contains("orders", heard);
        }

        Assert.Equal(["1|10", "2|20"], world.Query("SELECT id, amount FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task A_row_that_is_set_aside_is_released_and_what_differs_is_put_right()
    {
        using var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n2,twenty\n3,30\n");
        await using (var host = Open(world))
            await new RunService(host).RunAsync([], new RunOptions(), wait: null, Cancel);
        await using (var host = Open(world))
        {
            var state = Assert.Single(await new StatusService(host).StatusAsync(Cancel));
            Assert.Equal((DatasetState.Quarantine, 1L), (state.State, state.Quarantined));
        }

        await using (var host = Open(world))
        {
            var released = await new QuarantineService(host).ReleaseAsync("orders", [1], [new("amount", "20")], Cancel);
            Assert.Equal(new ReleaseResult(1, 0, 0, 0), released);
        }

        world.Alter("DELETE FROM raw.orders WHERE id = 3");
        await using (var host = Open(world))
        {
            var heard = new List<string>();
            var found = await new VerifyService(host).VerifyAsync(
                [],
                isRepair: true,
                one => heard.Add(one.Dataset),
                Cancel
            );

            Assert.Equal((1L, true), (Assert.Single(found).Missing, found[0].IsRepaired));
            Assert.Equal(["orders"], heard);
            Assert.Contains(
                "repaired by verify",
                (await new HistoryService(host).RunsAsync(new RunQuery("orders", 1), Cancel))[0].Warnings
            );
        }

        Assert.Equal(["1|10", "2|20", "3|30"], world.Query("SELECT id, amount FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task A_name_that_is_no_flow_is_refused_by_every_service()
    {
        using var world = new World().Flows(Orders);
        await using var host = Open(world);

        foreach (
            var act in (Func<Task>[])
                [
                    () => new RunService(host).RunAsync(["order"], new RunOptions(), null, Cancel),
                    () => new PlanService(host).PlanAsync(["order"], null, Cancel),
                    () => new VerifyService(host).VerifyAsync(["order"], isRepair: false, null, Cancel),
                    () => new QuarantineService(host).DiscardAsync("order", null, null, Cancel),
                    () => new HistoryService(host).RunsAsync(new RunQuery("order", 1), Cancel),
                ]
        )
            Assert.Equal("HDR-518", (await Assert.ThrowsAsync<HeadraceException>(act)).Code);
    }

    [Fact]
    public async Task What_the_runs_did_is_told_though_the_warehouse_is_lost_after_them()
    {
        var target = await server.DatabaseAsync();
        using var world = new World().Put("orders/1.csv", "id,amount\n1,10\n");
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: {{target.Yaml}}
            flows:
              {{Orders.ReplaceLineEndings("\n  ")}}
                target: { connection: warehouse, schema: raw, table: orders }
            """
        );
        await using (var host = Open(world))
            await new RunService(host).RunAsync([], new RunOptions(), null, Cancel);

        await using (var host = Open(world))
        {
            var options = new RunOptions { Observe = (run, _) => Lose(run) };
            var run = Assert.Single((await new RunService(host).RunAsync([], options, null, Cancel)).Runs);

            Assert.Equal((Outcome.UpToDate, null), (run.Outcome, run.Error));
            Assert.Contains("nobody knows what waits in quarantine: HDR-", string.Join('\n', run.Warnings));
        }

        void Lose(Run run)
        {
            if (run.Duration == TimeSpan.Zero)
                return; // it begins
            using var db = server.OpenAsync("postgres").GetAwaiter().GetResult();
            using var lose = new Npgsql.NpgsqlCommand(
                $"""
                ALTER DATABASE {target.Name} ALLOW_CONNECTIONS false;
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{target.Name}'
                """,
                db
            );
            lose.ExecuteNonQuery();
        }
    }

    private static ProjectHost Open(World world)
    {
        var loaded = ProjectFile.Load(world.Folder, null, _ => null);
        Assert.Empty(loaded.Problems);
        return new ProjectHost(loaded.Project!, TimeProvider.System);
    }
}
