using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace plan [FLOW…]</c>: what a run would do, and nothing written.</summary>
internal static class PlanCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW")
    {
        Description = "Flows and models to plan; all when none is named",
        Arity = ArgumentArity.ZeroOrMore,
        Validators = { RunCommand.NoOption },
    };

    public static Command Create() =>
        new Command("plan", "Show what run would load, change and set aside; write nothing") { Flows }.OnProject(
            PlanAsync
        );

    private static async Task<int> PlanAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var (runs, off) = await new PlanService(host).PlanAsync(parsed.GetValue(Flows)!, observe: null, cancel);
        if (screen.IsJson)
        {
            var views = runs.Select(run => RunView.Of(run, isPlan: true));
            screen.Json(RunsView.Of([.. views], [.. off.Select(RunReport.Off)]), Views.Default.RunsView);
        }
        else
        {
            new PlanReport(screen).Write(runs, off);
        }

        if (screen.IsJson && screen.IsVerbose)
            screen.Errors(runs);
        return ExitCode.Of(runs);
    }
}
