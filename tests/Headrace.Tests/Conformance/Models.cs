using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Models: two flows, a dimension, facts; what makes them run, and what they do.</summary>
public abstract class Models(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    [Fact]
    public async Task ModelsRunAfterWhatTheyReadAndOnlyWhenItHasLoaded()
    {
        Sql("dim_customer", DimensionSql);
        Sql("fact_orders", FactSql);
        await Models(Fact, Dimension); // the order of the file means nothing
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n20,bob,\n", landedSecondsAgo: 7200);
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n3,10,1.25\n", landedSecondsAgo: 7200);

        var planned = await World.Run("plan", "--json");
        Assert.Equal("would_load", planned.Run("fact_orders").Outcome);
        Assert.Contains("'orders' would load before", planned.Run("fact_orders").Warnings, StringComparison.Ordinal);

        var first = await World.Load();
        Assert.Equal("loaded 2i 0u 0d 0s 0q", Told(first, "dim_customer"));
        Assert.Equal("loaded 3i 0u 0d 0s 0q", Told(first, "fact_orders"));
        Assert.Equal(
            ["1|10|ann|Rome", "2|20|bob|NULL"],
            await Rows("SELECT customer_sk, customer_id, name, city FROM mart.dim_customer ORDER BY 1")
        );
        Assert.Equal(
            ["1|1|5.00", "2|2|7.50", "3|1|1.25"],
            await Rows("SELECT order_id, customer_sk, amount FROM mart.fact_orders ORDER BY 1")
        );

        var second = await World.Load();
        Assert.Equal("up_to_date 0i 0u 0d 0s 0q", Told(second, "dim_customer"));
        Assert.Equal("up_to_date 0i 0u 0d 0s 0q", Told(second, "fact_orders"));

        World.Put("orders/2.csv", "id,customer,amount\n4,20,9.00\n", landedSecondsAgo: 60);
        var third = await World.Load();
        Assert.Equal("up_to_date 0i 0u 0d 0s 0q", Told(third, "dim_customer"));
        Assert.Equal("loaded 4i 0u 3d 0s 0q", Told(third, "fact_orders"));
        Assert.Equal(
            ["dim_customer|1|merge|2", "fact_orders|1|replace|3", "fact_orders|2|replace|4"],
            await Rows(
                """
                SELECT dataset, generation, operation, inserted FROM headrace.loads
                WHERE flow NOT IN ('customers', 'orders') ORDER BY dataset, generation
                """
            )
        );
    }

    [Fact]
    public async Task AMergeTouchesWhatChangedAndKeepsTheNumbers()
    {
        await Shop();
        World.Put("customers/2.csv", "id,name,city\n20,bob,Oslo\n5,cid,\n10,ann,Rome\n", landedSecondsAgo: 60);
        var planned = await World.Run("plan", "dim_customer", "--json");
        Assert.Equal("up_to_date", planned.Only.Outcome);
        await World.Load("customers");
        planned = await World.Run("plan", "dim_customer", "--json");
        Assert.Equal("would_load 1i 1u 0d 1s 0q", Told(planned, "dim_customer"));
        Assert.Contains("'customers' has loaded since", planned.Only.Warnings, StringComparison.Ordinal);
        Assert.Equal("loaded 1i 1u 0d 1s 0q", Told(await World.Load("dim_customer"), "dim_customer"));
        Assert.Equal(
            ["1|10|ann|Rome", "2|20|bob|Oslo", "3|5|cid|NULL"],
            await Rows("SELECT customer_sk, customer_id, name, city FROM mart.dim_customer ORDER BY 1")
        );

        // A row that somebody deletes comes back with its number.
        await Alter("DELETE FROM mart.dim_customer WHERE customer_id = 5");
        World.Put("customers/3.csv", "id,name,city\n30,dee,\n", landedSecondsAgo: 30);
        await World.Load("customers", "dim_customer");
        Assert.Equal(
            ["1|10", "2|20", "3|5", "4|30"],
            await Rows("SELECT customer_sk, customer_id FROM mart.dim_customer ORDER BY 1")
        );
    }

    [Fact]
    public async Task ANumberStaysWithItsKeyThroughReplacements()
    {
        Sql(
            "dim",
            "SELECT customer AS who, count(*) AS n, sum(amount) AS total, avg(amount) AS mean FROM raw.orders "
                + "WHERE amount > 0 GROUP BY customer"
        );
        await Models(
            "dim: { sql: models/dim.sql, target: { schema: mart }, write: replace, primary_key: who, surrogate_key: sk }"
        );
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n3,10,1.25\n", landedSecondsAgo: 7200);
        await World.Load("orders", "dim");
        Assert.Equal(
            ["10|1|2|6.25", "20|2|1|7.50"],
            await Rows("SELECT who, sk, n, CAST(total AS decimal(12,2)) FROM mart.dim ORDER BY 1")
        );

        Sql(
            "dim",
            "SELECT customer AS who, count(*) AS n, sum(amount) AS total, avg(amount) AS mean FROM raw.orders "
                + "WHERE amount > 6 GROUP BY customer"
        );
        World.Put("orders/2.csv", "id,customer,amount\n4,5,9.00\n", landedSecondsAgo: 600);
        Assert.Equal("loaded 2i 0u 2d 0s 0q", Told(await World.Load("orders", "dim"), "dim"));
        Assert.Equal(["5|3", "20|2"], await Rows("SELECT who, sk FROM mart.dim ORDER BY 1"));

        World.Put("orders/3.csv", "id,customer,amount\n5,10,8.00\n", landedSecondsAgo: 60);
        await World.Load("orders", "dim");
        Assert.Equal(["5|3", "10|1", "20|2"], await Rows("SELECT who, sk FROM mart.dim ORDER BY 1"));

        // A table that is dropped is made anew, and the numbers are those of before.
        await Alter("DROP TABLE mart.dim");
        Assert.Equal("loaded 3i 0u 0d 0s 0q", Told(await World.Load("dim"), "dim"));
        Assert.Equal(["5|3", "10|1", "20|2"], await Rows("SELECT who, sk FROM mart.dim ORDER BY 1"));
    }

    [Fact]
    public async Task AMergeOfWhatDidNotChangeTouchesNothing()
    {
        Sql(
            "totals",
            """
            SELECT customer, count(*) AS n, sum(amount) AS total, avg(amount) AS mean, max('a ') AS word,
                CAST(NULL AS integer) AS nothing FROM raw.orders GROUP BY customer
            """
        );
        await Models(
            "totals: { sql: models/totals.sql, target: { schema: mart }, write: merge, primary_key: customer }"
        );
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n3,10,1.25\n4,10,0.02\n");
        await World.Load("orders", "totals");
        World.Put("orders/2.csv", "id,customer,amount\n5,20,1.00\n", landedSecondsAgo: 60);
        Assert.Equal("loaded 0i 1u 0d 1s 0q", Told(await World.Load("orders", "totals"), "totals"));
        Assert.Equal(
            ["10|3|6.27", "20|2|8.50"],
            await Rows("SELECT customer, n, CAST(total AS decimal(12,2)) FROM mart.totals ORDER BY 1")
        );
    }

    [Fact]
    public async Task AModelThatFailsACheckChangesNothing()
    {
        Sql("totals", "SELECT customer, sum(amount) AS total FROM raw.orders GROUP BY customer");
        await Models(
            "totals: { sql: models/totals.sql, target: { schema: mart }, write: replace, primary_key: customer, "
                + "checks: [ { unique: [customer] }, { range: { column: total, max: 100 } }, "
                + "{ row_count: { max: 1 }, on_fail: warn } ] }"
        );
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n", landedSecondsAgo: 7200);
        var loaded = (await World.Load("orders", "totals")).Run("totals");
        Assert.Equal("2i 0u 0d 0s 0q", loaded.Counts);
        Assert.Contains("row_count", loaded.Warnings, StringComparison.Ordinal);
        World.Put("orders/2.csv", "id,customer,amount\n3,10,500.00\n");
        var stopped = (await World.Run("run", "--json")).Run("totals");
        Assert.Equal(("stopped", "HDR-210"), (stopped.Outcome, stopped.Error));
        // A sum has no scale of its own in PostgreSQL, and the stand-in for Redshift gives it twelve digits.
        Assert.Equal(
            ["10|5.00", "20|7.50"],
            await Rows("SELECT customer, CAST(total AS decimal(12,2)) FROM mart.totals ORDER BY customer")
        );
        Assert.Equal(
            ["passed", "stopped"],
            await Rows("SELECT outcome FROM headrace.checks WHERE name = 'range_total' ORDER BY checked_at")
        );
    }

    [Fact]
    public async Task AppendAddsTheRowsThatTheSelectGives()
    {
        Sql(
            "log",
            "SELECT o.id, o.amount FROM raw.orders AS o WHERE o.id > (SELECT coalesce(max(id), 0) FROM mart.log)"
        );
        await Models("log: { sql: models/log.sql, target: { schema: mart }, write: append }");
        await Alter("CREATE SCHEMA mart");
        await Alter("CREATE TABLE mart.log (id bigint, amount numeric(12,2), note varchar(10))");
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n", landedSecondsAgo: 7200);
        Assert.Equal("loaded 2i 0u 0d 0s 0q", Told(await World.Load("orders", "log"), "log"));
        World.Put("orders/2.csv", "id,customer,amount\n3,10,1.25\n", landedSecondsAgo: 60);
        Assert.Equal("loaded 1i 0u 0d 0s 0q", Told(await World.Load("orders", "log"), "log"));
        Assert.Equal(["1|5.00|NULL", "2|7.50|NULL", "3|1.25|NULL"], await Rows("SELECT * FROM mart.log ORDER BY id"));
    }

    [Fact]
    public async Task WhatReadsAFlowThatFailedIsNotRun()
    {
        await Shop();
        World.Put("customers/2.csv", "town\nRome\n", landedSecondsAgo: 60);
        World.Put("orders/2.csv", "id,customer,amount\n4,20,9.00\n", landedSecondsAgo: 60);
        var run = await World.Run("run", "--json");
        Assert.Equal(4, run.Exit);
        Assert.Equal("loaded", run.Run("orders").Outcome);
        Assert.Equal("skipped", run.Run("dim_customer").Outcome);
        Assert.Contains(
            "'customers', which it reads, failed",
            run.Run("dim_customer").Warnings,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'dim_customer', which it reads, was not run",
            run.Run("fact_orders").Warnings,
            StringComparison.Ordinal
        );
        Assert.Contains("skipped", (await World.Run("status", "--json")).Output, StringComparison.Ordinal);

        // By its own name it runs all the same.
        Assert.Equal("loaded 4i 0u 3d 0s 0q", Told(await World.Load("fact_orders"), "fact_orders"));
        Assert.Contains(
            "fact_orders",
            (await World.Run("runs", "fact_orders", "--json")).Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("rows_deleted")]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task KilledAnywhereRowsAndPositionAreThereTogetherOrNotAtAll(string boundary)
    {
        await Shop();
        World.Put("customers/2.csv", "id,name,city\n20,bob,Oslo\n5,cid,\n", landedSecondsAgo: 60);
        World.Put("orders/2.csv", "id,customer,amount\n4,5,9.00\n", landedSecondsAgo: 60);
        await World.Load("customers", "orders");
        foreach (var model in (string[])["dim_customer", "fact_orders"])
        {
            if (boundary == "rows_deleted" && model == "dim_customer")
            {
                await World.Load(model);
                continue;
            }

            Assert.NotEqual(0, (await World.RunProcess(World.At(boundary, "kill"), "run", model)).Exit);
            var rows = await Value("SELECT count(*) FROM mart.dim_customer AS d WHERE d.customer_id = 5");
            var loads = await Value(
                "SELECT count(*) FROM headrace.loads WHERE dataset = 'dim_customer' AND generation = 2"
            );
            Assert.Equal(rows, loads);
            await World.Load(model);
        }

        Assert.Equal(
            ["1|10|Rome", "2|20|Oslo", "3|5|NULL"],
            await Rows("SELECT customer_sk, customer_id, city FROM mart.dim_customer ORDER BY 1")
        );
        Assert.Equal(
            ["1|1", "2|2", "3|1", "4|3"],
            await Rows("SELECT order_id, customer_sk FROM mart.fact_orders ORDER BY 1")
        );
        Assert.Equal(
            ["dim_customer|2", "fact_orders|2"],
            await Rows(
                """
                SELECT dataset, count(*) FROM headrace.loads WHERE flow IN ('dim_customer', 'fact_orders')
                GROUP BY dataset ORDER BY dataset
                """
            )
        );
    }

    private static string Told(Answer answer, string dataset) =>
        $"{answer.Run(dataset).Outcome} {answer.Run(dataset).Counts}";
}

public sealed class ModelsInDuckDb(PostgresServer server) : Models(server, WarehouseKind.DuckDb);

public sealed class ModelsInPostgres(PostgresServer server) : Models(server, WarehouseKind.Postgres);

public sealed class ModelsInRedshift(PostgresServer server) : Models(server, WarehouseKind.Redshift)
{
    [Fact]
    public async Task ATableIsMadeWithTheLayoutThatTheModelSays()
    {
        Sql("dim_customer", DimensionSql);
        await Models($"{Dimension[..^2]}, distribution: key(customer_id), sort: [city, name] }}");
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n");
        await World.Load("customers");
        var ddl = (await World.Run("plan", "dim_customer", "--json")).Only.Json.GetProperty("ddl");
        Assert.EndsWith(
            "DISTSTYLE KEY DISTKEY (\"customer_id\") COMPOUND SORTKEY (\"city\", \"name\")",
            ddl.EnumerateArray().Last().GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load("dim_customer")).Only.Counts);
    }
}
