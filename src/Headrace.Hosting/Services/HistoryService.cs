namespace Headrace.Hosting;

/// <summary>The runs of a project.</summary>
public sealed class HistoryService(ProjectHost host)
{
    // How many of the newest runs an abbreviated identifier is looked for among.
    private const int MostToSearch = 1000;

    /// <summary>The newest runs of a flow or a dataset, or of all.</summary>
    public Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel)
    {
        if (query.Of is { } of && !host.Project.Models.ContainsKey(of))
            host.FlowOf(of);
        return host.Ledger.RunsAsync(query, cancel);
    }

    /// <summary>The newest run whose identifier begins so.</summary>
    public async Task<Run> RunAsync(string id, CancellationToken cancel)
    {
        var runs = await host.Ledger.RunsAsync(new RunQuery(id, MostToSearch), cancel);
        return runs.FirstOrDefault(run => run.Id.StartsWith(id, StringComparison.Ordinal))
            ?? throw Error.NotFound("run", id, "headrace runs");
    }
}
