using System.Text;

namespace Headrace;

/// <summary>
/// Text from files, catalogues and databases, made harmless for whatever shows it: no character of it can hide, move or
/// reorder text.
/// </summary>
public static class Plain
{
    /// <summary>
    /// True for control characters and for the format characters that change the direction or the lines of a text
    /// (Unicode's bidirectional controls, line and paragraph separators, byte order mark, annotations). Joiners, which
    /// scripts need, are not among them.
    /// </summary>
    public static bool IsHidden(char letter) =>
        char.IsControl(letter)
        || letter
            is '\u061c'
                or '\u180e'
                or '\u200e'
                or '\u200f'
                or (>= '\u2028' and <= '\u202e')
                or (>= '\u2060' and <= '\u206f')
                or '\ufeff'
                or (>= '\ufff9' and <= '\ufffb')
                or (>= '\ufdd0' and <= '\ufdef');

    /// <summary>The text in one line, hidden characters written as <c>\x1b</c> or <c>\u202e</c>.</summary>
    public static string Line(string? text) => Escaped(text, keepLines: false);

    /// <summary>The same, but line ends and tabulators stay.</summary>
    public static string Lines(string? text) => Escaped(text, keepLines: true);

    private static string Escaped(string? text, bool keepLines)
    {
        if (text is null)
            return "";
        if (!text.Any(IsHidden))
            return text;
        var plain = new StringBuilder(text.Length + 16);
        foreach (var letter in text)
            _ = letter switch
            {
                '\n' or '\t' when keepLines => plain.Append(letter),
                '\n' => plain.Append("\\n"),
                '\t' => plain.Append("\\t"),
                _ when !IsHidden(letter) => plain.Append(letter),
                <= '\u00ff' => plain.Append($"\\x{(int)letter:x2}"),
                _ => plain.Append($"\\u{(int)letter:x4}"),
            };
        return plain.ToString();
    }
}
