using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace show RUN</c>: one run, whole.</summary>
internal static class ShowCommand
{
    private static readonly Argument<string> Id = new("RUN")
    {
        Description = "The run's identifier, or the beginning of it",
    };

    public static Command Create() => new Command("show", "Show one run, whole") { Id }.OnProject(ShowAsync);

    private static async Task<int> ShowAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var run = await new HistoryService(host).RunAsync(parsed.GetValue(Id)!, cancel);
        if (screen.IsJson)
        {
            screen.Json(RunView.Of(run, isHistory: true), Views.Default.RunView);
            return ExitCode.Ok;
        }

        void Line(string name, string? value)
        {
            if (value is not null)
                screen.Say($"  {name, -12} {Plain.Line(value)}");
        }

        screen.Say(screen.Bold(run.Id));
        Line("flow", run.Flow);
        Line("dataset", run.Dataset);
        Line("target", run.Target);
        Line("outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()));
        Line(
            "started",
            run.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC"
        );
        Line("took", Text.Duration(run.Duration));
        Line("batches", run.Batches.ToString(CultureInfo.InvariantCulture));
        Line("rows", RunReport.Changes(run));
        Line("from", run.From);
        Line("to", run.To);
        foreach (var check in run.Checks)
            Line("check", RunReport.Line(check)["check ".Length..]);
        foreach (var warning in run.Warnings)
            Line("note", warning);
        if (run.Error is { } error)
        {
            screen.Say();
            screen.Error(error);
        }

        return ExitCode.Ok;
    }
}
