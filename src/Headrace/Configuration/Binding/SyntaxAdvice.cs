using System.Text.RegularExpressions;
using YamlDotNet.Core;

namespace Headrace.Configuration.Binding;

/// <summary>Says in users' words what YAML found: nearly always a text that needed quotes.</summary>
internal static partial class SyntaxAdvice
{
    public static void Add(Problems problems, Span span, string message)
    {
        // A tab is reported for the line before it.
        if (message.Contains(" tab ", StringComparison.Ordinal))
            for (var line = span.Line; line <= span.Line + 1; line++)
                if (problems.LineAt(line) is { Length: > 0 } text && text.TrimStart(' ').StartsWith('\t'))
                {
                    span = new Span(line, text.IndexOf('\t') + 1, line, text.IndexOf('\t') + 2);
                    break;
                }

        var (what, next) = Advice(problems.LineAt(span.Line), message);
        problems.Add(problems.At(span), Error.YamlSyntax(problems.At(span), what, next));
    }

    public static YamlException Exception(Mark start, Mark end, string message) => new(start, end, message);

    static (string What, string Next) Advice(string line, string message)
    {
        if (message.Contains(" tab ", StringComparison.Ordinal))
            return ("the line is indented with a tab", "indent with blanks");
        if (Star().Match(line) is { Success: true } star && Bare(line, star.Groups[1]) is var bare)
            return CronLike().IsMatch(bare)
                ? ("a text that starts with * is an alias in YAML", $"put the cron expression in quotes: \"{bare}\"")
                : ("a text that starts with * is an alias in YAML", $"put it in quotes: \"{bare}\"");
        if (BareVariable().Match(line) is { Success: true } variable)
            return ("inside { } or [ ], a text with braces needs quotes", $"put it in quotes: \"{variable.Value}\"");
        if (InnerCapture().Match(line) is { Success: true } inner)
            return ("inside { } or [ ], a text with braces needs quotes", $"put it in quotes: \"{inner.Value}\"");
        if (BareCapture().Match(line) is { Success: true } capture)
            return (
                "a text that starts with { is a list of keys in YAML",
                $"put it in quotes: \"{capture.Groups[1].Value.Trim()}\""
            );
        if (message.Contains("cannot start any token", StringComparison.Ordinal))
            return ("a text may not start with this character", "put the text in quotes");
        if (message.Contains("quoted scalar", StringComparison.Ordinal))
            return (
                "the quotes that start here are not closed on the line where they should be",
                "close the quotes; a quote alone is written '\"'"
            );
        if (message.Contains("invalid mapping", StringComparison.Ordinal))
            return (
                "there is a ': ' inside a text, or the line is indented too far",
                "put the text in quotes, or align the key with the ones above it"
            );
        return (Plain(message), "put texts with any of : # { } [ ] * & ! % @ in quotes, and align keys of one level");
    }

    // Inside { } or [ ] a text ends before what closes them, and before the next key.
    static string Bare(string line, Group text)
    {
        if (line.AsSpan(0, text.Index).IndexOfAny('{', '[') < 0)
            return text.Value.Trim();
        var (end, depth) = (0, 0);
        for (; end < text.Length; end++)
            if (text.Value[end] is '{' or '[')
                depth++;
            else if (text.Value[end] is '}' or ']' && depth-- == 0)
                break;
            else if (NextKey().IsMatch(text.ValueSpan[end..]))
                break;
        return text.Value[..end].Trim();
    }

    static string Plain(string message)
    {
        var text = message.Trim().TrimEnd('.');
        return text.Length == 0 ? "it cannot be read" : char.ToLowerInvariant(text[0]) + text[1..];
    }

    [GeneratedRegex(@"(?::|-)\s+(\*[^#]*)")]
    private static partial Regex Star();

    [GeneratedRegex(@"^,\s*\w+\s*:\s")]
    private static partial Regex NextKey();

    [GeneratedRegex(@"(?<=[{,]\s*\w+:\s+)[^\s""',{}\[\]]+(?:\{\w+(?::[^{}\s]+)?\}[^\s,{}]*)+(?=\s*[,}])")]
    private static partial Regex InnerCapture();

    [GeneratedRegex(@"^\*(/\d+)?(\s+[\d*/,-]+)+\s*$")]
    private static partial Regex CronLike();

    [GeneratedRegex(@"(?<=[{\[,:]\s+)\$\{[^}]*\}\S*?(?=[\s,}\]]|$)")]
    private static partial Regex BareVariable();

    [GeneratedRegex(@":\s+(\{\w+(?::\w+)?\}[^\s#""',]+)")]
    private static partial Regex BareCapture();
}
