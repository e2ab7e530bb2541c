using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Commands beside a server, and other programs beside its warehouse.</summary>
public sealed class HandedOverRuns
{
    private const string Orders = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: merge
          primary_key: id
          columns: { id: integer, amount: integer }
        """;

    [Fact]
    public async Task A_run_beside_a_server_is_the_servers_and_shows_as_the_commands_own()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n2,x\n");
        await using var served = await ServedProject.Start(world);

        var answer = await world.Run("run", "--json");
        var again = await world.Run("run", "orders");
        var wrong = await world.Run("run", "ordres");
        var requests = (await served.Get("/api/v1/requests")).GetProperty("requests");

        Assert.Equal((0, 1L, 1L), (answer.Exit, answer.Only["inserted"], answer.Only["quarantined"]));
        Assert.Contains("1 row waits in quarantine", again.Output, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Exit);
        Assert.Contains("HDR-518", wrong.Messages, StringComparison.Ordinal);
        Assert.Equal(3, requests.GetArrayLength());
        Assert.Equal("command", requests[2].GetProperty("cause").GetString());
        Assert.Equal(answer.Only.Id, requests[2].GetProperty("runs")[0].GetProperty("run").GetString());
    }

    [Fact]
    public async Task A_server_that_has_read_another_configuration_runs_nothing_for_a_command()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n");
        await using var served = await ServedProject.Start(world);
        world.Flows(Orders + "\n  description: changed\n");

        var answer = await world.Run("run");

        Assert.Equal(2, answer.Exit);
        Assert.Contains("HDR-612", answer.Messages, StringComparison.Ordinal);
        Assert.Empty((await served.Get("/api/v1/runs")).GetProperty("runs").EnumerateArray());
    }

    [Fact]
    public async Task What_a_dead_server_said_of_itself_is_not_believed()
    {
        using var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n");
        Directory.CreateDirectory(Path.Combine(world.Folder, ".headrace"));
        File.WriteAllText(
            Path.Combine(world.Folder, ".headrace", "server.json"),
            """{"Address": "http://127.0.0.1:1", "Secret": "s", "Project": "p"}"""
        );

        Assert.Equal(0, (await world.Run("run")).Exit);
    }

    [Fact]
    public async Task The_warehouse_is_free_for_others_while_the_server_does_not_need_it()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n");
        await using var served = await ServedProject.Start(world);
        await served.Run("orders");

        // Another process opens the file.
        var status = await world.RunProcess(new Dictionary<string, string>(), "status", "--json");

        Assert.Equal(0, status.Exit);
        Assert.Contains("\"ok\"", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_told_to_end_lets_what_runs_go_on_to_its_end()
    {
        var world = new World().Flows(Orders + "\n  after_run: { command: \"sleep 1; touch ended\" }\n");
        world.Put("orders/1.csv", "id,amount\n1,10\n");
        var served = await ServedProject.Start(world);
        await served.Ask(HttpMethod.Post, "/api/v1/flows/orders/run");
        await ServedProject.Until(() => Task.FromResult(served.Server.Jobs.All[0].StartedAt is not null));

        await served.Server.DisposeAsync();

        var job = Assert.Single(served.Server.Jobs.All);
        Assert.Equal(Outcome.Loaded, Assert.Single(job.Result!.Runs).Outcome);
        Assert.True(File.Exists(Path.Combine(world.Folder, "ended")));
        Assert.False(File.Exists(Path.Combine(world.Folder, ".headrace", "server.json")));
        world.Dispose();
    }
}
