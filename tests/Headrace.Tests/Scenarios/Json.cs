using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What <c>run --json</c> says.</summary>
public sealed class Json : ProjectTests
{
    private static readonly string[] Keys =
    [
        "flow",
        "dataset",
        "run",
        "outcome",
        "batches",
        "inserted",
        "updated",
        "deleted",
        "unchanged",
        "quarantined",
        "published",
        "from",
        "to",
        "duration_ms",
        "warnings",
        "error",
        "checks",
        "filtered",
    ];

    [Fact]
    public async Task A_run_has_exactly_the_keys_of_the_contract_in_their_order()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        var answer = await World.Load();
        Assert.Equal(["runs"], answer.Json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(Keys, answer.Only.Json.EnumerateObject().Select(property => property.Name));
        Assert.Empty(answer.Messages);
        Assert.Single(answer.Output.TrimEnd('\n').Split('\n'));

        var planned = await World.Put("prices/2.csv", "id,price\n3,1.50\n").Run("plan", "--json");
        Assert.Equal(
            [.. Keys, "ddl", "sample", "changes"],
            planned.Only.Json.EnumerateObject().Select(property => property.Name)
        );
    }

    [Fact]
    public async Task An_append_counts_its_rows_as_inserted()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        var run = (await World.Load()).Only;
        Assert.Equal(
            ("prices", "prices", "loaded", 1L, 0L),
            (run.Json.GetProperty("flow").GetString(), run.Dataset, run.Outcome, run["batches"], run["published"])
        );
        Assert.Equal("1i 0u 0d 0s 1q", run.Counts);
        Assert.StartsWith("r_", run.Id, StringComparison.Ordinal);
        Assert.Equal(
            ("batch 0, 0 files", "batch 1, 1 file"),
            (run.Json.GetProperty("from").GetString(), run.Json.GetProperty("to").GetString())
        );
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("error").ValueKind);
        Assert.True(run["duration_ms"] >= 0);

        var again = (await World.Load()).Only;
        Assert.Equal(("up_to_date", 0L, "0i 0u 0d 0s 0q"), (again.Outcome, again["batches"], again.Counts));
    }

    [Fact]
    public async Task A_merge_counts_inserted_updated_and_unchanged()
    {
        World.Flows(Customers).Put("customers/1.csv", "id,name\n1,a\n2,b\n3,c\n");
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("customers/2.csv", "id,name\n1,a\n2,B\n4,d\n5,\n");
        Assert.Equal("2i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        World.Put("customers/3.csv", "id,name\n5,\n4,D\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a", "2|B", "3|c", "4|D", "5|NULL"], World.Query("SELECT * FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task A_replace_counts_the_rows_that_went_as_deleted()
    {
        World
            .Flows(Prices.Replace("append", "replace", StringComparison.Ordinal))
            .Put("prices/1.csv", "id,price\n1,1.50\n2,2.50\n");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("prices/2.csv", "id,price\n3,3.50\n");
        Assert.Equal("1i 0u 2d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["3|3.50"], World.Query("SELECT * FROM raw.prices"));
    }

    [Fact]
    public async Task A_drop_counts_over_all_its_batches()
    {
        World.Flows(Inbox);
        World.Put("inbox/shop/append/prices/1.csv", "id\n1\n2\n", landedSecondsAgo: 300);
        World.Put("inbox/shop/truncate/prices/2.csv", "id\n3\n", landedSecondsAgo: 200);
        World.Put("inbox/shop/append/prices/3.csv", "id\n4\n", landedSecondsAgo: 100);
        var run = (await World.Load()).Run("inbox/shop/prices");
        Assert.Equal(("loaded", 3L, "4i 0u 2d 0s 0q"), (run.Outcome, run["batches"], run.Counts));
        Assert.Equal(["3", "4"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
    }

    [Fact]
    public async Task An_error_has_its_code_what_facts_and_next()
    {
        World.Flows(Prices + "\n  on_fail: stop").Put("prices/1.csv", "id,price\n1,x\n");
        var run = (await World.Run("run", "--json")).Only;
        var error = run.Json.GetProperty("error");
        Assert.Equal(["code", "what", "facts", "next"], error.EnumerateObject().Select(property => property.Name));
        Assert.Equal(("stopped", "HDR-201"), (run.Outcome, run.Error));
        Assert.Contains(
            "nothing of the batch was loaded",
            error.GetProperty("what").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal("prices", error.GetProperty("facts").GetProperty("dataset").GetString());
        Assert.Contains(
            "prices/1.csv line 2, column price",
            error.GetProperty("facts").GetProperty("found").GetString(),
            StringComparison.Ordinal
        );
    }
}
