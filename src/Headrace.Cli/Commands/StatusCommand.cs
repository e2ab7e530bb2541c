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
        var service = new StatusService(host);
        var views = (await service.StatusAsync(cancel)).Select(DatasetView.Of).ToList();
        var unknown = service.Trouble is { } trouble ? $"what waits in quarantine is not known: {trouble}" : null;
        var notifications = await new NotificationsService(host).ListAsync(cancel);
        if (screen.IsJson)
        {
            screen.Json(
                new StatusView(
                    views,
                    notifications.Count == 0 ? null : notifications,
                    unknown is null ? null : [unknown]
                ),
                Views.Default.StatusView
            );
            return ExitCode.Ok;
        }

        var now = host.Clock.GetUtcNow();
        screen.Table(
            ["DATASET", "STATE", "LAST RUN", "LAST SUCCESS", "LAST LOAD", "QUARANTINE", "TARGET"],
            [
                .. views.Select(view =>
                    (IReadOnlyList<string>)
                        [
                            view.Dataset,
                            view.State,
                            Ago(view.LastRun),
                            Ago(view.LastSuccess),
                            view.LastLoad is null ? "-" : $"{Text.Rows(view.LoadedRows)}, {Ago(view.LastLoad)}",
                            view.Quarantine is { } rows ? Text.Count(rows) : "?",
                            view.Target ?? "-",
                        ]
                ),
            ]
        );
        foreach (var view in views.Where(view => view.State is "failed" or "stopped" && view.Error is not null))
            screen.Say(
                $"  {Plain.Line(view.Dataset)}  {screen.Bad("✗")} {view.Error!.Code}  {Plain.Line(view.Error.What)}"
            );
        var need = views.Where(view => view.State is "failed" or "stopped" or "quarantine").ToList();
        foreach (var view in views)
        foreach (var warning in view.Warnings)
            screen.Say($"  {Plain.Line(view.Dataset)}  {screen.Warn("note")}  {Plain.Line(warning)}");
        if (unknown is not null)
            screen.Say($"  {screen.Warn("note")}  {Plain.Line(unknown)}");
        foreach (var broken in notifications.Where(one => one.Fault is not null))
            screen.Say(
                $"  {screen.Warn("note")}  notification '{broken.Name}' cannot be sent (since "
                    + $"{UtcTime.Text(broken.BrokenSince!.Value)}): {Plain.Line(broken.Fault)}"
            );
        string Ago(DateTimeOffset? at) => at is { } time ? Text.Ago(now - time) : "-";
        var open = views.Count(view => view.State is not ("ok" or "running") || view.Warnings.Count > 0);
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
