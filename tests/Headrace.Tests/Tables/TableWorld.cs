using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>A shop in PostgreSQL and a project that reads its table <c>orders</c> into DuckDB.</summary>
public abstract class TableWorld(PostgresServer server) : IDisposable
{
    protected const string Orders = "CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())";

    protected World World { get; } = new();

    public void Dispose()
    {
        World.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Makes the table by <paramref name="ddl"/>, and the flow that reads it.</summary>
    protected async Task<PostgresTestDatabase> Shop(string ddl, string flow, string source = "table: orders")
    {
        var shop = await server.DatabaseAsync();
        await shop.Execute(ddl);
        World.Configuration(
            $$"""
            version: 1
            connections:
              shop: {{shop.Yaml}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
              ops: { type: jsonl, path: ./ops }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              orders: { source: { connection: shop, {{source}} }, {{flow}} }
            """);
        return shop;
    }
}
