using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Redshift;
using Headrace.Warehouses;

namespace Headrace.Hosting;

/// <summary>The warehouses of a project, each opened once, and the engines that type their rows.</summary>
public sealed class ProjectWarehouses : IAsyncDisposable
{
    private readonly Project project;
    private readonly ProjectConnections connections;
    private readonly ProjectFolders folders;
    private readonly TimeProvider clock;
    private readonly Dictionary<(string Address, bool IsReadOnly), IWarehouse> warehouses = [];
    private readonly Dictionary<IWarehouse, IDuckDb> engines = [];
    private readonly bool isShared;
    private readonly Action<string> waits;
    private readonly Lock gate = new();

    internal ProjectWarehouses(
        Project project,
        ProjectConnections connections,
        ProjectFolders folders,
        TimeProvider clock,
        bool isShared,
        Action<string> waits
    ) =>
        (this.project, this.connections, this.folders, this.clock, this.isShared, this.waits) = (
            project,
            connections,
            folders,
            clock,
            isShared,
            waits
        );

    /// <summary>Every warehouse that keeps positions of flows and models, once.</summary>
    public IReadOnlyList<IWarehouse> All(bool isReadOnly) =>
        [
            .. project
                .Flows.Values.Select(flow => Of(flow, isReadOnly))
                .Concat(project.Models.Values.Select(model => Of(model.Target.Connection, isReadOnly)))
                .Distinct(),
        ];

    /// <summary>
    /// The warehouse that keeps a flow's position: its target's, or for a flow that only publishes one of the
    /// project's own.
    /// </summary>
    public IWarehouse Of(Flow flow, bool isReadOnly) =>
        flow.IsPublishOnly ? OfPublished(isReadOnly) : Of(flow.Target.Connection, isReadOnly);

    private IWarehouse OfPublished(bool isReadOnly)
    {
        lock (gate)
        {
            // With a shared ledger it lies in an object store, and each process has a copy of its own.
            var readOnly = isReadOnly && !isShared;
            var path = Path.Combine(folders.Spool, readOnly ? "looked.duckdb" : "published.duckdb");
            return folders.Versioned("published", path, clock) is { } stored
                ? DuckDb(new() { Path = path, Blocks = BlockSize.Small }, readOnly, stored)
                : DuckDb(new() { Path = Path.Combine(".headrace", "published.duckdb") }, readOnly);
        }
    }

    /// <summary>The warehouse under a connection's name.</summary>
    public IWarehouse Of(string connection, bool isReadOnly)
    {
        lock (gate)
            return Opened(connection, isReadOnly && !isShared);
    }

    private IWarehouse Opened(string connection, bool isReadOnly) =>
        project.Connections[connection] switch
        {
            Configuration.DuckDbConnection duckdb => DuckDb(duckdb, isReadOnly),
            PostgresConnection postgres => WithEngine(
                $"postgres {postgres.Name}",
                isReadOnly,
                (engine, folder) => new PostgresWarehouse(connections.Database(postgres), engine, folder, clock)
            ),
            RedshiftConnection redshift => WithEngine(
                $"redshift {redshift.Name}",
                isReadOnly,
                (engine, folder) =>
                    new RedshiftWarehouse(
                        connections.Database(redshift),
                        connections.NewStaging(redshift),
                        engine,
                        folder,
                        clock
                    )
            ),
            var other => throw Error.Bug($"A warehouse of type {other.Kind} reached the project's warehouses."),
        };

    /// <summary>What types a warehouse's rows.</summary>
    public IDuckDb EngineOf(IWarehouse warehouse)
    {
        lock (gate)
            return warehouse is DuckDbWarehouse duckdb ? duckdb : engines[warehouse];
    }

    /// <summary>What a warehouse asks of values beyond their types; null for nothing.</summary>
    public static ValueLimits? LimitsOf(IWarehouse warehouse) => ((SqlWarehouse)warehouse).Dialect.Limits;

    /// <summary>What compares full exports before they go into a warehouse.</summary>
    /// <param name="planSpool">A folder for what a plan makes; null for a run.</param>
    internal Snapshots SnapshotsOf(IWarehouse warehouse, string? planSpool) =>
        new(
            warehouse,
            EngineOf(warehouse),
            folders.Memories,
            planSpool is null ? null : Path.Combine(planSpool, "snapshots"),
            folders.Outbox,
            MemoryShares.Digests(Memory(null)),
            LimitsOf(warehouse),
            folders.MirroredMemories
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var warehouse in warehouses.Values)
            await warehouse.DisposeAsync();
    }

    private IWarehouse DuckDb(
        Configuration.DuckDbConnection settings,
        bool isReadOnly,
        State.VersionedFile? stored = null
    )
    {
        var path = project.FullPath(settings.Path);
        if (warehouses.TryGetValue((path, isReadOnly), out var open))
            return open;
        var engine = Engine(settings.Memory, settings.Threads);
        engine = engine with { SmallBlocks = settings.Blocks == BlockSize.Small };
        return warehouses[(path, isReadOnly)] = new DuckDbWarehouse(path, isReadOnly, engine, clock, stored)
        {
            Waits = waits,
        };
    }

    // A warehouse that is no DuckDB, with the DuckDB that types its rows.
    private IWarehouse WithEngine(string address, bool isReadOnly, Func<IEngine, string, IWarehouse> make)
    {
        if (warehouses.TryGetValue((address, isReadOnly), out var open))
            return open;
        var settings = Engine(null, null);
        var engine = new DuckDbEngine(settings);
        var warehouse = make(engine, Path.GetFullPath($"{settings.TempDirectory}-rows"));
        engines[warehouse] = engine;
        return warehouses[(address, isReadOnly)] = warehouse;
    }

    private DuckDbSettings Engine(long? memory, int? threads) =>
        new()
        {
            Memory = Memory(memory),
            Threads = MemoryShares.Threads(Memory(memory), threads ?? project.Threads),
            TempDirectory = Path.Combine(folders.Spool, $"temp-{warehouses.Count}"),
            AllowedDirectories =
            [
                folders.Spool,
                folders.Memories,
                folders.Outbox.Folder,
                .. ProjectFolders.Unnamed(project),
            ],
        };

    // Flows into several warehouses run side by side, and each warehouse has an engine.
    private long Memory(long? memory) =>
        MemoryShares.Engine(
            memory ?? project.Memory,
            project
                .Flows.Values.Where(flow => flow.Enabled)
                .Select(flow => flow.IsPublishOnly ? "" : flow.Target.Connection)
                .Concat(project.Models.Values.Select(model => model.Target.Connection))
                .Distinct(StringComparer.Ordinal)
                .Count()
        );
}
