using Headrace.Hosting;

namespace Headrace.Server.Pages;

/// <summary>Whether the data is right: tables first.</summary>
internal static class OverviewPage
{
    public static Html Draw(OverviewView view)
    {
        var need = view.Datasets.Count(one => one.Dataset.State is "failed" or "stopped" or "quarantine");
        return Html.Of(
            $"""
            <p>{Sentence(need, view.Datasets.Count)}</p>
            {view.Notifications.Select(Broken)}
            {view.Requests.Select(Running)}
            {Words.Table(
                ["Dataset", "State", "Table", "Last run", "Last success", "Last load", "Loads", "Held", "Next run"],
                [.. view.Datasets.Select(Row)],
                "There is no flow. Add one to headrace.yaml, then start the server again."
            )}
            """
        );
    }

    private static string Sentence(int need, int all) =>
        all == 0 ? ""
        : need == 0 ? $"All {all} datasets are well."
        : $"{need} of {all} {(need == 1 ? "datasets needs" : "datasets need")} attention.";

    private static Html Broken(NotificationView one) =>
        Html.Of(
            $"""
            <p class="warn">The notification {one.Name} ({one.Way}) cannot be sent since {Words.Time(one.BrokenSince)}:
            {one.Fault}</p>
            """
        );

    private static Html Running(RequestView request)
    {
        var flows = request.Flows.Count == 0 ? "all flows" : string.Join(", ", request.Flows);
        var progress = request.Progress.Select(one =>
            Html.Of($"· {one.Dataset}: {one.Phase} {Words.Count(one.Rows)} rows ")
        );
        return Html.Of(
            $"<p>{Words.State(request.State)} {Words.Link(flows, $"/requests/{request.Request}")} {progress}</p>"
        );
    }

    private static IReadOnlyList<Html> Row(OverviewRow row)
    {
        var one = row.Dataset;
        return
        [
            one.Dataset == one.Flow ? Words.Flow(one.Flow) : Html.Of($"{Words.Flow(one.Flow)}<br>{one.Dataset}"),
            Html.Of(
                $"{Words.State(one.State)}{Words.Why(one.Error)}{one.Warnings.Select(text => Html.Of($"<br>{text}"))}"
            ),
            Html.Of($"{one.Target}"),
            Words.Time(one.LastRun),
            Words.Time(one.LastSuccess),
            one.LastLoad is null
                ? Html.Of($"-")
                : Html.Of($"{Words.Count(one.LoadedRows)} {(one.LoadedRows == 1 ? "row" : "rows")}"),
            Chart.Bars($"Rows of the last loads of {one.Dataset}", row.Sizes),
            one.Quarantine == 0
                ? Html.Of($"0")
                : Words.Link(Words.Count(one.Quarantine), "/quarantine", ("dataset", one.Dataset)),
            Words.Time(row.Next),
        ];
    }
}
