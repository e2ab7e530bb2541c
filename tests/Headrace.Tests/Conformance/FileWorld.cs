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

    /// <summary>The memory of the order of changes, where one target has one.</summary>
    protected Task<string> Memory() =>
        Value("SELECT max(table_name) FROM information_schema.tables WHERE table_name LIKE 'order%'");

    /// <summary>Has all changes so far applied long ago; those that nothing has to be remembered of stay so.</summary>
    protected async Task AgeChanges()
    {
        var memory = await Memory();
        await Alter(
            $"UPDATE headrace.{memory} SET applied_at = '2025-01-01 00:00:00+00' "
                + "WHERE applied_at > '1970-01-02 00:00:00+00'"
        );
        await Alter(
            $"UPDATE headrace.{memory.Replace("order", "facts", StringComparison.Ordinal)} "
                + "SET looked_at = '2025-01-01 00:00:00+00'"
        );
    }

    /// <summary>
    /// Lets changes arrive in files of a few, some of them of changes that were applied long before; says which were
    /// applied, and not set aside since their place was forgotten.
    /// </summary>
    /// <param name="put">Writes a file of changes under a name without a folder.</param>
    protected async Task<IReadOnlyList<T>> Arrive<T>(
        Random random,
        IReadOnlyList<T> arriving,
        bool forgets,
        Action<string, IEnumerable<T>> put
    )
    {
        var lines = new Dictionary<(string, string), T>();
        for (var (file, at) = (0, 0); at < arriving.Count; file++)
        {
            var some = arriving.Skip(at).Take(1 + random.Next(15)).ToList();
            at += some.Count;
            var name = $"202601{file + 1:00}-030405678.csv";
            for (var line = 0; line < some.Count; line++)
                lines[(name, $"{line + 1}")] = some[line];
            if (forgets && file > 0 && random.Next(3) == 0)
                await AgeChanges();
            put(name, some);
            await World.Load();
        }

        var unplaced = 0;
        foreach (var row in await Rows("SELECT file, line FROM headrace.quarantine WHERE reason LIKE '%cdc: late%'"))
        {
            unplaced++;
            Assert.True(
                lines.Remove((row[(row.LastIndexOf('/') + 1)..row.IndexOf('|')], row[(row.IndexOf('|') + 1)..]))
            );
        }

        Assert.Equal(forgets, unplaced > 0);
        Assert.Equal([$"{unplaced}"], await Rows("SELECT count(*) FROM headrace.quarantine"));
        return [.. lines.Values];
    }

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
