using Headrace.Hosting;

namespace Headrace.Server.Pages;

/// <summary>A flow or a model: what it does, how its datasets stand, and how its runs went.</summary>
internal static class FlowPage
{
    public static Html Draw(FlowPageView view)
    {
        var (flow, runs) = (view.Flow, view.Runs.Reverse().ToList());
        Html Bars(string title, Func<RunView, long> value) =>
            Html.Of($"<p class=\"chart\">{title}<br>{Chart.Bars(title, [.. runs.Select(value)], 60)}</p>");
        return Html.Of(
            $"""
            <p>{flow.Name}: {flow.Description ?? flow.Kind}</p>
            {RunPages.RunButton(flow.Name, "Run now")}
            <dl><dt>source</dt><dd>{flow.Source}</dd><dt>target</dt><dd>{flow.Target}</dd>
            <dt>read</dt><dd>{flow.Read ?? "-"}</dd><dt>write</dt><dd>{flow.Write ?? "-"}</dd>
            <dt>schedule</dt><dd>{flow.Schedule ?? (flow.OnFiles ? "when files arrive" : "none")}</dd></dl>
            <h2>Datasets</h2>
            {Words.Table(
                ["Dataset", "State", "Last run", "Quarantine"],
                [
                    .. view.Datasets.Select(one =>
                        (IReadOnlyList<Html>)
                            [
                                Html.Of($"{one.Dataset}"),
                                Words.State(one.State),
                                Words.Time(one.LastRun),
                                Words.Link(Words.Count(one.Quarantine), "/quarantine", ("dataset", one.Dataset)),
                            ]
                    ),
                ],
                "It has not run yet."
            )}
            <h2>Timeline</h2>
            {Bars("Inserted rows", run => run.Inserted)}
            {Bars("Updated rows", run => run.Updated)}
            {Bars("Deleted rows", run => run.Deleted)}
            {Bars("Rows set aside", run => run.Quarantined)}
            {Bars("Milliseconds", run => run.DurationMs)}
            {RunPages.Rows(view.Runs)}
            <h2>Schema history</h2>
            {Words.Table(
                ["When", "Dataset", "Table", "Change", "Run"],
                [
                    .. view.SchemaHistory.Select(one =>
                        (IReadOnlyList<Html>)
                            [
                                Words.Time(one.ChangedAt),
                                Html.Of($"{one.Dataset}"),
                                Html.Of($"{one.Target ?? "-"}"),
                                Html.Of($"<code>{one.Change}</code>"),
                                Words.Run(one.Run),
                            ]
                    ),
                ],
                "No run has made or changed a table."
            )}
            <h2>Configuration</h2>
            <pre>{view.Configuration}</pre>
            """
        );
    }
}
