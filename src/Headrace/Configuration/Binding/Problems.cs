using System.Text.RegularExpressions;

namespace Headrace.Configuration.Binding;

/// <summary>Collects what is wrong with one file, each thing once, and shows where.</summary>
internal sealed partial class Problems(string file, string text)
{
    /// <summary>What came from secrets while the file was read; a rule may have found one at a wrong place.</summary>
    public Secrets Secrets { get; } = new();

    const int LongestExcerpt = 140;

    readonly List<(Place Place, HeadraceException Problem)> found = [];
    readonly HashSet<string> known = [];
    string[]? lines;

    public bool Any => found.Count > 0;

    string[] Lines => lines ??= text.ReplaceLineEndings("\n").Split('\n');

    /// <summary>All of them, from the top of the file down.</summary>
    public IReadOnlyList<HeadraceException> All =>
        found.Count == 0
            ? []
            :
            [
                .. found
                    .OrderBy(one => one.Place.Line)
                    .ThenBy(one => one.Place.Column)
                    .Select(one => Redacted(one.Problem)),
            ];

    HeadraceException Redacted(HeadraceException problem) =>
        new(problem.Code, Secrets.Redact(problem.What), Secrets.Redact(problem.Next))
        {
            Facts = [.. problem.Facts.Select(fact => fact with { Value = Secrets.Redact(fact.Value) })],
        };

    /// <summary>
    /// Adds a problem unless the same one is there already: defaults are read once for each flow. The subject tells two
    /// of one code at one place apart.
    /// </summary>
    public void Add(Place place, HeadraceException problem, string subject = "")
    {
        if (known.Add($"{problem.Code} {place} {subject}"))
            found.Add((place, problem));
    }

    /// <summary>Adds that keys do not go together.</summary>
    public void Disagree(Node at, string where, string why, string next) =>
        Add(At(at), Error.KeysDisagree(At(at), where, why, next), why);

    /// <summary>Adds that a path, or a name that is made of one, cannot be used.</summary>
    public void Refuse(Node at, string where, string why, string next, string subject = "") =>
        Add(At(at), Error.PathRefused(At(at), where, why, next), subject);

    public Place At(Node node) => At(node.Span);

    public Place At(Span span)
    {
        var line = Math.Max(1, span.Line);
        var length = span.EndLine == span.Line ? span.EndColumn - span.Column : int.MaxValue;
        return new Place(file, line, Math.Max(1, span.Column), Excerpt(line, Math.Max(1, span.Column), length));
    }

    public string LineAt(int line) => line >= 1 && line <= Lines.Length ? Lines[line - 1] : "";

    // The line before gives the eye a hold; a caret line points at the words.
    string Excerpt(int line, int column, int length)
    {
        var number = line.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var shown = Shown(line);
        if (shown.Trim().Length == 0)
            return "";
        var carets = Math.Clamp(length, 1, Math.Max(1, shown.TrimEnd().Length - column + 1));
        var before =
            Shown(line - 1).Trim().Length == 0
                ? ""
                : $"{(line - 1).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(number.Length)} "
                    + $"| {Shown(line - 1)}\n";
        return $"{before}{number} | {shown}\n{new string(' ', number.Length)} | "
            + $"{new string(' ', Math.Min(column - 1, LongestExcerpt))}{new string('^', carets)}";
    }

    // A password that somebody wrote into the file must not go on from here into a log.
    string Shown(int line)
    {
        var shown = Password().Replace(LineAt(line).Replace('\t', ' '), "$1***");
        return shown.Length <= LongestExcerpt ? shown : shown[..LongestExcerpt];
    }

    [GeneratedRegex(
        @"((?:password|passwd|secret|token|access_key|hmac)\w*[""']?\s*:\s*)(?![""']?\$\{)[^\s,}].*$",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Password();
}
