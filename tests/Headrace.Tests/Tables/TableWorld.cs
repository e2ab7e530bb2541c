using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Where the rows of a suite go: each suite that a subclass repeats holds for every warehouse.</summary>
public enum WarehouseKind
{
    DuckDb,
    Postgres,
    Redshift,
}

/// <summary>A shop in PostgreSQL and a project that reads its table <c>orders</c> into a warehouse.</summary>
public abstract class TableWorld(PostgresServer server, WarehouseKind kind = WarehouseKind.DuckDb) : IDisposable
{
    private PostgresTestDatabase? warehouse;
    private RedshiftTestDatabase? redshift;

    protected const string Orders = """
        CREATE TABLE orders (id int PRIMARY KEY, name text, created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now())
        """;

    protected World World { get; } = new();

    protected WarehouseKind Kind => kind;

    /// <summary>The port of the test server.</summary>
    protected int ServerPort => server.Port;

    public void Dispose()
    {
        World.Dispose();
        redshift?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Makes the table by <paramref name="ddl"/>, and the flow that reads it.</summary>
    protected Task<PostgresTestDatabase> Shop(string ddl, string flow, string source = "table: orders") =>
        Shop(ddl, [$"orders: {{ source: {{ connection: shop, {source} }}, {flow} }}"]);

    /// <summary>Makes tables by <paramref name="ddl"/>, and flows that read them.</summary>
    protected async Task<PostgresTestDatabase> Shop(string ddl, IEnumerable<string> flows)
    {
        var shop = await server.DatabaseAsync();
        await shop.Execute(ddl);
        redshift = kind == WarehouseKind.Redshift ? await RedshiftTestDatabase.StartAsync(server) : null;
        warehouse = kind == WarehouseKind.Postgres ? await server.DatabaseAsync() : redshift?.Behind;
        World.Configuration(
            $$"""
            version: 1
            connections:
              shop: {{shop.Yaml}}
              warehouse: {{redshift?.Yaml
                ?? warehouse?.Yaml
                ?? "{ type: duckdb, path: ./warehouse.duckdb, blocks: small }"}}
              lake: { type: folder, path: ./lake }
              staging: { type: folder, path: {{redshift?.Folder ?? "./staging"}} }
              ops: { type: jsonl, path: ./ops }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              {{string.Join("\n  ", flows)}}
            """
        );
        return shop;
    }

    /// <summary>Writes the configuration again with another text somewhere in it.</summary>
    protected void Reconfigure(string text, string by)
    {
        var path = Path.Combine(World.Folder, "headrace.yaml");
        var yaml = File.ReadAllText(path);
        Assert.Contains(text, yaml, StringComparison.Ordinal);
        File.WriteAllText(path, yaml.Replace(text, by, StringComparison.Ordinal));
    }

    /// <summary>
    /// Has a role of its own read the shop from now on, which may do what <paramref name="grants"/> say of <c>{0}</c>.
    /// </summary>
    protected async Task As(PostgresTestDatabase shop, string role, string grants)
    {
        role += kind.ToString().ToLowerInvariant();
        await shop.Execute(
            $"DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD 'known'; EXCEPTION WHEN duplicate_object "
                + $"OR unique_violation THEN NULL; END $$; {grants.Replace("{0}", role, StringComparison.Ordinal)}"
        );
        Reconfigure(
            $"shop: {shop.Yaml}",
            $"shop: {shop.Yaml.Replace("user: tester", $"user: {role}", StringComparison.Ordinal)}"
        );
    }

    /// <summary>A database of the test server under its name.</summary>
    protected PostgresTestDatabase Database(string name) => new(server, name);

    /// <summary>The database that is the warehouse; null for DuckDB.</summary>
    protected PostgresTestDatabase? WarehouseDatabase => warehouse;

    /// <summary>The rows of a query over the warehouse, each with <c>|</c> between its values.</summary>
    protected async Task<string[]> Rows(string sql) =>
        warehouse is null ? World.Query(sql) : await warehouse.Query(await Known(sql));

    /// <summary>The only value of a query.</summary>
    protected async Task<string> Value(string sql) => Assert.Single(await Rows(sql));

    /// <summary>Changes the warehouse behind the product's back.</summary>
    protected async Task Alter(string sql)
    {
        if (warehouse is not null)
            await warehouse.Execute(await Known(sql));
        else
            World.Alter(sql);
    }

    // In Redshift each dataset has a table of its own for its position.
    private async Task<string> Known(string sql) =>
        redshift is null || !sql.Contains("headrace.positions", StringComparison.Ordinal)
            ? sql
            : sql.Replace(
                "headrace.positions",
                "headrace."
                    + Assert.Single(
                        await redshift.Behind.Query(
                            """
                            SELECT tablename FROM pg_tables
                            WHERE schemaname = 'headrace' AND tablename LIKE 'position@_%' ESCAPE '@'
                            """
                        )
                    ),
                StringComparison.Ordinal
            );
}
