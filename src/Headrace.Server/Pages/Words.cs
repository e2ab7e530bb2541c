using System.Globalization;

namespace Headrace.Server.Pages;

/// <summary>What pages say in the same way everywhere.</summary>
internal static class Words
{
    public static Html Nothing => Html.Of($"");

    /// <summary>A state or an outcome, with a colour for it and a word for who sees none.</summary>
    public static Html State(string? state) => Html.Of($"<span class=\"state {Class(state)}\">{Plainly(state)}</span>");

    /// <summary>A state or an outcome as people write it.</summary>
    public static string Plainly(string? state) => (state ?? "-").Replace('_', ' ');

    /// <summary>A number; a question mark for one that is not known.</summary>
    public static string Count(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    /// <summary>A time, and how long ago that is.</summary>
    public static Html Time(DateTimeOffset? time) =>
        time is not { } at
            ? Html.Of($"-")
            : Html.Of($"<time datetime=\"{Hosting.UtcTime.Text(at)}\">{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}</time>");

    public static string Duration(long milliseconds) =>
        milliseconds < 10_000
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 60_000} min {milliseconds / 1000 % 60} s");

    /// <summary>A link to a page, its parts encoded for a URL.</summary>
    public static Html Link(string text, string path, params (string Name, string? Value)[] query)
    {
        var said = query
            .Where(one => one.Value is not null)
            .Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}");
        var ending = string.Join('&', said);
        return Html.Of($"<a href=\"{path}{(ending.Length == 0 ? "" : "?")}{ending}\">{text}</a>");
    }

    public static Html Flow(string name) => Link(name, $"/flows/{Uri.EscapeDataString(name)}");

    public static Html Run(string id) => Link(id, $"/runs/{Uri.EscapeDataString(id)}");

    /// <summary>A table with headings; on a narrow screen it scrolls by itself.</summary>
    public static Html Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<Html>> rows, string none) =>
        rows.Count == 0
            ? Html.Of($"<p class=\"none\">{none}</p>")
            : Html.Of(
                $"""
                <div class="wide" tabindex="0"><table>
                <thead><tr>{headings.Select(one => Html.Of($"<th scope=\"col\">{one}</th>"))}</tr></thead>
                <tbody>{rows.Select(Row)}</tbody></table></div>

                """
            );

    /// <summary>What went wrong, below what is said of it.</summary>
    public static Html Why(Hosting.ErrorJson? error) =>
        error is null ? Nothing : Html.Of($"<br>{error.Code} {error.What}");

    private static Html Row(IReadOnlyList<Html> cells) =>
        Html.Of($"<tr>{cells.Select(cell => Html.Of($"<td>{cell}</td>"))}</tr>\n");

    /// <summary>An error in the house form.</summary>
    public static Html Error(Hosting.ErrorJson? error) =>
        error is null
            ? Nothing
            : Html.Of(
                $"""
                <section class="error"><p><b>{error.Code}</b> {error.What}</p>
                <dl>{error.Facts.Select(fact => Html.Of($"<dt>{fact.Key}</dt><dd>{fact.Value}</dd>"))}
                <dt>next</dt><dd>{error.Next}</dd></dl></section>
                """
            );

    /// <summary>The class of style.css for a state.</summary>
    public static string Class(string? state) =>
        state switch
        {
            "ok" or "loaded" or "up_to_date" or "done" or "passed" or "released" => "good",
            "failed" or "stopped" or "refused" => "bad",
            "running" or "queued" => "busy",
            "quarantine" or "waiting" or "skipped" or "warned" or "quarantined" => "warn",
            _ => "plain",
        };
}
