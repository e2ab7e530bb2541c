using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// A shop in a stand-in for Redshift, which is strict and not the service, and a project that reads its tables into a
/// warehouse.
/// </summary>
public abstract class RedshiftShop(PostgresServer server) : IAsyncDisposable
{
    protected const string Orders = """
        CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, name varchar(100),
        created_at timestamptz NOT NULL DEFAULT sysdate, updated_at timestamptz NOT NULL DEFAULT sysdate)
        """;

    protected const string Merge = "read: incremental, primary_key: id, update_key: updated_at, write: merge";
    protected const string Yesterday = """
        INSERT INTO orders SELECT i, 'n' || i, now() - interval '1 day',
        now() - interval '1 day' + i * interval '1 second' FROM generate_series(1, 100) i
        """;

    private PostgresTestDatabase? warehouse;
    private RedshiftTestDatabase? target;

    protected World World { get; } = new();

    protected RedshiftTestDatabase Source { get; private set; } = null!;

    public async ValueTask DisposeAsync()
    {
        World.Dispose();
        await Source.DisposeAsync();
        if (target is not null)
            await target.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes tables as Redshift does, and the flow that reads them.</summary>
    protected async Task Shop(
        string ddl,
        string flow,
        string source = "table: orders",
        WarehouseKind kind = WarehouseKind.DuckDb
    )
    {
        Source = await RedshiftTestDatabase.StartAsync(server);
        await Do(ddl);
        target = kind == WarehouseKind.Redshift ? await RedshiftTestDatabase.StartAsync(server) : null;
        warehouse = kind == WarehouseKind.Postgres ? await server.DatabaseAsync() : target?.Behind;
        var into =
            target?.Yaml.Replace("connection: staging", "connection: staged", StringComparison.Ordinal)
            ?? warehouse?.Yaml
            ?? "{ type: duckdb, path: ./warehouse.duckdb }";
        World.Configuration(
            $$"""
            version: 1
            connections:
              shop: {{Source.Yaml}}
              staging: { type: folder, path: {{Source.Folder}} }
              warehouse: {{into}}
              staged: { type: folder, path: {{target?.Folder ?? "./staged"}} }
              ops: { type: jsonl, path: ./ops }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              orders: { source: { connection: shop, {{source}} }, {{flow}} }
            """
        );
    }

    /// <summary>Another database.</summary>
    protected Task<RedshiftTestDatabase> Another() => RedshiftTestDatabase.StartAsync(server);

    /// <summary>Statements in Redshift's words, with semicolons between them.</summary>
    protected async Task Do(string sql)
    {
        await using var db = await Source.OpenAsync();
        foreach (
            var statement in sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        )
            await db.ExecuteAsync(statement);
    }

    /// <summary>Statements in PostgreSQL's words, behind the stand-in.</summary>
    protected Task Put(string sql) => Source.Behind.Execute(sql);

    /// <summary>The rows of a query over the warehouse, each with <c>|</c> between its values.</summary>
    protected async Task<string[]> Rows(string sql) =>
        warehouse is null ? World.Query(sql) : await warehouse.Query(sql);

    protected async Task<string> Value(string sql) => Assert.Single(await Rows(sql));

    /// <summary>Changes the warehouse behind the product's back.</summary>
    protected async Task Alter(string sql)
    {
        if (warehouse is null)
            World.Alter(sql);
        else
            await warehouse.Execute(sql);
    }

    /// <summary>Files in the staging places of both sides.</summary>
    protected string[] Staged() =>
        [
            .. Directory.GetFiles(Source.Folder, "*", SearchOption.AllDirectories),
            .. target is null ? [] : Directory.GetFiles(target.Folder, "*", SearchOption.AllDirectories),
        ];
}
