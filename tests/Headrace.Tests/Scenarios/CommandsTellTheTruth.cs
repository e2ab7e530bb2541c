using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Commands say what the pages say, from the same read model.</summary>
public sealed class CommandsTellTheTruth : IDisposable
{
    private const string Flow = """
        orders:
          source: { connection: lake, path: "{shop}/*.csv" }
          target: { table: "{shop}" }
          read: incremental
          write: append
          columns: { id: integer }
        """;

    private World World { get; } = new World().Flows(Flow);

    public void Dispose() => World.Dispose();

    [Fact]
    public async Task A_run_is_seen_while_it_is_under_way_and_after_its_process_has_died()
    {
        World.Put("a/1.csv", "id\n1\n");
        using var child = World.Start(World.At("dataset_held", "stop"), "run", "--json");
        await child.Stopped();

        var running = (await World.Run("runs", "--json")).Runs.Single();
        Assert.Equal("running", running.Outcome);
        Assert.Equal("running", State("a", await World.Run("status", "--json")));
        Assert.Contains("running", (await World.Run("runs")).Output, StringComparison.Ordinal);

        child.Signal("KILL");
        await child.Ended();
        var died = (await World.Run("runs", "--json")).Runs.Single();
        Assert.Equal((running.Id, "failed", "HDR-614"), (died.Id, died.Outcome, died.Error));
        Assert.Equal("failed", State("a", await World.Run("status", "--json")));
        Assert.Contains("HDR-614", (await World.Run("show", died.Id)).Text, StringComparison.Ordinal);

        Assert.Equal(0, (await World.Run("run")).Exit);
        Assert.Equal(["loaded", "failed"], (await World.Run("runs", "--json")).Runs.Select(run => run.Outcome));
        Assert.Equal("ok", State("a", await World.Run("status", "--json")));
    }

