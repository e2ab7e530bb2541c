using System.CommandLine;
using Headrace.Configuration;
using Headrace.Postgres;
using Headrace.Redshift;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace tables add|list|remove|discover</c>: the tables that a flow with <c>tables: process_table</c> syncs.</summary>
internal static class TablesCommand
{
    private static readonly Argument<string> Table = new("TABLE") { Description = "The source's table, with its schema: public.orders" };
    private static readonly Argument<string> Place = new("CONNECTION") { Description = "A connection of type postgres or redshift" };
    private static readonly Option<string> From = new("--connection") { Description = "The connection it is read from", HelpName = "NAME", Required = true };
    private static readonly Option<string?> Key = new("--key") { Description = "The columns that tell one row from all others, with commas between them", HelpName = "COLUMNS" };
    private static readonly Option<string?> Created = new("--created") { Description = "The column that says when a row was made", HelpName = "COLUMN" };
    private static readonly Option<string?> Updated = new("--updated") { Description = "The column that says when a row was last changed", HelpName = "COLUMN" };
    private static readonly Option<string?> To = new("--target") { Description = "The table it goes to, as schema.table; one of its own name in the flow's schema when it is not said", HelpName = "TABLE" };
    private static readonly Option<bool> Off = new("--off") { Description = "Keep it in the list and do not sync it" };

    public static Command Create()
    {
        var add = new Command("add", "Add a table, or change how it is read") { Table, From, Key, Created, Updated, To, Off }.OnProject(AddAsync);
        var list = new Command("list", "Show the tables with their last sync").OnProject(ListAsync);
        var remove = new Command("remove", "Take a table from the list; its target stays as it is") { Table, From }.OnProject(RemoveAsync);
        var discover = new Command("discover", "Propose keys and cursors for the tables of a database") { Place }.OnProject(DiscoverAsync);
        return new Command("tables", "Say which tables a flow with tables: process_table syncs") { add, list, remove, discover };
    }

