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
    public string Write(string title, string path, Html body, string address = "", int every = 0) =>
        Html.Of(
                $"""
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>{title} · {project}</title>
                <link rel="icon" href="/assets/icon.svg"><link rel="stylesheet" href="/assets/style.css">
                <script src="/assets/htmx.js" defer></script></head>
                <body><header><b>{project}</b>
                <nav aria-label="Pages">{Places.Select(place => Link(place, path))}</nav></header>
                <main id="main"{Live(address, every)}>
                <h1>{title}</h1>
                {body}</main>
                <footer>Times are in UTC. Each page answers JSON to <code>Accept: application/json</code>;
                <a href="/openapi/v1.json">all endpoints</a>.</footer>
                </body></html>

                """
            )
            .ToString();

    private static Html Live(string address, int every) =>
        every == 0
            ? Words.Nothing
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
