namespace Headrace;

/// <summary>Finds datasets of several flows that load into one table.</summary>
public sealed class Rivals
{
    private readonly Dictionary<(IWarehouse Warehouse, TableName Table), List<Owner>> tables = [];

    /// <summary>Adds a dataset that a flow has found at its source.</summary>
    public void Add(ReadyFlow flow, Dataset dataset)
    {
        if (
            flow.Source.ClaimOf(dataset) is not { } claim
            || flow.Source.Target(dataset) is not { IsNone: false } table
            || table.ToString().Contains('{', StringComparison.Ordinal)
        )
            return;
        var key = (flow.Warehouse, Ownership.Folded(table));
        if (!tables.TryGetValue(key, out var owners))
            tables[key] = owners = [];
        owners.Add(new Owner(dataset.Name, flow.Name, claim));
    }

    /// <summary>The datasets that load into a table.</summary>
    public IReadOnlyList<Owner> Of(IWarehouse warehouse, TableName table) =>
        tables.GetValueOrDefault((warehouse, Ownership.Folded(table)), []);
}
