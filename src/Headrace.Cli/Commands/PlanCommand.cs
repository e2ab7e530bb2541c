using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace plan [FLOW…]</c>: what a run would do, and nothing written.</summary>
internal static class PlanCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW") { Description = "Flows to plan; all when none is named", Arity = ArgumentArity.ZeroOrMore, Validators = { RunCommand.NoOption } };

    public static Command Create() =>
        new Command("plan", "Show what run would load, change and set aside; write nothing") { Flows }.OnProject(PlanAsync);

    private static async Task<int> PlanAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;

        var flows = workspace.Flows(parsed.GetValue(Flows)!).Select(flow => workspace.Ready(flow, isPlan: true)).ToList();
        var runs = await workspace.Runner.RunAsync(flows, new RunOptions
        {
            IsPlan = true,
            Parallel = workspace.Project.Parallel,
        }, cancel);
        runs = await Workspace.WithHeldAsync(runs, flows, cancel);
        IReadOnlyList<string> off = parsed.GetValue(Flows)!.Length == 0 ? workspace.FlowsOff : [];
        if (screen.IsJson)
            screen.Json(RunsView.Of([.. runs.Select(run => RunView.Of(run, isPlan: true))], [.. off.Select(RunReport.Off)]), Views.Default.RunsView);
        else
            new PlanReport(screen).Write(runs, off);
        if (screen.IsJson && screen.IsVerbose)
            screen.Errors(runs);
        return ExitCode.Of(runs);
    }
}
