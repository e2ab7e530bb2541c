using System.CommandLine;
using Headrace.Archiving;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;
using Headrace.Redshift;
using Headrace.Publishing;
using Headrace.Sources;
using Headrace.Staging;
using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.Cli;

/// <summary>A project with its parts put together: what every command that needs a project starts from.</summary>
internal sealed class Workspace : IAsyncDisposable
{
    private readonly Dictionary<(string Address, bool IsReadOnly), IWarehouse> warehouses = [];
    private readonly Dictionary<IWarehouse, IDuckDb> engines = [];
    private readonly Dictionary<string, PostgresDatabase> databases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RedshiftDatabase> redshifts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IObjectStore> stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StagingPlace> stagings = new(StringComparer.Ordinal);
    private readonly Lazy<OwnFolder> spool;

    private Workspace(Project project, Screen screen)
    {
        Project = project;
        Screen = screen;
        spool = new(() => OwnFolder.Open(project.FullPath(project.Spool), Clock));
        Ledger = project.Ledger is { } shared
            ? new SharedLedger(Database((PostgresConnection)project.Connections[shared.Connection]), shared.Lease, Clock)
            : new DuckDbLedger(Path.Combine(project.Folder, ".headrace"), Clock);
    }

    public Project Project { get; }

    public Screen Screen { get; }

    public TimeProvider Clock { get; } = TimeProvider.System;

    public ILedger Ledger { get; }

    /// <summary>What brings flows up to date and keeps no secret of them.</summary>
    public Runner Runner => new(Ledger, Clock, Project.Secrets.Redact);

    /// <summary>Loads headrace.yaml; null, with the problems on the screen, when it is not right.</summary>
    public static Workspace? Open(ParseResult parsed, Screen screen)
    {
        var folder = Path.GetFullPath(parsed.GetValue(CommandLine.Folder)!);
        var loaded = ProjectFile.Load(folder, parsed.GetValue(CommandLine.Environment), System.Environment.GetEnvironmentVariable);
        if (loaded.Project is { } known)
            screen.Redact = known.Secrets.Redact;
        if (Failpoint.Notice is { } notice)
            screen.Error($"Warning: {notice}.");
        Failpoint.Hit("config_read");
        if (loaded.Project is { } project && loaded.Problems.Count == 0)
        {
            OwnerOnly.Close(Path.Combine(project.Folder, ".headrace"));
            OwnerOnly.Close(project.FullPath(project.Spool));
            return new Workspace(project, screen);
        }

        screen.Fail(loaded.Problems);
        return null;
    }

    /// <summary>The flows of that name, or all enabled ones; HDR-518 for a name that is no flow.</summary>
    public IReadOnlyList<Flow> Flows(IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (!Project.Flows.ContainsKey(name))
                throw Error.UnknownFlow(name, [.. Project.Flows.Keys]);
        return [.. Project.Flows.Values.Where(flow => names.Count == 0 ? flow.Enabled : names.Contains(flow.Name))];
    }

    /// <summary>The flows that run only when they are named.</summary>
    public IReadOnlyList<string> FlowsOff => [.. Project.Flows.Values.Where(flow => !flow.Enabled).Select(flow => flow.Name)];

