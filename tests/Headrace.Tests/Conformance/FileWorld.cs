using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// A lake of files and a project that loads them into a warehouse: the base of suites with one body that holds for
/// every warehouse. A suite is an abstract class; for each warehouse it has a sealed class of one line.
/// </summary>
public abstract class FileWorld(PostgresServer server, WarehouseKind kind) : IDisposable
{
    private PostgresTestDatabase? warehouse;
    private RedshiftTestDatabase? redshift;

    protected World World { get; } = new();

    /// <summary>The S3 that has the lake; null for a folder.</summary>
    protected S3Server? S3 { get; init; }

    /// <summary>Where the rows go.</summary>
    protected WarehouseKind Kind => kind;

    /// <summary>The stand-in for Redshift; null for other warehouses.</summary>
    protected RedshiftTestDatabase? Redshift => redshift;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        World.Dispose();
        redshift?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Writes headrace.yaml: a folder as <c>lake</c>, the warehouse with the schema raw, files of operations as
    /// <c>ops</c>, a second warehouse
    /// of DuckDB as <c>local</c>, and these flows. A second call changes the flows and keeps the warehouse.
    /// </summary>
    protected async Task Flows(params string[] flows)
    {
        if (kind == WarehouseKind.Redshift)
            warehouse = (redshift ??= await RedshiftTestDatabase.StartAsync(server)).Behind;
        else if (kind == WarehouseKind.Postgres)
            warehouse ??= await server.DatabaseAsync();
        if (S3 is not null && World.Bucket is null)
            await World.InBucket(S3);
        World.Configuration(
            $$"""
            version: 1
            threads: 1
            connections:
              lake: {{World.LakeYaml}}
              warehouse: {{redshift?.Yaml
                ?? warehouse?.Yaml
                ?? "{ type: duckdb, path: ./warehouse.duckdb, blocks: small }"}}
              staging: { type: folder, path: {{redshift?.Folder ?? "./staging"}} }
              ops: { type: jsonl, path: ./ops }
              local: { type: duckdb, path: ./local.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              {{string.Join("\n", flows).ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );
    }

    /// <summary>The rows of a query over the warehouse, each with <c>|</c> between its values.</summary>
    protected Task<string[]> Rows(string sql) =>
        warehouse is null ? Task.FromResult(World.Query(sql)) : warehouse.Query(sql);

    /// <summary>The only value of a query.</summary>
    protected async Task<string> Value(string sql) => Assert.Single(await Rows(sql));

    /// <summary>Changes the warehouse behind the product's back.</summary>
    protected async Task Alter(string sql)
    {
        if (warehouse is null)
            World.Alter(sql);
        else
            await warehouse.Execute(sql);
    }
}
