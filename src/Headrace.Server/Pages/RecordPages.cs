using System.Globalization;
using Headrace.Hosting;

namespace Headrace.Server.Pages;

/// <summary>What is on record: files, rows that were set aside, schedules, models, the process table.</summary>
internal static class RecordPages
{
    private static readonly string[] FilesFilters = ["table_name", "dataset", "landed_from", "landed_to"];

    public static Html Files(FilesView view, Call call) =>
        Html.Of(
            $"""
            <form method="get" action="/files">
            <label>Table <input name="table_name" value="{call.Text("table_name")}"></label>
            <label>Dataset <input name="dataset" value="{call.Text("dataset")}"></label>
            <label>Landed from
            <input name="landed_from" value="{call.Text("landed_from")}" placeholder="2026-10-04T05:00:00Z"></label>
            <label>to <input name="landed_to" value="{call.Text("landed_to")}"></label><button>Show</button></form>
            {Words.Table(
                ["Table", "File", "Action", "Landed", "Loaded", "Bytes", "Rows", "Set aside", "Outcome"],
                [
                    .. view.Files.Select(file =>
                        (IReadOnlyList<Html>)
                            [
                                Html.Of($"{file.Database}.{file.TableName}"),
                                Html.Of($"{file.Key}"),
                                Html.Of($"{file.Action}"),
                                Words.Time(file.LandedTimestamp),
                                Words.Time(file.LoadedTimestamp),
                                Html.Of($"{Words.Count(file.Size)}"),
                                Html.Of($"{Words.Count(file.Rows)}"),
                                Html.Of($"{Words.Count(file.Quarantined)}"),
                                Html.Of($"{Words.State(file.Outcome)}{Words.Why(file.Error)}"),
                            ]
                    ),
                ],
                "There are no such files."
            )}
            {Next("/files", view.Next, [.. FilesFilters.Select(name => (name, call.Text(name)))])}
            """
        );

    public static Html Quarantine(QuarantinePageView view, Call call)
    {
        var of = call.Text("dataset") ?? call.Text("flow");
        return Html.Of(
            $"""
            {Words.Table(
                ["Dataset", "Rows that wait", "Oldest"],
                [
                    .. view.Datasets.Select(one =>
                        (IReadOnlyList<Html>)
                            [
                                Words.Link(one.Dataset, "/quarantine", ("dataset", one.Dataset)),
                                Html.Of($"{Words.Count(one.Rows)}"),
                                Words.Time(one.Oldest),
                            ]
                    ),
                ],
                "No rows wait in quarantine."
            )}
            {(of is null ? Words.Nothing : Rows(view, of))}
            """
        );
    }

    public static Html Schedules(SchedulesView view) =>
        Words.Table(
            ["Flow", "Schedule", "Last", "Next", "Missed"],
            [
                .. view.Schedules.Select(one =>
                    (IReadOnlyList<Html>)
                        [
                            Words.Flow(one.Flow),
                            Html.Of($"{one.Schedule}"),
                            Words.Time(one.Last),
                            Words.Time(one.Next),
                            one.Missed == 0 ? Html.Of($"0") : Html.Of($"<b class=\"warn\">{one.Missed}</b>"),
                        ]
                ),
            ],
            "No flow has a schedule. Add for example `schedule: every 15m` to a flow."
        );

    public static Html Models(ModelsView view) =>
        Html.Of(
            $"""
            {Graph.Draw(
                "Models, and what they read",
                [
                    .. view.Flows.Select(one => new GraphNode(one.Name, one.State, [])),
                    .. view.Models.Select(one => new GraphNode(one.Name, one.State, one.Reads)),
                ]
            )}
            {ModelTable(view)}
            """
        );

    private static Html ModelTable(ModelsView view) =>
        Words.Table(
            ["Model", "Reads", "State", "Last run", "Table"],
            [
                .. view.Models.Select(one =>
                    (IReadOnlyList<Html>)
                        [
                            Words.Flow(one.Name),
                            Html.Of($"{one.Reads.Select(name => Html.Of($"{Words.Flow(name)} "))}"),
                            Words.State(one.State),
                            Words.Time(one.LastRun),
                            Html.Of($"{one.Target}"),
                        ]
                ),
            ],
            "There are no models."
        );

    public static Html ProcessTable(TablesView view) =>
        Words.Table(
            ["Connection", "Table", "Target", "On", "Last sync", "Status", "Inserted", "Updated", "Deleted", "Error"],
            [
                .. view.Tables.Select(one =>
                    (IReadOnlyList<Html>)
                        [
                            Html.Of($"{one.Connection}"),
                            Html.Of($"{one.Table}"),
                            Html.Of($"{one.Target}"),
                            Html.Of($"{(one.Enabled ? "yes" : "no")}"),
                            Words.Time(one.LastSyncTime),
                            Words.State(one.LastStatus),
                            Html.Of($"{Words.Count(one.LastInserted)}"),
                            Html.Of($"{Words.Count(one.LastUpdated)}"),
                            Html.Of($"{Words.Count(one.LastDeleted)}"),
                            Html.Of($"{one.LastError}"),
                        ]
                ),
            ],
            "No table is listed."
        );

    /// <summary>A link to the next page; nothing on the last one.</summary>
    public static Html Next(string path, string? next, params (string, string?)[] query) =>
        next is null ? Words.Nothing : Html.Of($"<p>{Words.Link("Older", path, [.. query, ("after", next)])}</p>");

    private static Html Rows(QuarantinePageView view, string of) =>
        Html.Of(
            $"""
            <h2>{of}</h2>
            <form method="post" action="/quarantine/release">{FormToken.Field}
            <input type="hidden" name="of" value="{of}">
            <button>Release all that wait</button></form>
            {Words.Table(
                ["Row", "Place", "Column", "Value", "Why", "The row", "State", ""],
                [
                    .. view.Rows.Select(row =>
                        (IReadOnlyList<Html>)
                            [
                                Html.Of($"{row.Id}"),
                                Html.Of($"{QuarantinedRow.Place(row.File, row.Line)}"),
                                Html.Of($"{row.Column}"),
                                Html.Of($"{row.Value}"),
                                Html.Of($"{row.Reason}"),
                                Html.Of($"<code>{row.Row}</code>"),
                                Html.Of($"{Words.State(row.Status)} {row.Resolution}"),
                                row.Status == "waiting" ? Buttons(of, row) : Words.Nothing,
                            ]
                    ),
                ],
                "No rows wait here."
            )}
            """
        );

    private static Html Buttons(string of, QuarantinedRow held)
    {
        var row = held.Id.ToString(CultureInfo.InvariantCulture);

        // A key of several columns is not mended by one value.
        var mend =
            held.Column is { } column && !column.Contains(',', StringComparison.Ordinal)
                ? Html.Of(
                    $"""
                    <input type="hidden" name="column" value="{column}">
                    <label>{column} <input name="value" placeholder="as it is"></label>
                    """
                )
                : Words.Nothing;
        return Html.Of(
            $"""
            <form method="post" action="/quarantine/release">{FormToken.Field}
            <input type="hidden" name="of" value="{of}">
            <input type="hidden" name="ids" value="{row}">{mend}<button>Release</button></form>
            <form method="post" action="/quarantine/discard">{FormToken.Field}
            <input type="hidden" name="of" value="{of}">
            <input type="hidden" name="ids" value="{row}"><label>Reason <input name="reason" required></label>
            <button>Discard</button></form>
            """
        );
    }
}
