using System.Text.RegularExpressions;

namespace Headrace.Configuration;

/// <summary>The <c>{name}</c> and <c>{name:format}</c> of paths and table names.</summary>
internal static partial class Captures
{
    [GeneratedRegex(@"\{(\w+)(:[^{}]*)?\}")]
    private static partial Regex Capture();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex Identifier();

    /// <summary>The names in a text, in order, each as often as it is there.</summary>
    public static IReadOnlyList<string> Of(string text) => [.. Capture().Matches(text).Select(match => match.Groups[1].Value)];

    /// <summary>Puts captured values in the place of their names; a name without a value stays.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        Capture().Replace(text, match => values.GetValueOrDefault(match.Groups[1].Value, match.Value));

    /// <summary>What is wrong with the braces of a text; null when nothing is.</summary>
    public static string? Fault(string text)
    {
        var rest = Capture().Replace(text, "");
        if (rest.Contains('{') || rest.Contains('}'))
            return "a capture is written {name}";
        var names = Of(text);
        if (names.FirstOrDefault(name => !Identifier().IsMatch(name)) is { } name)
            return $"'{name}' is no name for a capture: letters, digits and _, no digit first";
        return null;
    }
}
