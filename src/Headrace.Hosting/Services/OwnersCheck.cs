namespace Headrace.Hosting;

/// <summary>Finds flows that load into one table and would undo each other.</summary>
internal static class OwnersCheck
{
    public static async Task<ProjectCheck> RunAsync(ProjectHost host, CancellationToken cancel)
    {
        var loads = await LoadsAsync(host, cancel);
        var rivals = new Rivals();
        foreach (var (flow, dataset) in loads)
            rivals.Add(flow, dataset);
        var refused = new List<HeadraceException>();
        foreach (var (flow, dataset) in loads)
            try
            {
                if (await RefusalAsync(flow, dataset, rivals, cancel) is { } refusal)
                    refused.Add(refusal);
            }
            catch (HeadraceException)
            {
                // The same as below.
            }

        if (refused.Count == 0)
            return ProjectCheck.Ok("owners", "no two datasets undo each other");
        var found = refused.Take(3).Select(error => $"{error.Message} {ProjectCheck.Facts(error, ", ")}");
        return ProjectCheck.Failed("owners", string.Join("; ", found), refused[0].Next);
    }

    private static async Task<IReadOnlyList<(ReadyFlow Flow, Dataset Dataset)>> LoadsAsync(
        ProjectHost host,
        CancellationToken cancel
    )
    {
        var loads = new List<(ReadyFlow Flow, Dataset Dataset)>();
        foreach (var flow in host.Flows([]))
            try
            {
                var ready = host.Ready(flow, isPlan: true);
                loads.AddRange((await ready.Source.DatasetsAsync(cancel)).Select(dataset => (ready, dataset)));
            }
            catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
            {
                // What cannot be reached has a line of its own.
            }

        return loads;
    }

    private static async Task<HeadraceException?> RefusalAsync(
        ReadyFlow flow,
        Dataset dataset,
        Rivals rivals,
        CancellationToken cancel
    )
    {
        if (flow.Source.ClaimOf(dataset) is not { } claim || flow.Source.Target(dataset) is not { IsNone: false } table)
            return null;
        var others = rivals.Of(flow.Warehouse, table);
        if (others.Count == 0)
            return null;
        var position = await flow.Warehouse.PositionAsync(dataset, table, cancel);
        return Ownership.Refusal(table, dataset, claim, position.Owners, others);
    }
}
