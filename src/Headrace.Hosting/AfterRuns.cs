using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// The commands that <c>after_run</c> names, of flows and of the project. Each learns of its runs by variables of its
/// environment alone: nothing that came from a lake is ever a word of a command.
/// </summary>
internal sealed class AfterRuns(ProjectHost host)
{
    /// <summary>Runs what is to run after these runs; says in their warnings what did not go well.</summary>
    public async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<Flow> flows,
        IReadOnlyList<Run> runs,
        CancellationToken cancel
    )
    {
        foreach (var flow in flows)
            if (flow.AfterRun is { } command)
                runs = await RunAsync(command, runs, run => run.Flow == flow.Name, cancel);
        return host.Project.AfterRun is { } last ? await RunAsync(last, runs, _ => true, cancel) : runs;
    }

    private async Task<IReadOnlyList<Run>> RunAsync(
        AfterRun command,
        IReadOnlyList<Run> runs,
        Func<Run, bool> isOf,
        CancellationToken cancel
    )
    {
        var own = runs.Where(isOf).ToList();
        if (own.Exists(run => run.Error is not null) || !own.Exists(run => run.Outcome is not Outcome.Skipped))
            return runs;
        var folder = host.Project.Folder;
        if (
            await Hook.FaultAsync(command.Command, command.Timeout, folder, Variables(own), "", cancel) is not { } fault
        )
            return runs;
        var warning = host.Project.Secrets.Redact($"after_run: {fault}");
        return [.. runs.Select(run => run == own[^1] ? run with { Warnings = [.. run.Warnings, warning] } : run)];
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables(List<Run> runs)
    {
        string Lines(Func<Run, string> value) => string.Join('\n', runs.Select(value).Distinct());
        yield return new("HEADRACE_FLOW", Lines(run => run.Flow));
        yield return new("HEADRACE_DATASET", Lines(run => run.Dataset));
        yield return new("HEADRACE_RUN", Lines(run => run.Id));
        yield return new(
            "HEADRACE_OUTCOME",
            runs.Exists(run => run.Outcome == Outcome.Loaded) ? "loaded" : "up_to_date"
        );
    }
}
