using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What a flow says about bad rows, changed columns and its own tables.</summary>
public sealed class Rules : ProjectTests
{
    [Fact]
    public async Task On_fail_stop_loads_nothing_of_a_batch_with_a_bad_row()
    {
        World.Flows(Prices + "\n  on_fail: stop").Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "stopped", "HDR-201"), (answer.Exit, answer.Only.Outcome, answer.Only.Error));
        Assert.Equal(
            "0|0|0",
            World.Value(
                """
                SELECT (SELECT count(*) FROM headrace.files), (SELECT count(*)
                FROM headrace.quarantine), (SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw')
                """
            )
        );
        World.Put("prices/1.csv", "id,price\n1,1.50\n2,2.50\n");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    public async Task Allow_is_the_share_of_bad_rows_that_may_go_to_quarantine(int bad, int exit)
    {
        World
            .Flows(Prices + "\n  allow: 10%")
            .Put(
                "prices/1.csv",
                "id,price\n" + string.Concat(Enumerable.Range(1, 10).Select(i => $"{i},{(i <= bad ? "x" : "1.50")}\n"))
            );
        var answer = await World.Run("run", "--json");
        Assert.Equal(exit, answer.Exit);
        Assert.Equal(exit == 0 ? "9i 0u 0d 0s 1q" : "0i 0u 0d 0s 0q", answer.Only.Counts);
        if (exit != 0)
            Assert.Contains("allow", answer.Only.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_flow_refuses_a_new_and_a_missing_column()
    {
        World.Flows(Prices + "\n  schema_changes: freeze").Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put("prices/2.csv", "id,price,note\n2,2.50,x\n");
        Assert.Equal("HDR-104", (await World.Run("run", "--json")).Only.Error);
        World.Remove("prices/2.csv");
        World.Put("prices/3.csv", "id\n3\n");
        Assert.Equal("HDR-103", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["1|1.50"], World.Query("SELECT * FROM raw.prices"));
    }

    [Fact]
    public async Task An_evolving_flow_adds_a_new_column_and_fills_a_missing_one_with_null()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put("prices/2.csv", "id,note,price\n2,5,2.50\n").Put("prices/3.csv", "id\n3\n", landedSecondsAgo: 60);
        var run = (await World.Load()).Only;
        Assert.Contains("'note' is new", run.Warnings, StringComparison.Ordinal);
        Assert.Contains("'price' is missing in prices/3.csv", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(
            ["1|1.50|NULL", "2|2.50|5", "3|NULL|NULL"],
            World.Query("SELECT id, price, note FROM raw.prices ORDER BY id")
        );
    }

    [Fact]
    public async Task A_merge_keeps_the_values_of_columns_that_a_file_does_not_bring()
    {
        World.Flows(Customers).Put("customers/1.csv", "id,name,city\n1,a,Bern\n");
        await World.Load();
        World.Put("customers/2.csv", "id,city\n1,Basel\n2,Rome\n");
        Assert.Equal("1i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|Basel", "2|NULL|Rome"], World.Query("SELECT id, name, city FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task Captured_values_make_datasets_and_tables_of_their_own()
    {
        World
            .Flows(
                """
                all: { source: { connection: lake, path: "{tenant}/{table}/*.csv" }, read: incremental, write: append, target: { schema: "{tenant}", table: "t_{table}" } }
                """
            )
            .Put("acme/orders/1.csv", "id\n1\n")
            .Put("beta/orders/1.csv", "id\n2\n")
            .Put("acme/items/1.csv", "id\n3\n");
        var answer = await World.Load();
        Assert.Equal(["all/acme/items", "all/acme/orders", "all/beta/orders"], answer.Runs.Select(run => run.Dataset));
        Assert.Equal(
            "1|2|3",
            World.Value(
                "SELECT (SELECT id FROM acme.t_orders), (SELECT id FROM beta.t_orders), (SELECT id FROM acme.t_items)"
            )
        );
        Assert.Equal("3", World.Value("SELECT count(*) FROM headrace.positions"));
    }

    [Fact]
    public async Task The_tables_of_the_contract_have_the_columns_of_the_contract()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        var run = (await World.Load()).Only;
        Assert.Equal(
            ["prices|prices/1.csv|20|64|1|true|true|true|load"],
            World.Query(
                """
                SELECT dataset, key, size, length(sha256), rows, landed_at <= now(), loaded_at <= now(),
                load_id = (SELECT load_id FROM headrace.loads), action FROM headrace.files
                """
            )
        );
        Assert.Equal(
            [$"prices|prices/1.csv|3|price|x|'x' is no decimal(12,2)|{run.Id}"],
            World.Query("SELECT dataset, file, line, \"column\", value, reason, run_id FROM headrace.quarantine")
        );
        Assert.Equal(
            ["prices|append|1|1|0|0|0|1"],
            World.Query(
                """
                SELECT dataset, operation, files, inserted, updated, deleted, unchanged, quarantined
                FROM headrace.loads
                """
            )
        );
        Assert.Equal(["prices|1"], World.Query("SELECT dataset, generation FROM headrace.positions"));
    }

    [Fact]
    public async Task A_table_that_is_gone_is_not_silently_begun_again()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Alter("DROP TABLE raw.prices");
        World.Put("prices/2.csv", "id,price\n2,2.50\n");
        Assert.Equal(
            (1, "HDR-304"),
            (await World.Run("run", "--json")) is var answer ? (answer.Exit, answer.Only.Error) : default
        );
    }

    [Fact]
    public async Task A_flow_that_is_not_enabled_is_left_out()
    {
        World.Flows(Prices + "\n  enabled: false\n" + Customers).Put("prices/1.csv", "id,price\n1,1.50\n");
        Assert.Equal(["customers"], (await World.Load()).Runs.Select(run => run.Dataset));
    }
}
