using Headrace.Hosting;

namespace Headrace.Server.Pages;

/// <summary>Runs: those that ended, one of them, and what runs now.</summary>
internal static class RunPages
{
    private static readonly string[] Outcomes = ["loaded", "up_to_date", "stopped", "failed", "skipped", "running"];

    /// <summary>The newest runs, by page.</summary>
    public static Html Many(RunsPageView view, Call call)
    {
        var (of, outcome) = (call.Text("dataset") ?? call.Text("flow"), call.Text("outcome"));
        var options = Outcomes.Select(word =>
            word == outcome ? Html.Of($"<option selected>{word}</option>") : Html.Of($"<option>{word}</option>")
        );
        return Html.Of(
            $"""
            <form method="get" action="/runs"><label>Flow or dataset <input name="dataset" value="{of}"></label>
            <label>Outcome <select name="outcome"><option value="">any</option>{options}</select></label>
            <button>Show</button></form>
            {Rows(view.Runs)}
            {RecordPages.Next("/runs", view.Next, ("dataset", of), ("outcome", outcome))}
            """
        );
    }

    /// <summary>A button that runs a flow.</summary>
    public static Html RunButton(string flow, string text) =>
        Html.Of(
            $"""
            <form method="post" action="/flows/{Uri.EscapeDataString(flow)}/run">{FormToken.Field}
            <button>{text}</button></form>
            """
        );

    /// <summary>One run, whole.</summary>
    public static Html One(RunPageView view)
    {
        var run = view.Run;
        return Html.Of(
            $"""
            <p>{Words.State(run.Outcome)} {run.Dataset} {Words.Time(run.StartedAt)}</p>
            {Words.Error(run.Error)}
            {(
                view.Request is { } request
                    ? Html.Of($"<p>{Words.Link("How it goes", $"/requests/{Uri.EscapeDataString(request)}")}</p>")
                    : RunButton(run.Flow, "Run again")
            )}
            <dl><dt>run</dt><dd>{run.Run}</dd><dt>flow</dt><dd>{Words.Flow(run.Flow)}</dd>
            <dt>table</dt><dd>{run.Target ?? "-"}</dd>
            <dt>took</dt><dd>{Words.Duration(run.DurationMs)}</dd><dt>batches</dt><dd>{run.Batches}</dd>
            <dt>inserted</dt><dd>{Words.Count(run.Inserted)}</dd><dt>updated</dt><dd>{Words.Count(run.Updated)}</dd>
            <dt>deleted</dt><dd>{Words.Count(run.Deleted)}</dd><dt>unchanged</dt><dd>{Words.Count(run.Unchanged)}</dd>
            <dt>set aside</dt>
            <dd>{Words.Link(Words.Count(run.Quarantined), "/quarantine", ("dataset", run.Dataset))}</dd>
            <dt>filtered out</dt><dd>{Words.Count(run.Filtered)}</dd>
            <dt>published</dt><dd>{Words.Count(run.Published)}</dd>
            <dt>from</dt><dd>{run.From ?? "-"}</dd><dt>to</dt><dd>{run.To ?? "-"}</dd>
            <dt>files</dt><dd>{Words.Link("files of the dataset", "/files", ("dataset", run.Dataset))}</dd></dl>
            {run.Warnings.Select(one => Html.Of($"<p class=\"warn\">{one}</p>"))}
            <h2>Checks</h2>
            {Words.Table(
                ["Check", "Kind", "Outcome", "Checked", "Failed", "Rows"],
                [
                    .. view.Checks.Select(one =>
                        (IReadOnlyList<Html>)
                            [
                                Html.Of($"{one.Name}"),
                                Html.Of($"{one.Kind}"),
                                Words.State(one.Outcome),
                                Html.Of($"{Words.Count(one.Checked)}"),
                                Html.Of($"{Words.Count(one.Failed)}"),
                                Html.Of($"{one.Sample}"),
                            ]
                    ),
                ],
                "No check was asked."
            )}
            <h2>Changed columns</h2>
            <pre>{(view.Ddl.Count == 0 ? "none" : string.Join('\n', view.Ddl))}</pre>
            """
        );
    }

    /// <summary>What the server was asked to run.</summary>
    public static Html Request(RequestView view) =>
        Html.Of(
            $"""
            <p>{Words.State(view.State)} {(view.Flows.Count == 0 ? "all flows" : string.Join(", ", view.Flows))},
            by {view.Cause}, {Words.Time(view.QueuedAt)}</p>
            {Words.Error(view.Error)}
            {(view.EndedAt is not null ? Words.Nothing : Words.Table(
                ["Dataset", "Phase", "Rows", "Share"],
                [
                    .. view.Progress.Select(one =>
                        (IReadOnlyList<Html>)
                            [
                                Html.Of($"{one.Dataset}"),
                                Html.Of($"{one.Phase}"),
                                Html.Of($"{Words.Count(one.Rows)}"),
                                Html.Of($"<progress value=\"{one.Share ?? 0}\">{one.Share ?? 0:0%}</progress>"),
                            ]
                    ),
                ],
                "It has not begun to load."
            ))}
            {(view.EndedAt is null ? Words.Nothing : Rows(view.Runs))}
            """
        );

    /// <summary>Runs as a table.</summary>
    public static Html Rows(IReadOnlyList<RunView> runs) =>
        Words.Table(
            ["Run", "Dataset", "Outcome", "Started", "Took", "Inserted", "Updated", "Deleted", "Set aside", "Error"],
            [
                .. runs.Select(run =>
                    (IReadOnlyList<Html>)
                        [
                            Words.Run(run.Run),
                            Words.Link(run.Dataset, $"/flows/{Uri.EscapeDataString(run.Flow)}"),
                            Words.State(run.Outcome),
                            Words.Time(run.StartedAt),
                            Html.Of($"{Words.Duration(run.DurationMs)}"),
                            Html.Of($"{Words.Count(run.Inserted)}"),
                            Html.Of($"{Words.Count(run.Updated)}"),
                            Html.Of($"{Words.Count(run.Deleted)}"),
                            Html.Of($"{Words.Count(run.Quarantined)}"),
                            Html.Of($"{run.Error?.Code} {run.Error?.What}"),
                        ]
                ),
            ],
            "There are no runs."
        );
}
