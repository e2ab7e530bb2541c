namespace Headrace.Hosting;

/// <summary>The runs of a project.</summary>
public sealed class HistoryService(ProjectHost host)
{
    // How many of the newest runs an abbreviated identifier is looked for among.
    private const int MostToSearch = 1000;

    /// <summary>The newest runs of a flow or a dataset, or of all; those that have begun and not ended first.</summary>
    public async Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel)
    {
        if (query.Of is { } of && !host.Project.Models.ContainsKey(of))
            host.FlowOf(of);
        var begun = query.Before is null ? await host.Ledger.UnderWayAsync(cancel) : [];
        var its = begun
            .Where(run => query.Of is not { } one || run.Flow == one || run.Dataset == one)
            .Where(run => query.Outcome is not { } outcome || run.Outcome == outcome)
            .ToList();
        var ended = query.Outcome == Outcome.Running ? [] : await host.Ledger.RunsAsync(query, cancel);
        return [.. its.Concat(ended).DistinctBy(run => run.Id).Take(query.Most)];
    }

    /// <summary>The run whose identifier begins so.</summary>
    /// <exception cref="HeadraceException">HDR-533; HDR-615 when several do.</exception>
    public async Task<Run> RunAsync(string id, CancellationToken cancel)
    {
        var runs = (await host.Ledger.UnderWayAsync(cancel))
            .Concat(await host.Ledger.RunsAsync(new RunQuery(id, MostToSearch), cancel))
            .Where(run => run.Id.StartsWith(id, StringComparison.Ordinal))
            .DistinctBy(run => run.Id)
            .ToList();
        return runs.Find(run => run.Id == id)
            ?? runs switch
            {
                [] => throw Error.NotFound("run", id, "headrace runs"),
                [var only] => only,
                _ => throw Error.ManyRuns(id, [.. runs.Select(run => (run.Id, run.Dataset))]),
            };
    }
}
