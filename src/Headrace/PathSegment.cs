using System.Text;

namespace Headrace;

/// <summary>
/// One segment of a <see cref="PathPattern"/>, matched in time proportional to its length times its parts.
/// </summary>
internal sealed class PathSegment
{
    private enum PartKind
    {
        Literal,
        One,
        Any,
        Capture,
        Digits,
    }

    /// <param name="Kind">What it matches.</param>
    /// <param name="Text">The literal text, the name of a capture, or a capture's format.</param>
    /// <param name="Name">Only for captures.</param>
    private readonly record struct Part(PartKind Kind, string Text = "", string Name = "");

    private readonly Part[] parts;

    private PathSegment(Part[] parts)
    {
        this.parts = parts;
        Names = [.. parts.Where(part => part.Name.Length > 0).Select(part => part.Name)];
        Literal = parts is [{ Kind: PartKind.Literal } only] ? only.Text : null;
    }

    public IReadOnlyList<string> Names { get; }

    public bool IsOneCapture => parts is [{ Kind: PartKind.Capture }];

    /// <summary>The text when nothing in the segment varies.</summary>
    public string? Literal { get; }

    public static PathSegment Parse(string pattern, string text)
    {
        if (text.Length == 0)
            throw Error.BadPattern(
                pattern,
                pattern.StartsWith('/')
                    ? "it starts with /; paths are relative to the lake"
                    : "it has an empty segment (//)"
            );
        if (text is "." or "..")
            throw Error.BadPattern(pattern, $"it has the segment {text}");
        if (text.Contains("**", StringComparison.Ordinal))
            throw Error.BadPattern(pattern, "** must stand alone between /");
        var parts = new List<Part>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            Part part;
            switch (text[i])
            {
                case '*':
                    part = new Part(PartKind.Any);
                    break;
                case '?':
                    part = new Part(PartKind.One);
                    break;
                case '{':
                    var end = text.IndexOf('}', i);
                    if (end < 0)
                        throw Error.BadPattern(pattern, "a { is not closed");
                    part = Capture(pattern, text[(i + 1)..end]);
                    i = end;
                    break;
                case '}':
                    throw Error.BadPattern(pattern, "a } has no {");
                case '\0':
                    throw Error.BadPattern(
                        pattern.Replace("\0", "\\0", StringComparison.Ordinal),
                        "it has a NUL character"
                    );
                default:
                    literal.Append(text[i]);
                    continue;
            }

            FlushLiteral();
            parts.Add(part);
        }

        FlushLiteral();
        return new PathSegment([.. parts]);

        void FlushLiteral()
        {
            if (literal.Length > 0)
                parts.Add(new Part(PartKind.Literal, literal.ToString()));
            literal.Clear();
        }
    }

    /// <summary>
    /// Matches the whole of <paramref name="text"/>. A name that is in <paramref name="bound"/> must match its value
    /// there;
    /// the others are added to <paramref name="found"/>.
    /// </summary>
    public bool TryMatch(
        string text,
        OrderedDictionary<string, string>? bound,
        OrderedDictionary<string, string>? found
    )
    {
        if (text.Length == 0)
            return false;
        if (Literal is not null)
            return text == Literal;

        // can[i, p]: the parts from i on match the text from p on. Filled from the end, so nothing is tried twice.
        var width = text.Length + 1;
        var size = (parts.Length + 1) * width;
        var can = size <= 4096 ? stackalloc bool[size] : new bool[size];
        can[size - 1] = true;
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            var after = can.Slice((i + 1) * width, width);
            var here = can.Slice(i * width, width);
            for (var p = text.Length; p >= 0; p--)
            {
                here[p] = Length(parts[i], text, p, bound) switch
                {
                    >= 0 and var length => after[p + length],
                    -1 => after[p] || (p < text.Length && here[p + 1]),
                    -2 => p < text.Length && (after[p + 1] || here[p + 1]),
                    _ => false,
                };
            }
        }

        if (!can[0])
            return false;
        for (int i = 0, p = 0; i < parts.Length; i++)
        {
            var start = p;
            var length = Length(parts[i], text, p, bound);
            if (length >= 0)
                p += length;
            else
                p = can.Slice((i + 1) * width, width).LastIndexOf(true); // never before the least that fits
            if (parts[i].Name.Length > 0)
                found?.TryAdd(parts[i].Name, text[start..p]);
        }

        return true;
    }

    /// <summary>
    /// How many characters a part takes at a place: a number, -1 for any, -2 for one or more, -3 for no match.
    /// </summary>
    private static int Length(Part part, string text, int at, OrderedDictionary<string, string>? bound)
    {
        switch (part.Kind)
        {
            case PartKind.Any:
                return -1;
            case PartKind.One:
                return at == text.Length ? -3
                    : char.IsSurrogatePair(text, at) ? 2
                    : 1;
            case PartKind.Capture
            or PartKind.Digits when bound is not null && bound.TryGetValue(part.Name, out var value):
                return string.CompareOrdinal(text, at, value, 0, value.Length) == 0 ? value.Length : -3;
            case PartKind.Capture:
                return -2;
            case PartKind.Digits:
                for (var i = 0; i < part.Text.Length; i++)
                    if (
                        at + i >= text.Length
                        || (
                            char.IsAsciiLetter(part.Text[i])
                                ? !char.IsAsciiDigit(text[at + i])
                                : text[at + i] != part.Text[i]
                        )
                    )
                        return -3;
                return part.Text.Length;
            default:
                return string.CompareOrdinal(text, at, part.Text, 0, part.Text.Length) == 0 ? part.Text.Length : -3;
        }
    }

    private static Part Capture(string pattern, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var format = colon < 0 ? null : text[(colon + 1)..];
        if (
            name.Length == 0
            || !(char.IsAsciiLetter(name[0]) || name[0] == '_')
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        )
            throw Error.BadPattern(pattern, $"'{name}' is no name for a capture (letters, digits and _)");
        if (format is null)
            return new Part(PartKind.Capture, name, name);
        if (
            format.Length == 0
            || format.Any(c =>
                char.IsAsciiLetter(c) ? !"yMdHmsf".Contains(c, StringComparison.Ordinal) : c is '{' or '*' or '?'
            )
        )
            throw Error.BadPattern(pattern, $"'{format}' is no date format (y M d H m s f, for example yyyyMMdd)");
        return new Part(PartKind.Digits, format, name);
    }
}
