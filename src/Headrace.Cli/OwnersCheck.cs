namespace Headrace.Cli;

/// <summary>Finds flows that load into one table and would undo each other, for <c>headrace doctor</c>.</summary>
internal static class OwnersCheck
{
    public static async Task<CheckView> RunAsync(Workspace workspace, CancellationToken cancel)
    {
        var refused = new List<HeadraceException>();
        var loads = new List<(ReadyFlow Flow, Dataset Dataset)>();
        foreach (var flow in workspace.Project.Flows.Values.Where(flow => flow.Enabled))
            try
            {
                var ready = workspace.Ready(flow, isPlan: true);
                loads.AddRange((await ready.Source.DatasetsAsync(cancel)).Select(dataset => (ready, dataset)));
            }
            catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
            {
                // What cannot be reached has a line of its own.
            }

        var rivals = new Rivals();
        foreach (var (flow, dataset) in loads)
            rivals.Add(flow, dataset);
        foreach (var (flow, dataset) in loads)
            try
            {
                if (flow.Source.ClaimOf(dataset) is { } claim && flow.Source.Target(dataset) is { IsNone: false } table && rivals.Of(flow.Warehouse, table) is { Count: > 0 } others
                    && Ownership.Refusal(table, dataset, claim, (await flow.Warehouse.PositionAsync(dataset, table, cancel)).Owners, others) is { } refusal)
                    refused.Add(refusal);
            }
            catch (HeadraceException)
            {
                // The same.
            }

        return refused.Count == 0
            ? new CheckView("owners", "ok", "no two datasets undo each other", null)
            : new CheckView("owners", "failed", string.Join("; ", refused.Take(3).Select(error => $"{error.Message} {string.Join(", ", error.Facts.Select(fact => $"{fact.Name} {fact.Value}"))}")), refused[0].Next);
    }
}
