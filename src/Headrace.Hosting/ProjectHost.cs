using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Models;
using Headrace.Postgres;
using Headrace.State;

namespace Headrace.Hosting;

/// <summary>
/// A project with its parts put together: folders, connections, warehouses, ledger. The services are made from it. It
/// is for one command or request: what it opened to read from it cannot open to write too.
/// </summary>
public sealed class ProjectHost : IAsyncDisposable
{
    /// <summary>Loads the project in a folder; services are asked for the secrets that they keep.</summary>
    /// <param name="environment">One of the file's <c>environments</c>; null for none.</param>
    /// <param name="variables">The environment variables.</param>
    public static Task<LoadedProject> LoadAsync(
        string folder,
        string? environment,
        Func<string, string?> variables,
        TimeProvider clock,
        CancellationToken cancel
    ) => ProjectFile.LoadAsync(folder, environment, variables, new AwsSecrets(variables, clock), cancel);

    /// <summary>Opens nothing yet: each part is made when it is first asked for.</summary>
    /// <param name="isShared">
    /// For many requests at once: who reads from a DuckDB file and who writes to it have it open together.
    /// </param>
    public ProjectHost(Project project, TimeProvider clock, bool isShared = false)
    {
        (Project, Clock) = (project, clock);
        if (project.Flows.Values.Any(flow => flow.Masks.Count > 0))
            DuckDb.ClearedMemory.Ask();
        Connections = new ProjectConnections(project, clock);
        Folders = new ProjectFolders(project, clock)
        {
            Stored = project.Ledger?.State is { } state
                ? () => (Connections.Store(state.Connection), $"{state.Path.TrimEnd('/')}/".TrimStart('/'))
                : null,
        };
        Warehouses = new ProjectWarehouses(project, Connections, Folders, clock, isShared, text => Waits?.Invoke(text));
        Ledger = project.Ledger is { } shared ? Shared(shared) : new DuckDb.DuckDbLedger(Folders.State, Clock);
    }

    /// <summary>What headrace.yaml says.</summary>
    public Project Project { get; }

    public TimeProvider Clock { get; }

    /// <summary>Where the project keeps its own files.</summary>
    public ProjectFolders Folders { get; }

    /// <summary>The databases and object stores of the project.</summary>
    public ProjectConnections Connections { get; }

    /// <summary>The warehouses of the project.</summary>
    public ProjectWarehouses Warehouses { get; }

    public ILedger Ledger { get; }

    /// <summary>Keeps what happens for programs that collect it; null for none.</summary>
    public RunLog? Log { get; set; }

    /// <summary>Hears when something waits for what another process has.</summary>
    public Action<string>? Waits { get; set; }

    /// <summary>What brings flows up to date and keeps no secret of them.</summary>
    public Runner Runner => new(Ledger, Clock, Project.Secrets.Redact);

    /// <summary>The flows that run only when they are named.</summary>
    public IReadOnlyList<string> FlowsOff =>
        [.. Project.Flows.Values.Where(flow => !flow.Enabled).Select(flow => flow.Name)];

    /// <summary>
    /// The flows of these names, or all enabled ones; HDR-518 for a name that is no flow. A dataset's name stands for
    /// its flow.
    /// </summary>
    public IReadOnlyList<Flow> Flows(IReadOnlyList<string> names)
    {
        names = [.. names.Select(name => FlowOf(name).Name)];
        return [.. Project.Flows.Values.Where(flow => names.Count == 0 ? flow.Enabled : names.Contains(flow.Name))];
    }

    /// <summary>The names of datasets among these; none of a flow that is named itself.</summary>
    public static HashSet<string> Datasets(IReadOnlyList<string> names) =>
        names
            .Where(name => name.Contains('/', StringComparison.Ordinal) && !names.Contains(name.Split('/')[0]))
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// The flows and models of these names, or all enabled flows and all models; HDR-518 for a name that is neither.
    /// </summary>
    public (IReadOnlyList<Flow> Flows, IReadOnlyList<Model> Models) Chosen(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return (Flows([]), [.. Project.Models.Values]);
        var flows = names.Where(name => !Project.Models.ContainsKey(name)).ToList();
        return (
            flows.Count == 0 ? [] : Together(Flows(flows)),
            [.. Project.Models.Values.Where(model => names.Contains(model.Name))]
        );
    }

