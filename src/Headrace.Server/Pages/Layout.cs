namespace Headrace.Server.Pages;

/// <summary>What stands around every page.</summary>
internal sealed class Layout(string project)
{
    private static readonly (string Path, string Title)[] Places =
    [
        ("/", "Overview"),
        ("/runs", "Runs"),
        ("/files", "Files"),
        ("/quarantine", "Quarantine"),
        ("/schedules", "Schedules"),
        ("/models", "Models"),
        ("/process_table", "Process table"),
    ];

    /// <summary>The whole document.</summary>
    /// <param name="address">By which it is asked for again.</param>
    /// <param name="every">After so many seconds; 0 for never.</param>
    /// <param name="events">Of which each has it asked for again, where scripts run; null for none.</param>
    public string Write(
        string title,
        string path,
        Html body,
        string address = "",
        int every = 0,
        string? events = null
    ) =>
        Html.Of(
                $"""
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>{title} · {project}</title>
                <link rel="icon" href="/assets/icon.svg"><link rel="stylesheet" href="/assets/style.css">
                {(events is null ? Words.Nothing : Script("live.js"))}{Script("htmx.js")}</head>
                <body><header><b>{project}</b>
                <nav aria-label="Pages">{Places.Select(place => Link(place, path))}</nav></header>
                <main id="main"{Live(address, every, events)}>
                <h1>{title}</h1>
                {body}</main>
                <footer>Times are in UTC. Each page answers JSON to <code>Accept: application/json</code>;
                <a href="/openapi/v1.json">all endpoints</a>.</footer>
                </body></html>

                """
            )
            .ToString();

    private static Html Script(string name) => Html.Of($"<script src=\"/assets/{name}\" defer></script>\n");

    private static Html Live(string address, int every, string? events) =>
        events is not null ? Html.Of($" data-events=\"{events}\" data-every=\"{every}\"")
        : every == 0 ? Words.Nothing
        : Html.Of(
            $"""
             hx-get="{address}" hx-trigger="every {every}s" hx-select="#main" hx-target="#main" hx-swap="outerMorph"
            """
        );

    private static Html Link((string Path, string Title) place, string path) =>
        place.Path == path
            ? Html.Of($"<a href=\"{place.Path}\" aria-current=\"page\">{place.Title}</a>")
            : Html.Of($"<a href=\"{place.Path}\">{place.Title}</a>");
}
