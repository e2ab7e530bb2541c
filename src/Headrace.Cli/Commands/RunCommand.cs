using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace run [FLOW…]</c>: find what is new, check it, load it.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW") { Description = "Flows to run; all when none is named", Arity = ArgumentArity.ZeroOrMore, Validators = { NoOption } };
    private static readonly Option<string[]> Accept = new("--accept") { Description = "Read this file again as it is now (its path in the lake), under the settings of now; may be given more than once", HelpName = "FILE" };
    private static readonly Option<string[]> Confirm = new("--confirm") { Description = "Let the change set through that a limit stopped for this dataset; may be given more than once", HelpName = "DATASET" };
    private static readonly Option<string[]> TakeOver = new("--take-over") { Description = "Give this dataset its table, and take it from the dataset that has it; may be given more than once", HelpName = "DATASET" };
    private static readonly Option<string?> TimeBudget = new("--time-budget") { Description = "Begin no new batch after this long, for example 50m; the next run goes on", HelpName = "TIME" };

    // Without a time a word behind it is a flow: no flow's name begins with a digit.
    private static readonly Option<string?> Wait = new("--wait") { Description = "Wait for files that are not settled, at most this long when it is said, for example 5m", HelpName = "TIME", Arity = ArgumentArity.ZeroOrOne };

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
        return new Command("run", "Find what is new in the flows' sources, check it and load it") { Flows, Accept, Confirm, TakeOver, TimeBudget, Wait }.OnProject(RunAsync);
    }

    private static async Task<int> RunAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        TimeSpan? budget = parsed.GetValue(TimeBudget) is { } text && Configuration.Binding.Quantity.TryDuration(text, out var time) ? time : null;
        var names = parsed.GetValue(Flows)!;
        TimeSpan? wait = null;
        if (parsed.GetResult(Wait) is not null)
        {
            var said = parsed.GetValue(Wait);
            wait = said is not null && Configuration.Binding.Quantity.TryDuration(said, out var longest) ? longest : Timeout.InfiniteTimeSpan;
            if (said is not null && wait == Timeout.InfiniteTimeSpan)
                names = [.. names, char.IsAsciiDigit(said[0]) ? throw Error.BadArgument("--wait", said, "a time such as 30s or 5m") : said];
            if (budget < (wait == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : wait))
                wait = budget;
        }

        return await RunAsync(workspace, names, new RunOptions
        {
            TimeBudget = budget,
            Accepted = (parsed.GetValue(Accept) ?? []).ToHashSet(),
            Confirmed = (parsed.GetValue(Confirm) ?? []).ToHashSet(),
            TakenOver = (parsed.GetValue(TakeOver) ?? []).ToHashSet(),
        }, wait, cancel);
    }

    /// <summary>Runs flows of an open project and reports; also the demo's way to run.</summary>
    public static async Task<int> RunAsync(Workspace workspace, IReadOnlyList<string> names, RunOptions options, TimeSpan? wait, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var flows = workspace.Flows(names).Select(flow => workspace.Ready(flow, isPlan: false, wait)).ToList();
        using var progress = new ProgressLines(screen, workspace.Clock);
        var started = workspace.Clock.GetTimestamp();
        options = options with
        {
            Parallel = workspace.Project.Parallel,
            Observe = screen.IsTerminal && !screen.IsJson ? progress.Observe : null, // to be asked costs the engine time
        };
        var runs = await workspace.Runner.RunAsync(flows, options, cancel);
        progress.Dispose();
        foreach (var flow in workspace.Flows(names).Where(flow => flow.ReadsList))
            await workspace.ProcessTable(flow, isReadOnly: false).RecordAsync(
                flow.Source.Connection, runs.Where(run => run.Dataset.StartsWith($"{flow.Name}/", StringComparison.Ordinal)).ToDictionary(run => run.Dataset[(flow.Name.Length + 1)..]), CancellationToken.None);

        runs = await Workspace.WithHeldAsync(runs, flows, cancel);
        IReadOnlyList<string> off = names.Count == 0 ? workspace.FlowsOff : [];
        var unknown = options.Accepted.Where(key => !options.Found.ContainsKey(key)).ToList();
        if (screen.IsJson)
            screen.Json(RunsView.Of([.. runs.Select(run => RunView.Of(run))], [.. off.Select(RunReport.Off), .. unknown.Select(key => Error.NothingToAccept(key).Message)]), Views.Default.RunsView);
        else
            new RunReport(screen).Write(runs, off, workspace.Clock.GetElapsedTime(started));
        if (screen.IsJson && screen.IsVerbose)
            screen.Errors(runs);
        foreach (var name in options.Confirmed.Except(runs.Select(run => run.Dataset)))
            screen.Message($"--confirm {name}: no such dataset in this run.");
        foreach (var name in options.TakenOver.Except(runs.Select(run => run.Dataset)))
            screen.Message($"--take-over {name}: no such dataset in this run.");
        foreach (var key in unknown)
            screen.Error(RunError.Of(Error.NothingToAccept(key)));
        Failpoint.Hit("end");
        return ExitCode.Of(runs) is var code && code == ExitCode.Ok && unknown.Count > 0 ? ExitCode.Usage : code;
    }
}
