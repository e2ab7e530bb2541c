using System.CommandLine;
using System.Text.Json;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace status</c>: how each dataset stands.</summary>
internal static class StatusCommand
{
    public static Command Create() =>
        new Command("status", "Show how each dataset stands: last run, rows, quarantine").OnProject(ShowAsync);

    private static async Task<int> ShowAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;

        var held = new Dictionary<string, long>();
        foreach (var warehouse in workspace.Warehouses(isReadOnly: true))
            foreach (var (dataset, rows, _) in await warehouse.Quarantine.CountAsync(cancel))
                held[dataset] = rows;
        var known = (await workspace.Ledger.LatestAsync(cancel)).Where(run => workspace.Project.Flows.ContainsKey(run.Flow)).ToList();

        // A flow whose lake could not be listed ran under its own name; once its datasets run again, that is past.
        var latest = known.Where(run => run.Dataset != run.Flow || !known.Exists(other => other.Flow == run.Flow && other.StartedAt > run.StartedAt)).ToList();
        var views = latest.Select(run => View(run, held.GetValueOrDefault(run.Dataset)))
            .Concat(workspace.Project.Flows.Values.Where(flow => !latest.Exists(run => run.Flow == flow.Name))
                .Select(flow => new DatasetView(flow.Name, flow.Name, flow.Enabled ? "never run" : "off", null, null, null, 0, 0, null, [])))
            .ToList();

        if (screen.IsJson)
        {
            screen.Json(new StatusView(views), Views.Default.StatusView);
            return ExitCode.Ok;
        }

        var now = workspace.Clock.GetUtcNow();
        screen.Table(["DATASET", "STATE", "LAST RUN", "ROWS", "QUARANTINE", "TARGET"], [.. views.Select(view => (IReadOnlyList<string>)
            [view.Dataset, view.State, view.LastRun is { } at ? Text.Ago(now - at) : "-", Text.Count(view.Inserted), Text.Count(view.Quarantine), view.Target ?? "-"])]);
        var need = views.Where(view => view.State is "failed" or "stopped" or "quarantine").ToList();
        foreach (var view in views)
            foreach (var warning in view.Warnings)
                screen.Say($"  {Plain.Line(view.Dataset)}  {screen.Warn("note")}  {Plain.Line(warning)}");
        var open = views.Count(view => view.State is not "ok" || view.Warnings.Count > 0);
        screen.Say();
        screen.Say((need.Count, open, views.Count) switch
        {
            (0, 0, 0) => "There is no flow.",
            (0, 0, 1) => "The dataset is well.",
            (0, 0, _) => $"All {views.Count} datasets are well.",
            (0, _, _) => $"{views.Count - open} of {views.Count} datasets are well; {open} {(open == 1 ? "waits, or has notes" : "wait, or have notes")}.",
            _ => $"{need.Count} of {views.Count} datasets need you.",
        });
        if (need.Count > 0)
            screen.Say(need[0].State == "quarantine" ? $"Next:  headrace quarantine show {Shell.Word(need[0].Flow)}" : $"Next:  headrace runs {Shell.Word(need[0].Flow)}");
        else if (views.Find(view => view.State == "waiting") is { } waiting)
            screen.Say($"Next:  headrace run {Shell.Word(waiting.Flow)} --wait");
        return ExitCode.Ok;
    }

    private static DatasetView View(Run run, long quarantine)
    {
        var state = run.Outcome switch
        {
            Outcome.Failed => "failed",
            Outcome.Stopped => "stopped",
            Outcome.Skipped => "skipped",
            _ => quarantine > 0 ? "quarantine" : run.IsWaiting ? "waiting" : "ok",
        };
        return new DatasetView(run.Flow, run.Dataset, state, run.Target, run.StartedAt + run.Duration,
            JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), run.Inserted, quarantine, run.Error is null ? null : ErrorJson.Of(run.Error),
            // What a load had to say is past; what kept one from being made is not.
            run.IsWaiting || run.Outcome is Outcome.UpToDate or Outcome.Skipped ? run.Warnings : []);
    }
}
