using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>The program as users run it: files into staging tables, from there a dimension and facts.</summary>
public sealed class ModelRuns : IDisposable
{
    private static readonly Dictionary<string, string> Plain = [];

    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private void Sql(string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(world.Folder, "models"));
        File.WriteAllText(Path.Combine(world.Folder, "models", $"{name}.sql"), text);
    }

    [Fact]
    public async Task TwoFlowsFillStagingTablesADimensionAndFacts()
    {
        world.Flows(
            """
            customers: { source: { connection: lake, path: "customers/*" }, read: incremental, write: append, keep_rows: until_models }
            orders: { source: { connection: lake, path: "orders/*" }, read: incremental, write: append, keep_rows: until_models }
            """
        );
        File.AppendAllText(
            Path.Combine(world.Folder, "headrace.yaml"),
            """
            models:
              fact_orders: { sql: models/fact_orders.sql, target: { schema: mart }, write: append }
              dim_customer:
                sql: models/dim_customer.sql
                target: { schema: mart }
                write: merge
                primary_key: customer_id
                surrogate_key: customer_sk
            after_run: { command: "echo $HEADRACE_OUTCOME >> heard" }

            """
        );
        Sql(
            "dim_customer",
            """
            SELECT id AS customer_id, arg_max(name, day) AS name, max(day) AS since
            FROM raw.customers GROUP BY id
            """
        );
        Sql(
            "fact_orders",
            """
            SELECT o.id AS order_id, d.customer_sk, o.amount
            FROM raw.orders AS o LEFT JOIN mart.dim_customer AS d ON d.customer_id = o.customer
            """
        );
        world.Put("customers/1.csv", "id,name,day\n7,ann,2026-01-01\n8,bob,2026-01-01\n7,anna,2026-01-02\n");
        world.Put("orders/1.csv", "id,customer,amount\n1,7,5.00\n2,8,7.50\n");

        var planned = await world.RunProcess(Plain, "plan");
        Assert.Contains("'orders' would load before", planned.Text, StringComparison.Ordinal);
        Assert.Contains("it has not run yet", planned.Text, StringComparison.Ordinal);
        var run = await world.RunProcess(Plain, "run", "--json");
        Assert.True(run.Exit == 0, run.Text);
        Assert.Equal(["customers", "orders", "dim_customer", "fact_orders"], run.Runs.Select(one => one.Dataset));

        world.Put("customers/2.csv", "id,name,day\n9,cid,2026-01-03\n8,bob,2026-01-01\n", landedSecondsAgo: 60);
        world.Put("orders/2.csv", "id,customer,amount\n3,9,1.00\n", landedSecondsAgo: 60);
        run = await world.RunProcess(Plain, "run", "--json");
        Assert.Equal("1i 0u 0d 1s 0q", run.Run("dim_customer").Counts);
        Assert.Equal("1i 0u 0d 0s 0q", run.Run("fact_orders").Counts);
        Assert.Contains("up to date", (await world.RunProcess(Plain, "run")).Text, StringComparison.Ordinal);

        Assert.Equal(
            ["1|7|anna", "2|8|bob", "3|9|cid"],
            world.Query("SELECT customer_sk, customer_id, name FROM mart.dim_customer ORDER BY 1")
        );
        Assert.Equal(
            ["1|1|5.00", "2|2|7.50", "3|3|1.00"],
            world.Query("SELECT order_id, customer_sk, amount FROM mart.fact_orders ORDER BY 1")
        );
        Assert.Equal(
            ["0|0"],
            world.Query("SELECT (SELECT count(*) FROM raw.orders), (SELECT count(*) FROM raw.customers)")
        );
        Assert.Equal(["loaded", "loaded", "up_to_date"], File.ReadAllLines(Path.Combine(world.Folder, "heard")));

        Assert.Contains("mart.dim_customer", (await world.Run("status")).Output, StringComparison.Ordinal);
        Assert.Contains("2 models", (await world.Run("doctor")).Output, StringComparison.Ordinal);
        var id = run.Run("dim_customer").Id;
        Assert.Contains("dim_customer", (await world.Run("show", id)).Output, StringComparison.Ordinal);
        Assert.Contains(id, (await world.Run("runs", "dim_customer")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsThatReadEachOtherAndTextThatNobodyCanReadAreTold()
    {
        world.Flows("o: { source: { connection: lake, path: \"o/*\" }, read: incremental, write: append }");
        File.AppendAllText(
            Path.Combine(world.Folder, "headrace.yaml"),
            "models:\n  a: { sql: models/a.sql, write: replace }\n  b: { sql: models/b.sql, write: replace }\n"
        );
        Sql("a", "WITH b AS (SELECT * FROM raw.b) SELECT * FROM b");
        Sql("b", "SELECT * FROM raw.o WHERE id IN (SELECT id FROM RAW.A)");
        var cycle = await world.Run("run");
        Assert.Equal(2, cycle.Exit);
        Assert.Contains("HDR-572", cycle.Text, StringComparison.Ordinal);
        Assert.Contains("a reads b reads a", cycle.Text, StringComparison.Ordinal);
        Sql("b", "SELECT FROM WHERE 1");
        var unknown = await world.Run("plan", "b");
        Assert.Equal(2, unknown.Exit);
        Assert.Contains("HDR-575", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("after: [NAME", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("HDR-518", (await world.Run("run", "c")).Text, StringComparison.Ordinal);
    }
}
