using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace status</c>: how each dataset stands.</summary>
internal static class StatusCommand
{
    public static Command Create() =>
        new Command("status", "Show how each dataset stands: last run, rows, quarantine").OnProject(ShowAsync);

    private static async Task<int> ShowAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var views = (await new StatusService(host).StatusAsync(cancel)).Select(DatasetView.Of).ToList();
        if (screen.IsJson)
        {
            screen.Json(new StatusView(views), Views.Default.StatusView);
            return ExitCode.Ok;
        }

        var now = host.Clock.GetUtcNow();
        screen.Table(
            ["DATASET", "STATE", "LAST RUN", "ROWS", "QUARANTINE", "TARGET"],
            [
                .. views.Select(view =>
                    (IReadOnlyList<string>)
                        [
                            view.Dataset,
                            view.State,
                            view.LastRun is { } at ? Text.Ago(now - at) : "-",
                            Text.Count(view.Inserted),
                            Text.Count(view.Quarantine),
                            view.Target ?? "-",
                        ]
                ),
            ]
        );
        var need = views.Where(view => view.State is "failed" or "stopped" or "quarantine").ToList();
        foreach (var view in views)
        foreach (var warning in view.Warnings)
            screen.Say($"  {Plain.Line(view.Dataset)}  {screen.Warn("note")}  {Plain.Line(warning)}");
        var open = views.Count(view => view.State is not "ok" || view.Warnings.Count > 0);
        screen.Say();
        screen.Say(
            (need.Count, open, views.Count) switch
            {
                (0, 0, 0) => "There is no flow.",
                (0, 0, 1) => "The dataset is well.",
                (0, 0, _) => $"All {views.Count} datasets are well.",
                (0, _, _) => $"{views.Count - open} of {views.Count} datasets are well; {open} "
                    + $"{(open == 1 ? "waits, or has notes" : "wait, or have notes")}.",
                _ => $"{need.Count} of {views.Count} datasets need you.",
            }
        );
        if (need.Count > 0)
            screen.Say(
                need[0].State == "quarantine"
                    ? $"Next:  headrace quarantine show {Shell.Word(need[0].Flow)}"
                    : $"Next:  headrace runs {Shell.Word(need[0].Flow)}"
            );
        else if (views.Find(view => view.State == "waiting") is { } waiting)
            screen.Say($"Next:  headrace run {Shell.Word(waiting.Flow)} --wait");
        return ExitCode.Ok;
    }
}
