using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace run [FLOW…]</c>: find what is new, check it, load it.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW") { Description = "Flows to run; all when none is named", Arity = ArgumentArity.ZeroOrMore, Validators = { NoOption } };
    private static readonly Option<string[]> Accept = new("--accept") { Description = "Load this changed file's new version (its path in the lake); may be given more than once", HelpName = "FILE" };
    private static readonly Option<string[]> Confirm = new("--confirm") { Description = "Let the change set through that a limit stopped for this dataset; may be given more than once", HelpName = "DATASET" };
    private static readonly Option<string[]> TakeOver = new("--take-over") { Description = "Give this dataset its table, and take it from the dataset that has it; may be given more than once", HelpName = "DATASET" };
    private static readonly Option<string?> TimeBudget = new("--time-budget") { Description = "Begin no new batch after this long, for example 50m; the next run goes on", HelpName = "TIME" };

    /// <summary>A misspelt option is no flow.</summary>
    public static void NoOption(System.CommandLine.Parsing.ArgumentResult flows)
    {
        foreach (var token in flows.Tokens.Where(token => token.Value.StartsWith('-')))
            flows.AddError($"There is no option '{token.Value}'.");
    }

    public static Command Create()
    {
        TimeBudget.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Configuration.Binding.Quantity.TryDuration(text, out _))
                result.AddError($"'{text}' is no time; write for example 30s, 50m or 2h.");
        });
        return new Command("run", "Find what is new in the flows' sources, check it and load it") { Flows, Accept, Confirm, TakeOver, TimeBudget }.OnProject(RunAsync);
    }

    private static async Task<int> RunAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        TimeSpan? budget = parsed.GetValue(TimeBudget) is { } text && Configuration.Binding.Quantity.TryDuration(text, out var time) ? time : null;
        return await RunAsync(workspace, parsed.GetValue(Flows)!, budget, parsed.GetValue(Accept), parsed.GetValue(Confirm), parsed.GetValue(TakeOver), cancel);
    }

    /// <summary>Runs flows of an open project and reports; also the demo's way to run.</summary>
    public static async Task<int> RunAsync(Workspace workspace, IReadOnlyList<string> names, TimeSpan? budget, string[]? accepted, string[]? confirmed, string[]? taken, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var flows = workspace.Flows(names).Select(flow => workspace.Ready(flow, isPlan: false)).ToList();
        using var progress = new ProgressLines(screen, workspace.Clock);
        var started = workspace.Clock.GetTimestamp();
        var runs = await workspace.Runner.RunAsync(flows, new RunOptions
        {
            Parallel = workspace.Project.Parallel,
            TimeBudget = budget,
            Accepted = (accepted ?? []).ToHashSet(),
            Confirmed = (confirmed ?? []).ToHashSet(),
            TakenOver = (taken ?? []).ToHashSet(),
            Observe = screen.IsTerminal && !screen.IsJson ? progress.Observe : null, // to be asked costs the engine time
        }, cancel);
        progress.Dispose();
        foreach (var flow in workspace.Flows(names).Where(flow => flow.ReadsList))
            await workspace.ProcessTable(flow, isReadOnly: false).RecordAsync(
                flow.Source.Connection, runs.Where(run => run.Dataset.StartsWith($"{flow.Name}/", StringComparison.Ordinal)).ToDictionary(run => run.Dataset[(flow.Name.Length + 1)..]), CancellationToken.None);

        if (screen.IsJson)
            screen.Json(new RunsView([.. runs.Select(run => RunView.Of(run))]), Views.Default.RunsView);
        else
            new RunReport(screen).Write(runs, workspace.Clock.GetElapsedTime(started));
        if (screen.IsJson && screen.IsVerbose)
            screen.Errors(runs);
        foreach (var name in (confirmed ?? []).Except(runs.Select(run => run.Dataset)))
            screen.Message($"--confirm {name}: no such dataset in this run.");
        foreach (var name in (taken ?? []).Except(runs.Select(run => run.Dataset)))
            screen.Message($"--take-over {name}: no such dataset in this run.");
        Failpoint.Hit("end");
        return ExitCode.Of(runs);
    }
}
