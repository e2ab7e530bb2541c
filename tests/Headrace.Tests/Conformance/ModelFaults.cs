using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Models that cannot be made, and what is said of them.</summary>
public abstract class ModelFaults(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    // The stand-in for Redshift gives a statement on in one line.
    private string Place => Kind == WarehouseKind.Redshift ? "models/fact_orders.sql" : "models/fact_orders.sql:3";

    [Fact]
    public async Task AMistakeInTheSqlIsShownWithItsLineAndFoundByAPlan()
    {
        await Shop();
        Sql("fact_orders", "SELECT id,\n  amount,\n  nosuch\nFROM raw.orders\n");
        foreach (var command in (string[])["plan", "run"])
        {
            var run = (await World.Run(command, "fact_orders", "--json")).Only;
            Assert.Equal("HDR-340", run.Error);
            Assert.Contains(Place, run.ErrorText, StringComparison.Ordinal);
            Assert.Contains("nosuch", run.ErrorText, StringComparison.Ordinal);
        }

        Assert.Contains(Place, (await World.Run("doctor")).Text, StringComparison.Ordinal);

        // What is wrong with single rows is told when they are made.
        Sql("fact_orders", "SELECT id AS order_id, CAST('x' || id AS integer) AS n\nFROM raw.orders");
        Assert.Equal("HDR-340", (await World.Run("run", "fact_orders", "--json")).Only.Error);
        Assert.Equal(["3"], await Rows("SELECT count(*) FROM mart.fact_orders"));
    }

    [Fact]
    public async Task RowsWithoutAKeyOrWithThatOfAnotherAreRefused()
    {
        await Shop();
        Sql("dim_customer", "SELECT customer AS customer_id, 'x' AS name, 'y' AS city FROM raw.orders");
        var twice = (await World.Run("run", "dim_customer", "--json")).Only;
        Assert.Equal("HDR-343", twice.Error);
        Assert.Contains("\"keys with several rows\":\"1\"", twice.ErrorText, StringComparison.Ordinal);
        Sql("dim_customer", "SELECT nullif(id, 10) AS customer_id, name, city FROM raw.customers");
        var missing = (await World.Run("plan", "dim_customer", "--json")).Only;
        Assert.Equal("HDR-343", missing.Error);
        Assert.Contains("\"rows without a key\":\"1\"", missing.ErrorText, StringComparison.Ordinal);
        Sql("dim_customer", "SELECT id, name FROM raw.customers");
        Assert.Equal("HDR-342", (await World.Run("run", "dim_customer", "--json")).Only.Error);
        Sql("dim_customer", "SELECT id AS customer_id, name, 1 AS customer_sk FROM raw.customers");
        Assert.Equal("HDR-341", (await World.Run("run", "dim_customer", "--json")).Only.Error);
        Sql(
            "dim_customer",
            "SELECT a.id AS customer_id, a.name, b.name FROM raw.customers a JOIN raw.customers b ON a.id = b.id"
        );
        Assert.Equal("HDR-341", (await World.Run("run", "dim_customer", "--json")).Only.Error);
        Assert.Equal(["1|10", "2|20"], await Rows("SELECT customer_sk, customer_id FROM mart.dim_customer ORDER BY 1"));
    }

    [Fact]
    public async Task ColumnsComeAndGoAndATypeStays()
    {
        await Shop();
        Sql("fact_orders", "SELECT id AS order_id, amount, customer FROM raw.orders");
        var planned = (await World.Run("plan", "fact_orders", "--json")).Only;
        var ddl = planned.Json.GetProperty("ddl").ToString();
        Assert.Contains("ADD COLUMN", ddl, StringComparison.Ordinal);
        Assert.Contains("DROP COLUMN", ddl, StringComparison.Ordinal);
        await World.Load("fact_orders");
        Assert.Equal(
            ["1|5.00|10", "2|7.50|20", "3|1.25|10"],
            await Rows("SELECT * FROM mart.fact_orders ORDER BY order_id")
        );

        Sql(
            "fact_orders",
            "SELECT id AS order_id, amount, name AS customer FROM raw.orders o JOIN raw.customers c USING (id)"
        );
        Sql("fact_orders", "SELECT id AS order_id, amount, 'c' || customer AS customer FROM raw.orders");
        var refused = (await World.Run("run", "fact_orders", "--json")).Only;
        Assert.Equal("HDR-344", refused.Error);
        Assert.Contains("DROP TABLE", refused.ErrorText, StringComparison.Ordinal);
        await Alter("DROP TABLE mart.fact_orders");
        await World.Load("fact_orders");
        Assert.Equal(["c10", "c20", "c10"], await Rows("SELECT customer FROM mart.fact_orders ORDER BY order_id"));

        // Where rows are merged, what the SELECT does not bring stays.
        Sql("dim_customer", "SELECT id AS customer_id, city, name AS nick FROM raw.customers");
        Assert.Equal("0i 2u 0d 0s 0q", (await World.Load("dim_customer")).Only.Counts);
        Assert.Equal(
            ["10|ann|ann", "20|bob|bob"],
            await Rows("SELECT customer_id, name, nick FROM mart.dim_customer ORDER BY 1")
        );
    }

    [Fact]
    public async Task HardlyARowReplacesNone()
    {
        await Shop();
        Sql("fact_orders", "SELECT id AS order_id, customer AS customer_sk, amount FROM raw.orders WHERE id > 99");
        foreach (var command in (string[])["plan", "run"])
        {
            var stopped = await World.Run(command, "fact_orders", "--json");
            Assert.Equal((3, "stopped", "HDR-202"), (stopped.Exit, stopped.Only.Outcome, stopped.Only.Error));
            Assert.Contains("min_rows: 0", stopped.Only.ErrorText, StringComparison.Ordinal);
        }

        Assert.Equal(["3"], await Rows("SELECT count(*) FROM mart.fact_orders"));
        Assert.Equal("0i 0u 3d 0s 0q", (await World.Load("fact_orders", "--confirm", "fact_orders")).Only.Counts);
    }

    [Fact]
    public async Task StatementsBeforeTheSelectStayInItsTransaction()
    {
        Sql("fact_orders", "SELECT id, amount FROM raw.orders WHERE id IN (SELECT id FROM mart.scratch)");
        await Models(
            "fact_orders: { sql: models/fact_orders.sql, target: { schema: mart }, write: replace, "
                + "before: [delete from mart.scratch, \"insert into mart.scratch select id from raw.orders where id < 3\"] }"
        );
        await Alter("CREATE SCHEMA mart");
        await Alter("CREATE TABLE mart.scratch (id bigint)");
        await Alter("INSERT INTO mart.scratch VALUES (99)");
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n3,10,1.25\n");
        await World.Load("orders");
        await World.Run("plan");
        Assert.Equal(["99"], await Rows("SELECT id FROM mart.scratch"));
        Assert.NotEqual(0, (await World.RunProcess(World.At("before_commit", "kill"), "run", "fact_orders")).Exit);
        Assert.Equal(["99"], await Rows("SELECT id FROM mart.scratch"));
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load("fact_orders")).Only.Counts);
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM mart.scratch ORDER BY id"));
    }

    [Fact]
    public async Task ATableThatNobodyLoadsIsReadEachTime()
    {
        Sql("rates", "SELECT code, rate FROM ref.rates");
        await Models("rates: { sql: models/rates.sql, target: { schema: mart }, write: replace }");
        await Alter("CREATE SCHEMA ref");
        await Alter("CREATE TABLE ref.rates (code varchar(3), rate numeric(8,4))");
        await Alter("INSERT INTO ref.rates VALUES ('EUR', 1.0000)");
        await World.Load("rates");
        Assert.Contains(
            "nobody can tell when ref.rates changes",
            (await World.Run("plan", "rates", "--json")).Only.Warnings,
            StringComparison.Ordinal
        );
        await Alter("UPDATE ref.rates SET rate = 2");
        Assert.Equal("1i 0u 1d 0s 0q", (await World.Load("rates")).Only.Counts);
        Assert.Equal(["EUR|2.0000"], await Rows("SELECT code, rate FROM mart.rates"));
    }
}

public sealed class ModelFaultsInDuckDb(PostgresServer server) : ModelFaults(server, WarehouseKind.DuckDb);

public sealed class ModelFaultsInPostgres(PostgresServer server) : ModelFaults(server, WarehouseKind.Postgres);

public sealed class ModelFaultsInRedshift(PostgresServer server) : ModelFaults(server, WarehouseKind.Redshift);
