using Headrace.Configuration;
using Headrace.Postgres;
using Headrace.Redshift;

namespace Headrace.Hosting;

/// <summary>The tables that flows with <c>tables: process_table</c> sync, and proposals for them.</summary>
public sealed class TablesService(ProjectHost host)
{
    private IEnumerable<Flow> Flows => host.Project.Flows.Values.Where(flow => flow.ReadsList);

    /// <summary>Adds a table, or changes how it is read.</summary>
    /// <param name="entry">A table without a schema is one of the schema <c>public</c>.</param>
    /// <param name="change">What comes of a table that is listed already.</param>
    /// <returns>What is listed now, and the flow that syncs it.</returns>
    public async Task<(TableEntry Entry, Flow Flow)> AddAsync(
        TableEntry entry,
        Func<TableEntry, TableEntry> change,
        CancellationToken cancel
    )
    {
        var flow = FlowOf(entry.Connection);
        entry = entry with { Table = Full(entry.Table) };
        var listed = await host.ProcessTable(flow, isReadOnly: false).ListAsync(cancel);
        if (listed.FirstOrDefault(one => (one.Connection, one.Table) == (entry.Connection, entry.Table)) is { } known)
            entry = change(known);
        if (entry.IsEnabled)
            await CheckAsync(flow, entry, cancel);
        await host.ProcessTable(flow, isReadOnly: false).AddAsync(entry, cancel);
        return (entry, flow);
    }

    /// <summary>The tables with their last sync.</summary>
    public async Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel)
    {
        var entries = new List<TableEntry>();
        foreach (var flow in Flows.DistinctBy(flow => flow.Target.Connection))
            entries.AddRange(await host.ProcessTable(flow, isReadOnly: true).ListAsync(cancel));
        return entries;
    }

    /// <summary>Takes a table from the list; its target stays as it is.</summary>
    /// <returns>The table's whole name.</returns>
    public async Task<string> RemoveAsync(string connection, string table, CancellationToken cancel)
    {
        table = Full(table);
        return await host.ProcessTable(FlowOf(connection), isReadOnly: false).RemoveAsync(connection, table, cancel)
            ? table
            : throw Error.NotFound("listed table", table, "headrace tables list");
    }

    /// <summary>Proposes keys and cursors for the tables of a database.</summary>
    /// <param name="connection">The name of a connection.</param>
    public Task<IReadOnlyList<TableEntry>> DiscoverAsync(string connection, CancellationToken cancel)
    {
        ICatalogue catalogue = host.Project.Connections.GetValueOrDefault(connection) switch
        {
            PostgresConnection postgres => new Catalogue(host.Connections.Database(postgres), connection),
            RedshiftConnection redshift => new RedshiftCatalogue(host.Connections.Database(redshift), connection),
            _ => throw Error.NotFound(
                "connection of type postgres or redshift",
                connection,
                $"the connections are {string.Join(", ", host.Project.Connections.Keys)}"
            ),
        };
        return catalogue.DiscoverAsync(cancel);
    }

    // An entry whose table another one loads, or a flow, is not even listed: each would undo the other.
    private async Task CheckAsync(Flow flow, TableEntry entry, CancellationToken cancel)
    {
        var (one, dataset) = (ListedTables.FlowOf(flow, entry), ListedTables.DatasetOf(flow, entry));
        var (table, claim) = (one.TableFor(dataset.Captures), Claim.Of(one, dataset)!);
        var warehouse = host.Warehouses.Of(flow, isReadOnly: false);
        var others = new List<Owner>();
        foreach (var listed in await warehouse.ProcessTable.ListAsync(cancel))
            if (
                listed.IsEnabled
                && (listed.Connection, listed.Table) != (entry.Connection, entry.Table)
                && Flows.FirstOrDefault(other => Reads(other, listed.Connection) && IsBeside(other)) is { } its
            )
                Add(ListedTables.FlowOf(its, listed), ListedTables.DatasetOf(its, listed));
        foreach (var other in host.Project.Flows.Values.Where(other => !other.ReadsList && IsBeside(other)))
            Add(other, new Dataset(other.Name, other.Name, new Dictionary<string, string>()));
        var owners = (await warehouse.PositionAsync(dataset, table, cancel)).Owners;
        if (Ownership.Refusal(table, dataset, claim, [.. owners, .. others], []) is { } refusal)
            throw refusal;

        bool IsBeside(Flow other) => other.Target.Connection == flow.Target.Connection;

        void Add(Flow other, Dataset its)
        {
            if (
                Claim.Of(other, its) is { } theirs
                && Ownership.Folded(other.TableFor(its.Captures)) == Ownership.Folded(table)
            )
                others.Add(new Owner(its.Name, other.Name, theirs));
        }
    }

    private Flow FlowOf(string connection) =>
        Flows.FirstOrDefault(flow => Reads(flow, connection))
        ?? throw Error.NotFound(
            "flow with tables: process_table for the connection",
            connection,
            $"add one to headrace.yaml: source: {{ connection: {connection}, tables: process_table }}, "
                + "read: incremental, write: merge"
        );

    private static bool Reads(Flow flow, string connection) => flow.Source.Connection == connection;

    private static string Full(string table) =>
        table.Contains('.', StringComparison.Ordinal) ? table : $"public.{table}";
}
