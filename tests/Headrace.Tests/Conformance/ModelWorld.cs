using Headrace.Tests.Tables;

namespace Headrace.Tests.Conformance;

/// <summary>A lake of customers and orders, and models over the tables that they are loaded into.</summary>
public abstract class ModelWorld(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    protected const string Customers =
        """customers: { source: { connection: lake, path: "customers/*" }, columns: { id: bigint, """
        + "name: text, city: text }, read: incremental, primary_key: id, write: merge }";

    protected const string Orders =
        """orders: { source: { connection: lake, path: "orders/*" }, columns: { id: bigint, customer: bigint, """
        + """amount: "decimal(12,2)" }, read: incremental, write: append }""";

    /// <summary>A dimension with a number for each customer.</summary>
    protected const string Dimension =
        "dim_customer: { sql: models/dim_customer.sql, target: { schema: mart }, write: merge, "
        + "primary_key: customer_id, surrogate_key: customer_sk }";

    /// <summary>Facts that refer to it.</summary>
    protected const string Fact =
        "fact_orders: { sql: models/fact_orders.sql, target: { schema: mart }, write: replace }";

    protected const string DimensionSql = """
        -- customers as they are now
        SELECT id AS customer_id, name, city
        FROM raw.customers;
        """;

    protected const string FactSql = """
        SELECT o.id AS order_id, d.customer_sk, o.amount
        FROM raw.orders AS o JOIN mart.dim_customer AS d ON d.customer_id = o.customer
        """;

    /// <summary>Writes a file of SQL below <c>models</c>.</summary>
    protected void Sql(string name, string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(World.Folder, "models")).FullName;
        File.WriteAllText(Path.Combine(folder, $"{name}.sql"), text);
    }

    /// <summary>Writes headrace.yaml with the flows of customers and orders, and these models.</summary>
    protected async Task Models(params string[] models)
    {
        await Flows(Customers, Orders);
        File.AppendAllText(
            Path.Combine(World.Folder, "headrace.yaml"),
            $"\nmodels:\n  {string.Join("\n  ", models)}\n"
        );
    }

    /// <summary>Two flows, a dimension and facts, loaded once.</summary>
    protected async Task Shop()
    {
        Sql("dim_customer", DimensionSql);
        Sql("fact_orders", FactSql);
        await Models(Dimension, Fact);
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n20,bob,\n", landedSecondsAgo: 7200);
        World.Put("orders/1.csv", "id,customer,amount\n1,10,5.00\n2,20,7.50\n3,10,1.25\n", landedSecondsAgo: 7200);
        await World.Load();
    }
}
