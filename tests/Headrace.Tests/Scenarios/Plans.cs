using System.Security.Cryptography;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary><c>plan</c> says what <c>run</c> will do, and writes nothing.</summary>
public sealed class Plans : ProjectTests
{
    [Fact]
    public async Task A_plan_makes_no_warehouse()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal(("would_load", "1i 0u 0d 0s 0q"), (plan.Outcome, plan.Counts));
        Assert.Contains(
            plan.Json.GetProperty("ddl").EnumerateArray(),
            ddl => ddl.GetString()!.StartsWith("CREATE TABLE", StringComparison.Ordinal)
        );
        Assert.False(File.Exists(World.Warehouse));
        Assert.Empty((await World.Run("runs", "--json")).Runs);
    }

    [Fact]
    public async Task A_plan_of_nothing_new_says_up_to_date()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        Assert.Equal("up_to_date", (await World.Run("plan", "--json")).Only.Outcome);
        Assert.Contains("up to date", (await World.Run("plan")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_plan_of_an_append_is_what_the_run_does()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        await SameAsRun("prices");
        World.Put("prices/2.csv", "id,price,extra\n3,1.50,new\n4,y,z\n5,6,7\n");
        await SameAsRun("prices");
    }

    [Fact]
    public async Task The_plan_of_a_merge_is_what_the_run_does()
    {
        World.Flows(Customers).Put("customers/1.csv", "id,name\n1,a\n2,b\n3,c\n3,d\n");
        await SameAsRun("customers");
        World.Put("customers/2.csv", "id,name\n1,a\n2,B\n4,d\n,x\n");
        await SameAsRun("customers");
    }

    [Fact]
    public async Task The_plan_of_a_merge_of_files_with_different_columns_is_what_the_run_does()
    {
        World
            .Flows(Customers)
            .Put("customers/1.csv", "id,name\n1,a\n2,b\n")
            .Put("customers/2.csv", "id,name,city\n2,b,Bern\n3,c,Basel\n", landedSecondsAgo: 100);
        await SameAsRun("customers");
        World
            .Put("customers/3.csv", "id,name\n4,d\n1,A\n", landedSecondsAgo: 50)
            .Put("customers/4.csv", "id,city\n4,Rome\n1,Oslo\n2,Bern\n", landedSecondsAgo: 40);
        await SameAsRun("customers");
        Assert.Equal(
            ["1|A|Oslo", "2|b|Bern", "3|c|Basel", "4|d|Rome"],
            World.Query("SELECT * FROM raw.customers ORDER BY id")
        );
    }

    [Fact]
    public async Task The_plan_of_a_replace_is_what_the_run_does()
    {
        World
            .Flows(Prices.Replace("append", "replace", StringComparison.Ordinal))
            .Put("prices/1.csv", "id,price\n1,1.50\n2,2.50\n");
        await SameAsRun("prices");
        World.Put("prices/2.csv", "id,price\n3,3.50\n");
        await SameAsRun("prices");
    }

    [Fact]
    public async Task The_plan_of_a_drop_with_schema_append_and_truncate_is_what_the_run_does()
    {
        World.Flows(Inbox);
        World.Put(
            "inbox/shop/schema/prices/1.json",
            Schema("""{"name": "id", "type": "bigint"}, {"name": "price", "type": "decimal(10,2)"}"""),
            landedSecondsAgo: 500
        );
        World.Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.50\n2,x\n9,9\n", landedSecondsAgo: 400);
        World.Put("inbox/shop/truncate/prices/2.csv", "price,id\n3.50,3\n", landedSecondsAgo: 300);
        World.Put("inbox/shop/append/prices/3.csv", "id,price\n4,4.50\n", landedSecondsAgo: 200);
        World.Put("inbox/shop/append/stock/1.csv", "id\n1\n", landedSecondsAgo: 200);
        await SameAsRun("inbox/shop/prices", "inbox/shop/stock");

        World.Put(
            "inbox/shop/schema/prices/2.json",
            Schema(
                """{"name": "id", "type": "bigint"}, {"name": "price", "type": "decimal(12,4)"}, """
                    + """{"name": "note", "type": "text"}""",
                "2"
            ),
            landedSecondsAgo: 100
        );
        World.Put("inbox/shop/truncate/prices/5.csv", "id,price,note\n5,5.1234,a\n", landedSecondsAgo: 90);
        World.Put("inbox/shop/truncate/prices/6.csv", "id,price,note\n6,5.1234,a\n7,5.1234,a\n", landedSecondsAgo: 80);
        await SameAsRun("inbox/shop/prices", "inbox/shop/stock");
        Assert.Equal(["6", "7"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
    }

    private async Task SameAsRun(params string[] datasets)
    {
        var before = File.Exists(World.Warehouse)
            ? SHA256.HashData(await File.ReadAllBytesAsync(World.Warehouse))
            : null;
        var plan = await World.Run("plan", "--json");
        Assert.True(plan.Exit == 0, plan.Text);
        Assert.Equal(
            before,
            File.Exists(World.Warehouse) ? SHA256.HashData(await File.ReadAllBytesAsync(World.Warehouse)) : null
        );
        Assert.False(File.Exists(World.Warehouse + ".wal"));
        var run = await World.Load();
        foreach (var dataset in datasets)
        {
            Assert.Equal(run.Run(dataset).Counts, plan.Run(dataset).Counts);
            Assert.Equal(run.Run(dataset)["batches"], plan.Run(dataset)["batches"]);
            Assert.Equal(
                run.Run(dataset).Json.GetProperty("to").GetString(),
                plan.Run(dataset).Json.GetProperty("to").GetString()
            );
        }
    }
}