    // All rows of a file of transactions come in one commit, so who loads it runs with all others that do.
    private IReadOnlyList<Flow> Together(IReadOnlyList<Flow> flows) =>
        [
            .. Project.Flows.Values.Where(flow =>
                flows.Contains(flow)
                || (
                    flow is { Enabled: true, Capture.Transactions: { } files }
                    && flows.Any(one =>
                        one.Capture.Transactions == files
                        && one.Source.Connection == flow.Source.Connection
                        && one.Target.Connection == flow.Target.Connection
                    )
                )
            ),
        ];

    /// <summary>Flows and models with their ends connected, each with what it waits for.</summary>
    /// <param name="wait">How long a flow may wait for files that are not settled; null for a few seconds.</param>
    /// <exception cref="HeadraceException">HDR-572, HDR-575.</exception>
    public IReadOnlyList<ReadyFlow> Ready(
        IReadOnlyList<Flow> flows,
        IReadOnlyList<Model> models,
        bool isPlan,
        CancellationToken cancel,
        TimeSpan? wait = null
    )
    {
        var reads = ModelReads.Of(Project, models, cancel);
        return [.. flows.Select(flow => Ready(flow, isPlan, wait)), .. reads.Select(model => Ready(model, isPlan))];
    }

    private ReadyFlow Ready(ModelReads reads, bool isPlan)
    {
        if (isPlan)
            LocalState.Check(Folders.State);
        else
            LocalState.Ensure(Folders.State);
        var warehouse = Warehouses.Of(reads.Model.Target.Connection, isPlan);
        return new ReadyFlow(
            reads.Model.Name,
            new ModelSource(reads.Model, reads.Names, reads.Untold, reads.Kept, warehouse, Clock),
            warehouse
        )
        {
            After = reads.Names,
            Empties = [.. reads.Kept.Select(kept => kept.Flow)],
        };
    }

    private ILedger Shared(LedgerSettings ledger) =>
        Project.Connections[ledger.Connection] switch
        {
            DynamoDbConnection dynamo => new DynamoLedger(
                Connections.DynamoDb(dynamo),
                ledger.Table,
                ledger.Lease,
                Clock
            ),
            var postgres => new SharedLedger(Connections.Database((PostgresConnection)postgres), ledger.Lease, Clock),
        };

    /// <summary>The flow of that name, or of the dataset of that name; HDR-518 when there is none.</summary>
    public Flow FlowOf(string flowOrDataset) => Require(flowOrDataset.Split('/')[0]);

    /// <summary>A flow with its ends connected.</summary>
    /// <param name="wait">How long it may wait for files that are not settled; null for a few seconds.</param>
    public ReadyFlow Ready(Flow flow, bool isPlan, TimeSpan? wait = null) =>
        new FlowParts(this, flow, isPlan, wait).Connect();

    /// <summary>The process table that a flow reads; it is in the flow's warehouse.</summary>
    public IProcessTable ProcessTable(Flow flow, bool isReadOnly) => Warehouses.Of(flow, isReadOnly).ProcessTable;

    /// <summary>A folder of the spool and an engine, for work while the warehouse rests.</summary>
    public Workbench Workbench() =>
        new(
            Path.Combine(Folders.Spool, "workbench"),
            [Folders.Spool, .. ProjectFolders.Unnamed(Project)],
            MemoryShares.Engine(Project.Memory),
            Project.Threads
        );

    public async ValueTask DisposeAsync()
    {
        await Warehouses.DisposeAsync();
        await Connections.DisposeAsync();
        Folders.Dispose();
    }

    private Flow Require(string name) =>
        Project.Flows.TryGetValue(name, out var flow)
            ? flow
            : throw Error.UnknownFlow(name, [.. Project.Flows.Keys, .. Project.Models.Keys]);
}