    /// <summary>The runs, with what waits in quarantine said where nothing was loaded.</summary>
    public static async Task<IReadOnlyList<Run>> WithHeldAsync(IReadOnlyList<Run> runs, IReadOnlyList<ReadyFlow> flows, CancellationToken cancel)
    {
        var quiet = runs.Where(run => run is { Outcome: Outcome.UpToDate, Error: null }).Select(run => run.Flow).ToHashSet(StringComparer.Ordinal);
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var warehouse in flows.Where(flow => quiet.Contains(flow.Name)).Select(flow => flow.Warehouse).Distinct())
            foreach (var (dataset, rows, _) in await warehouse.Quarantine.CountAsync(cancel))
                held[dataset] = rows;
        return [.. runs.Select(run => run is { Outcome: Outcome.UpToDate, Error: null } && held.TryGetValue(run.Dataset, out var rows)
            ? run with { Warnings = [.. run.Warnings, $"{Text.Rows(rows)} {(rows == 1 ? "waits" : "wait")} in quarantine: headrace quarantine show {Shell.Word(run.Flow)}"] }
            : run)];
    }

    /// <summary>A flow with its ends connected.</summary>
    /// <param name="wait">How long it may wait for files that are not settled; null for a few seconds.</param>
    public ReadyFlow Ready(Flow flow, bool isPlan, TimeSpan? wait = null)
    {
        if (isPlan)
            LocalState.Check(Path.Combine(Project.Folder, ".headrace"));
        else
            LocalState.Ensure(Path.Combine(Project.Folder, ".headrace"));
        var folder = Path.Combine(Spool, isPlan ? "plan" : "run");
        var warehouse = Warehouse(flow, isPlan);
        if (wait is null) // others may use it meanwhile
            warehouse.BeginOpen();
        if (Project.Connections[flow.Source.Connection] is PostgresConnection from)
            Database(from).BeginOpen();
        Snapshots? SnapshotsOf(Flow one) => one.Read == ReadMode.Snapshot ? Snapshots(warehouse, isPlan ? folder : null) : null;
        ISource Tables(string address, Func<Flow, TableSource> sourceOf, Func<CancellationToken, Task> look) => flow.ReadsList ? new ListedTables(flow, address, ProcessTable(flow, isPlan), sourceOf, look) : sourceOf(flow);
        ISource source = Project.Connections[flow.Source.Connection] switch
        {
            PostgresConnection postgres => Tables(Database(postgres).Address, one => new TableSource(one, Database(postgres), folder, Clock, SnapshotsOf(one)), Database(postgres).LookAsync),
            RedshiftConnection redshift => Tables(Database(redshift).Address, one => RedshiftTables.Source(one, Database(redshift), SourceStaging(redshift), folder, Clock, SnapshotsOf(one)), Database(redshift).LookAsync),
            FolderConnection lake when flow.Read == ReadMode.Drop => new DropFolder(flow, Lake(lake), folder, Clock) { Wait = wait },
            FolderConnection lake when SnapshotsOf(flow) is { } snapshots => new SnapshotFiles(flow, Lake(lake), folder, Clock, snapshots) { Wait = wait },
            FolderConnection lake => new IncrementalFiles(flow, Lake(lake), folder, Clock) { Wait = wait },
            var other => throw Error.Bug($"A source of type {other.Kind} reached the workspace."),
        };
        return new ReadyFlow(flow.Name, source, warehouse)
        {
            Publisher = flow.Publish is { } publish
                ? new JsonlPublisher(Project.FullPath(((JsonlConnection)Project.Connections[publish.Connection]).Path), Outbox)
                : null,
            Archive = flow.Archive is { } archive ? new Archive(Store(archive.Connection), archive.Path, warehouse, folder, Unfinished) : null,
            Retries = flow.Retries,
            RetryDelay = flow.RetryDelay,
            Timeout = flow.Timeout,
        };
    }

    /// <summary>A folder of the spool and an engine, for work while the warehouse rests.</summary>
    public Room Room() => new(Path.Combine(Spool, "room"), [Spool], MemoryShares.Engine(Project.Memory), Project.Threads);

    // Of this process alone.
    private string Spool => spool.Value.Path;

    /// <summary>The process table that a flow reads; it is in the flow's warehouse.</summary>
    public IProcessTable ProcessTable(Flow flow, bool isReadOnly) => Warehouse(flow, isReadOnly).ProcessTable;

    private Lake.FolderLake Lake(FolderConnection folder) => new(Project.FullPath(folder.Path));

    /// <summary>The database behind a connection, once.</summary>
    public PostgresDatabase Database(PostgresConnection postgres) => databases.TryGetValue(postgres.Name, out var known) ? known
        : databases[postgres.Name] = new PostgresDatabase(postgres, postgres.RootCertificate is { } certificate ? Project.FullPath(certificate) : null);

    private Snapshots Snapshots(IWarehouse warehouse, string? planSpool) => new(
        warehouse, Engine(warehouse), Memories, planSpool is null ? null : Path.Combine(planSpool, "snapshots"), Outbox, MemoryShares.Digests(EngineMemory(null)),
        Limits(warehouse));

    /// <summary>What types a warehouse's rows.</summary>
    public IDuckDb Engine(IWarehouse warehouse) => warehouse is DuckDbWarehouse duckdb ? duckdb : engines[warehouse];

    /// <summary>What a warehouse asks of values beyond their types; null for nothing.</summary>
    public static ValueLimits? Limits(IWarehouse warehouse) => ((SqlWarehouse)warehouse).Dialect.Limits;

    private Outbox Outbox => new(Path.Combine(Project.Folder, ".headrace", "outbox"));

    // Loads whose rows are in an archive, and of which it is not known how they ended.
    private string Unfinished => Path.Combine(Project.Folder, ".headrace", "unfinished");

    // What exports held. It is not in the spool, which may be on a disk that forgets.
    private string Memories => Path.Combine(Project.Folder, ".headrace", "snapshots");

    /// <summary>The warehouse that keeps a flow's position: its target's, or for a flow that only publishes one of the project's own.</summary>
    public IWarehouse Warehouse(Flow flow, bool isReadOnly) => flow.IsPublishOnly
        ? DuckDb(new Configuration.DuckDbConnection { Path = Path.Combine(".headrace", "published.duckdb") }, isReadOnly)
        : Warehouse(flow.Target.Connection, isReadOnly);

    /// <summary>The warehouse under a connection's name, opened once.</summary>
    public IWarehouse Warehouse(string connection, bool isReadOnly) => Project.Connections[connection] switch
    {
        Configuration.DuckDbConnection duckdb => DuckDb(duckdb, isReadOnly),
        PostgresConnection postgres => Postgres(postgres, isReadOnly),
        RedshiftConnection redshift => Redshift(redshift, isReadOnly),
        var other => throw Error.Bug($"A warehouse of type {other.Kind} reached the workspace."),
    };

    private IWarehouse DuckDb(Configuration.DuckDbConnection settings, bool isReadOnly)
    {
        var path = Project.FullPath(settings.Path);
        return warehouses.TryGetValue((path, isReadOnly), out var open) ? open
            : warehouses[(path, isReadOnly)] = new DuckDbWarehouse(path, isReadOnly, Engine(settings.Memory, settings.Threads) with { SmallBlocks = settings.Blocks == BlockSize.Small }, Clock);
    }

    private IWarehouse Postgres(PostgresConnection settings, bool isReadOnly)
    {
        var key = ($"postgres {settings.Name}", isReadOnly);
        if (warehouses.TryGetValue(key, out var open))
            return open;
        return warehouses[key] = WithEngine((engine, folder) => new PostgresWarehouse(Database(settings), engine, folder, Clock));
    }

    // A warehouse that is no DuckDB, with the DuckDB that types its rows.
    private IWarehouse WithEngine(Func<Engines.IEngine, string, IWarehouse> open)
    {
        var settings = Engine(null, null);
        var engine = new DuckDbEngine(settings);
        var warehouse = open(engine, Path.GetFullPath($"{settings.TempDirectory}-rows"));
        engines[warehouse] = engine;
        return warehouse;
    }

    private IWarehouse Redshift(RedshiftConnection settings, bool isReadOnly)
    {
        var key = ($"redshift {settings.Name}", isReadOnly);
        if (warehouses.TryGetValue(key, out var open))
            return open;
        return warehouses[key] = WithEngine((engine, folder) => new RedshiftWarehouse(Database(settings), Staging(settings), engine, folder, Clock));
    }

    /// <summary>The database behind a connection, once.</summary>
    public RedshiftDatabase Database(RedshiftConnection redshift) => redshifts.TryGetValue(redshift.Name, out var known) ? known
        : redshifts[redshift.Name] = new RedshiftDatabase(redshift, redshift.RootCertificate is { } certificate ? Project.FullPath(certificate) : null,
            redshift.Password is null ? new RedshiftLogins(redshift, Project.Secrets, Clock) : null, Clock);

    /// <summary>Where rows of a source wait. That of a warehouse is disposed of with it, and is another one.</summary>
    public StagingPlace SourceStaging(RedshiftConnection redshift) => stagings.TryGetValue(redshift.Name, out var known) ? known : stagings[redshift.Name] = Staging(redshift);

    private StagingPlace Staging(RedshiftConnection settings) => new(NewStore(settings.Staging.Connection), settings.Staging.Path, settings.Staging.Keep);

    /// <summary>The files behind a connection, once.</summary>
    private IObjectStore Store(string connection) => stores.TryGetValue(connection, out var known) ? known : stores[connection] = NewStore(connection);

    private IObjectStore NewStore(string connection) => Project.Connections[connection] switch
    {
        S3Connection s3 => new S3Store(s3),
        FolderConnection folder => new FolderStore(Project.FullPath(folder.Path)),
        var other => throw Error.Bug($"A place for files of type {other.Kind} reached the workspace."),
    };

    // Flows into several warehouses run side by side, and each warehouse has an engine.
    private long EngineMemory(long? memory) => MemoryShares.Engine(
        memory ?? Project.Memory, Project.Flows.Values.Where(flow => flow.Enabled).Select(flow => flow.IsPublishOnly ? "" : flow.Target.Connection).Distinct(StringComparer.Ordinal).Count());

    private DuckDbSettings Engine(long? memory, int? threads) => new()
    {
        Memory = EngineMemory(memory),
        Threads = MemoryShares.Threads(EngineMemory(memory), threads ?? Project.Threads),
        TempDirectory = Path.Combine(Spool, $"temp-{warehouses.Count}"),
        AllowedDirectories = [Spool, Memories, Outbox.Folder],
    };

    /// <summary>Every warehouse that keeps positions of flows, once.</summary>
    public IReadOnlyList<IWarehouse> Warehouses(bool isReadOnly) =>
        [.. Project.Flows.Values.Select(flow => Warehouse(flow, isReadOnly)).Distinct()];

    public async ValueTask DisposeAsync()
    {
        foreach (var warehouse in warehouses.Values)
            await warehouse.DisposeAsync();
        foreach (var database in databases.Values)
            await database.DisposeAsync();
        foreach (var redshift in redshifts.Values)
            await redshift.DisposeAsync();
        foreach (var store in stores.Values)
            store.Dispose();
        foreach (var staging in stagings.Values)
            staging.Store.Dispose();
        if (spool.IsValueCreated)
            spool.Value.Dispose();
    }
}
