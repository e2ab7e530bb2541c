using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>What a run did.</summary>
/// <param name="Runs">
/// One for each dataset; what waits in quarantine is among the warnings where nothing was loaded.
/// </param>
/// <param name="FlowsOff">Flows that were left out since they are not enabled; none when flows were named.</param>
/// <param name="NothingToAccept">Files that were accepted and that no dataset has.</param>
/// <param name="NothingToConfirm">Datasets that were confirmed and did not run.</param>
/// <param name="NothingToTakeOver">Datasets that were to take over a table and did not run.</param>
public sealed record RunResult(
    IReadOnlyList<Run> Runs,
    IReadOnlyList<string> FlowsOff,
    IReadOnlyList<string> NothingToAccept,
    IReadOnlyList<string> NothingToConfirm,
    IReadOnlyList<string> NothingToTakeOver,
    TimeSpan Took
)
{
    /// <summary>The flows and models that have more to do than the time budget allowed, in order.</summary>
    public IReadOnlyList<string> Remains() =>
        [.. Runs.Where(run => run.Warnings.Contains(Runner.OverBudget)).Select(run => run.Flow).Distinct()];
}

/// <summary>Runs flows: finds what is new, checks it, loads it.</summary>
public sealed class RunService(ProjectHost host)
{
    /// <summary>Brings flows, datasets and models of these names up to date, or all enabled flows.</summary>
    /// <param name="options">
    /// What is asked of the run, and who hears of its progress. The project says how many datasets run at once.
    /// </param>
    /// <param name="wait">How long to wait for files that are not settled; null for a few seconds.</param>
    public async Task<RunResult> RunAsync(
        IReadOnlyList<string> names,
        RunOptions options,
        TimeSpan? wait,
        CancellationToken cancel
    )
    {
        var (chosen, models) = host.Chosen(names);
        var within = Within(wait, options.TimeBudget);
        var flows = host.Ready(chosen, models, isPlan: false, cancel, within);
        var started = host.Clock.GetTimestamp();
        await using var lineage = host.Project.Lineage is { } settings ? new Lineage(host, settings) : null;
        options = options with
        {
            IsPlan = false,
            Parallel = host.Project.Parallel,
            Only = ProjectHost.Datasets(names),
            Began = run =>
            {
                host.Log?.Began(run);
                lineage?.Began(run);
            },
        };
        var runs = await host.Runner.RunAsync(flows, options, cancel);
        foreach (var flow in chosen.Where(flow => flow.ReadsList))
            runs = await RecordAsync(flow, runs);
        runs = await HeldRows.NotedAsync(runs, flows, cancel);
        runs = await OldRecords.RemovedAsync(host.Project.History, host.Clock.GetUtcNow(), runs, flows, cancel);
        runs = await new AfterRuns(host).RunAsync(chosen, runs, cancel);
        runs = await new Notifier(host).RunsAsync(runs, cancel);
        if (lineage is not null)
            runs = await lineage.EndedAsync(runs);
        Telemetry.Record(runs);
        foreach (var run in runs)
            host.Log?.Ended(run);

        var ran = runs.Select(run => run.Dataset).ToHashSet(StringComparer.Ordinal);
        return new RunResult(
            runs,
            names.Count == 0 ? host.FlowsOff : [],
            [.. options.Accepted.Where(key => !options.Found.ContainsKey(key))],
            [.. options.Confirmed.Except(ran)],
            [.. options.TakenOver.Except(ran)],
            host.Clock.GetElapsedTime(started)
        );
    }

    // Nobody waits longer than the run may begin new batches.
    private static TimeSpan? Within(TimeSpan? wait, TimeSpan? budget) =>
        budget < (wait == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : wait) ? budget : wait;

    // The process table says of each table how its last sync went; that is not given up when the run is interrupted.
    private async Task<IReadOnlyList<Run>> RecordAsync(Flow flow, IReadOnlyList<Run> runs)
    {
        bool IsOf(Run run) => run.Dataset.StartsWith($"{flow.Name}/", StringComparison.Ordinal);
        var its = runs.Where(IsOf).ToDictionary(run => run.Dataset[(flow.Name.Length + 1)..]);
        var table = host.ProcessTable(flow, isReadOnly: false);
        try
        {
            await table.RecordAsync(flow.Source.Connection, its, CancellationToken.None);
            return runs;
        }
        catch (HeadraceException error)
        {
            // What the runs did is known, and is told whatever happens to the warehouse after them.
            var unwritten = $"the process table does not have this run: {error.Code}  {error.What}";
            return [.. runs.Select(run => IsOf(run) ? run with { Warnings = [.. run.Warnings, unwritten] } : run)];
        }
    }
}