    private static async Task<int> AddAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var connection = parsed.GetValue(From)!;
        var flow = FlowOf(workspace, connection);
        var target = parsed.GetValue(To) is { Length: > 0 } text ? text.Split('.', 2) is [var schema, var table] ? new TableName(schema, table) : new TableName("", text) : null;
        var entry = new TableEntry(connection, Full(parsed.GetValue(Table)!), target, Columns(parsed.GetValue(Key)), parsed.GetValue(Created), parsed.GetValue(Updated)) { IsEnabled = !parsed.GetValue(Off) };
        if (entry.IsEnabled)
            await CheckAsync(workspace, flow, entry, cancel);
        await workspace.ProcessTable(flow, isReadOnly: false).AddAsync(entry, cancel);
        workspace.Screen.Say($"{entry.Table} of {connection} is {How(entry)}.");
        workspace.Screen.Say($"Next:  headrace plan {Shell.Word(flow.Name)}");
        return ExitCode.Ok;
    }

    // An entry whose table another one loads, or a flow, is not even listed: each would undo the other.
    private static async Task CheckAsync(Workspace workspace, Flow flow, TableEntry entry, CancellationToken cancel)
    {
        var (one, dataset) = (ListedTables.FlowOf(flow, entry), ListedTables.DatasetOf(flow, entry));
        var (table, claim) = (one.TableFor(dataset.Captures), Claim.Of(one, dataset)!);
        var warehouse = workspace.Warehouse(flow, isReadOnly: false);
        var others = new List<Owner>();
        foreach (var listed in await warehouse.ProcessTable.ListAsync(cancel))
            if (listed.IsEnabled && (listed.Connection, listed.Table) != (entry.Connection, entry.Table)
                && Flows(workspace).FirstOrDefault(other => other.Source.Connection == listed.Connection && other.Target.Connection == flow.Target.Connection) is { } its)
                Add(ListedTables.FlowOf(its, listed), ListedTables.DatasetOf(its, listed));
        foreach (var other in workspace.Project.Flows.Values.Where(other => !other.ReadsList && other.Target.Connection == flow.Target.Connection))
            Add(other, new Dataset(other.Name, other.Name, new Dictionary<string, string>()));
        if (Ownership.Refusal(table, dataset, claim, [.. (await warehouse.PositionAsync(dataset, table, cancel)).Owners, .. others], []) is { } refusal)
            throw refusal;

        void Add(Flow other, Dataset its)
        {
            if (Claim.Of(other, its) is { } theirs && Ownership.Folded(other.TableFor(its.Captures)) == Ownership.Folded(table))
                others.Add(new Owner(its.Name, other.Name, theirs));
        }
    }

    private static async Task<int> ListAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var entries = new List<TableEntry>();
        foreach (var flow in Flows(workspace).DistinctBy(flow => flow.Target.Connection))
            entries.AddRange(await workspace.ProcessTable(flow, isReadOnly: true).ListAsync(cancel));
        Show(workspace.Screen, entries, "No table is listed.", "headrace tables discover CONNECTION");
        return ExitCode.Ok;
    }

    private static async Task<int> RemoveAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var (connection, table) = (parsed.GetValue(From)!, Full(parsed.GetValue(Table)!));
        if (!await workspace.ProcessTable(FlowOf(workspace, connection), isReadOnly: false).RemoveAsync(connection, table, cancel))
            throw Error.NotFound("listed table", table, "headrace tables list");
        workspace.Screen.Say($"{table} of {connection} is no longer synced; its target stays as it is.");
        return ExitCode.Ok;
    }

    private static async Task<int> DiscoverAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var name = parsed.GetValue(Place)!;
        ICatalogue catalogue = workspace.Project.Connections.GetValueOrDefault(name) switch
        {
            PostgresConnection postgres => new Catalogue(workspace.Database(postgres), name),
            RedshiftConnection redshift => new RedshiftCatalogue(workspace.Database(redshift), name),
            _ => throw Error.NotFound("connection of type postgres or redshift", name, $"the connections are {string.Join(", ", workspace.Project.Connections.Keys)}"),
        };
        var found = await catalogue.DiscoverAsync(cancel);
        Show(workspace.Screen, found, "The database has no tables that this user may see.", null);
        foreach (var entry in workspace.Screen.IsJson ? [] : found)
            workspace.Screen.Say(string.Concat("  headrace tables add ", Shell.Word(entry.Table), " --connection ", Shell.Word(name),
                entry.PrimaryKey.Count > 0 ? $" --key {Shell.Word(string.Join(',', entry.PrimaryKey))}" : "",
                entry.CreateKey is { } created ? $" --created {Shell.Word(created)}" : "", entry.UpdateKey is { } updated ? $" --updated {Shell.Word(updated)}" : ""));
        return ExitCode.Ok;
    }

    private static void Show(Screen screen, IReadOnlyList<TableEntry> entries, string none, string? next)
    {
        if (screen.IsJson)
        {
            screen.Json(new TablesView([.. entries.Select(TableView.Of)]), Views.Default.TablesView);
            return;
        }

        if (entries.Count == 0)
        {
            screen.Say(none);
            if (next is not null)
                screen.Say($"Next:  {next}");
            return;
        }

        screen.Table(["CONNECTION", "TABLE", "READ", "LAST SYNC", "STATUS", "TARGET"], [.. entries.Select(entry => (IReadOnlyList<string>)
            [entry.Connection, entry.Table, How(entry), entry.LastSyncTime?.ToString("u") ?? "-", entry.LastStatus ?? "-", entry.Target?.ToString() ?? "-"])]);
    }

    private static string How(TableEntry entry) => !entry.IsEnabled ? "off"
        : entry.PrimaryKey.Count == 0 ? "replaced as a whole: it has no key"
        : (entry.UpdateKey ?? entry.CreateKey) is null ? $"compared by {string.Join(", ", entry.PrimaryKey)}: it has no cursor"
        : $"read by {string.Join(" and ", ((string?[])[entry.CreateKey, entry.UpdateKey]).OfType<string>())}";

    private static Flow FlowOf(Workspace workspace, string connection) =>
        Flows(workspace).FirstOrDefault(flow => flow.Source.Connection == connection)
        ?? throw Error.NotFound("flow with tables: process_table for the connection", connection, $"add one to headrace.yaml: source: {{ connection: {connection}, tables: process_table }}, read: incremental, write: merge");

    private static IEnumerable<Flow> Flows(Workspace workspace) => workspace.Project.Flows.Values.Where(flow => flow.ReadsList);

    private static string Full(string table) => table.Contains('.', StringComparison.Ordinal) ? table : $"public.{table}";

    private static string[] Columns(string? text) => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