    [Fact]
    public async Task One_dataset_of_a_flow_is_run_planned_and_verified_alone()
    {
        World.Put("a/1.csv", "id\n1\n").Put("b/1.csv", "id\n1\n");

        Assert.Equal(["orders/a"], (await World.Run("plan", "orders/a", "--json")).Runs.Select(run => run.Dataset));
        Assert.Equal(["orders/a"], (await World.Run("run", "orders/a", "--json")).Runs.Select(run => run.Dataset));
        Assert.Equal(2, (await World.Run("run", "orders", "--json")).Runs.Count);
        var verified = (await World.Run("verify", "orders/b", "--json")).Json.GetProperty("datasets");
        Assert.Equal("orders/b", Assert.Single(verified.EnumerateArray()).GetProperty("dataset").GetString());
        var unknown = await World.Run("run", "orders/c", "--json");
        Assert.Equal(2, unknown.Exit);
        Assert.Contains("HDR-616", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("HDR-616", (await World.Run("verify", "orders/c")).Text, StringComparison.Ordinal);
        Assert.Contains("HDR-518", (await World.Run("run", "other/c")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_beginning_of_two_identifiers_shows_neither()
    {
        World.Put("a/1.csv", "id\n1\n").Put("b/1.csv", "id\n1\n");
        var runs = (await World.Run("run", "--json")).Runs;

        var answer = await World.Run("show", runs[0].Id[..4]);

        Assert.NotEqual(0, answer.Exit);
        Assert.Contains("HDR-615", answer.Text, StringComparison.Ordinal);
        Assert.Contains(runs[1].Id, answer.Text, StringComparison.Ordinal);
        Assert.Contains(runs[1].Id, (await World.Run("show", runs[1].Id)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_says_the_last_success_the_last_load_and_why_something_failed()
    {
        World.Put("a/1.csv", "id\n1\n2\n");
        await World.Run("run");
        await World.Run("run");
        var idle = (await World.Run("status", "--json")).Json.GetProperty("datasets")[0];
        World.Put("a/2.csv", "other\n1\n");
        await World.Run("run");
        var status = await World.Run("status");
        var failed = (await World.Run("status", "--json")).Json.GetProperty("datasets")[0];

        Assert.Equal((0, 2), (idle.GetProperty("inserted").GetInt64(), idle.GetProperty("loaded_rows").GetInt64()));
        Assert.Equal(idle.GetProperty("last_run").ToString(), idle.GetProperty("last_success").ToString());
        Assert.Equal(idle.GetProperty("last_success").ToString(), failed.GetProperty("last_success").ToString());
        Assert.Contains("2 rows, just now", status.Output, StringComparison.Ordinal);
        Assert.Contains("HDR-105", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_runs_do_not_hide_what_happened()
    {
        World.Put("a/1.csv", "id\n1\n");
        for (var i = 0; i < 4; i++)
            await World.Run("run");

        Assert.DoesNotContain("up_to_date", (await World.Run("runs")).Output, StringComparison.Ordinal);
        Assert.Contains("loaded", (await World.Run("runs", "--most", "1")).Output, StringComparison.Ordinal);
        Assert.Contains("up_to_date", (await World.Run("runs", "--all")).Output, StringComparison.Ordinal);
        Assert.Equal(4, (await World.Run("runs", "--json")).Runs.Count);
    }

    [Fact]
    public async Task Status_tells_what_the_ledger_knows_while_another_program_has_the_warehouse()
    {
        World.Put("a/1.csv", "id\n1\nx\n");
        await World.Run("run");
        World.Put("a/2.csv", "id\n2\n");
        using var child = World.Start(World.At("transaction_begun", "stop"), "run");
        await child.Stopped();
        var started = TimeProvider.System.GetTimestamp();

        var status = await World.Run("status", "--json");
        child.Signal("CONT");
        await child.Ended();

        Assert.Equal(0, status.Exit);
        Assert.Equal(JsonValueKind.Null, status.Json.GetProperty("datasets")[0].GetProperty("quarantine").ValueKind);
        Assert.Contains(
            "quarantine is not known",
            status.Json.GetProperty("warnings")[0].GetString(),
            StringComparison.Ordinal
        );
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Who_waits_for_the_warehouse_says_so()
    {
        World.Put("a/1.csv", "id\n1\n");
        using var child = World.Start(World.At("transaction_begun", "stop"), "run");
        await child.Stopped();

        var beside = World.Run("run");
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        child.Signal("CONT");
        await child.Ended();

        Assert.Contains("Waiting for", (await beside).Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_are_given_up_only_by_number_or_all_of_them_and_are_shown_whole()
    {
        World.Put("a/1.csv", "id\nx\ny\n");
        await World.Run("run");

        var shown = await World.Run("quarantine", "show", "orders");
        var unasked = await World.Run("quarantine", "discard", "orders");
        var unknown = await World.Run("quarantine", "discard", "orders", "99");
        var kept = await World.Run("quarantine", "release", "orders", "1");
        var none = await World.Run("quarantine", "release", "orders", "98,99");
        var all = await World.Run("quarantine", "discard", "orders", "--all", "--reason", "test");

        Assert.Contains("\"x\"", shown.Output, StringComparison.Ordinal);
        Assert.Equal(2, unasked.Exit);
        Assert.Equal(2, unknown.Exit);
        Assert.Equal(3, kept.Exit);
        Assert.Contains("1  id  ", kept.Output, StringComparison.Ordinal);
        Assert.Equal(2, none.Exit);
        Assert.Contains("Discarded 2 rows", all.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flow_that_never_had_anything_does_not_count_as_done()
    {
        World.Flows(
            Flow
                + "\n"
                + Flow.Replace("orders:", "unused:", StringComparison.Ordinal)
                    .Replace("{shop}/*", "none/{shop}/*", StringComparison.Ordinal)
        );
        World.Put("a/1.csv", "id\n1\n");
        await World.Run("run");
        World.Put("a/2.csv", "other\n1\n");

        Assert.Equal(1, (await World.Run("run")).Exit);
    }

    [Fact]
    public async Task The_configuration_as_JSON_is_JSON()
    {
        var json = (await World.Run("config", "show", "orders", "--json")).Json;

        Assert.Equal(1, json.GetProperty("version").GetInt64());
        Assert.Equal("append", json.GetProperty("flows").GetProperty("orders").GetProperty("write").GetString());
        Assert.True(json.GetProperty("flows").GetProperty("orders").GetProperty("enabled").GetBoolean());
    }

    [Fact]
    public async Task A_listed_table_keeps_what_is_not_said()
    {
        World.Configuration(
            """
            version: 1
            connections:
              shop: { type: postgres, host: 127.0.0.1, port: 1, database: d, user: u }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              sync: { source: { connection: shop, tables: process_table }, read: incremental, write: merge }
            """
        );
        string[] add = ["tables", "add", "public.orders", "--connection", "shop"];
        async Task<string> Listed()
        {
            var table = (await World.Run("tables", "list", "--json")).Json.GetProperty("tables")[0];
            return $"{table.GetProperty("primary_key")} {table.GetProperty("create_key")} "
                + $"{table.GetProperty("update_key")} {table.GetProperty("enabled")}";
        }

        await World.Run([.. add, "--key", "id", "--updated", "changed"]);
        await World.Run([.. add, "--off"]);
        Assert.Equal("[\"id\"]  changed False", await Listed());
        await World.Run([.. add, "--created", "made"]);
        Assert.Equal("[\"id\"] made changed True", await Listed());
        await World.Run([.. add, "--updated", ""]);
        Assert.Equal("[\"id\"] made  True", await Listed());
    }

    private static string State(string dataset, Answer status) =>
        status
            .Json.GetProperty("datasets")
            .EnumerateArray()
            .Single(one => one.GetProperty("dataset").GetString() == $"orders/{dataset}")
            .GetProperty("state")
            .GetString()!;
}
