namespace Headrace.Hosting;

/// <summary>What a run would do.</summary>
/// <param name="Runs">
/// One for each dataset; what waits in quarantine is among the warnings where there is nothing to load.
/// </param>
/// <param name="FlowsOff">Flows that were left out since they are not enabled; none when flows were named.</param>
public sealed record PlanResult(IReadOnlyList<Run> Runs, IReadOnlyList<string> FlowsOff);

/// <summary>Finds out what a run would load, change and set aside, and writes nothing to any target.</summary>
public sealed class PlanService(ProjectHost host)
{
    /// <summary>Plans flows, datasets and models of these names, or all enabled flows.</summary>
    /// <param name="observe">Hears of each dataset as it starts, goes on and ends.</param>
    public async Task<PlanResult> PlanAsync(
        IReadOnlyList<string> names,
        Action<Run, LoadProgress?>? observe,
        CancellationToken cancel
    )
    {
        var (chosen, models) = host.Chosen(names);
        var flows = host.Ready(chosen, models, isPlan: true, cancel);
        var options = new RunOptions
        {
            IsPlan = true,
            Parallel = host.Project.Parallel,
            Observe = observe,
            Only = ProjectHost.Datasets(names),
        };
        var runs = await host.Runner.RunAsync(flows, options, cancel);
        runs = await HeldRows.NotedAsync(runs, flows, cancel);
        return new PlanResult(runs, names.Count == 0 ? host.FlowsOff : []);
    }
}
