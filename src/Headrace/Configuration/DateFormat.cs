using System.Text;

namespace Headrace.Configuration;

/// <summary>
/// Date formats as users write them, <c>dd.MM.yyyy</c> or <c>%d.%m.%Y</c>, in DuckDB's strptime notation.
/// </summary>
public static class DateFormat
{
    const string Specifiers = "aAbBcdfgHIjmMnpSuUVwWxXyYzZ%";

    // Where the same letter means several things by its number, only the numbers here are known.
    static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["yyyy"] = "%Y",
        ["yy"] = "%y",
        ["MMMM"] = "%B",
        ["MMM"] = "%b",
        ["MM"] = "%m",
        ["M"] = "%-m",
        ["dd"] = "%d",
        ["d"] = "%-d",
        ["HH"] = "%H",
        ["H"] = "%-H",
        ["hh"] = "%I",
        ["h"] = "%-I",
        ["mm"] = "%M",
        ["m"] = "%-M",
        ["ss"] = "%S",
        ["s"] = "%-S",
        ["fff"] = "%g",
        ["ffffff"] = "%f",
        ["tt"] = "%p",
        ["zzz"] = "%z",
        ["T"] = "T",
        ["Z"] = "Z",
    };

    /// <summary>
    /// The format in strptime notation. Null for null, and for a format that is not one: then
    /// <paramref name="unknown"/> is the part of it that means nothing.
    /// </summary>
    public static string? ToStrptime(string? format, out string? unknown)
    {
        unknown = null;
        if (format is null)
            return null;
        if (format.Length == 0)
        {
            unknown = "";
            return null;
        }

        return format.Contains('%') ? Strptime(format, out unknown) : DotNet(format, out unknown);
    }

    static string? Strptime(string format, out string? unknown)
    {
        unknown = null;
        for (
            var index = format.IndexOf('%');
            index >= 0;
            index = index < format.Length ? format.IndexOf('%', index) : -1
        )
        {
            var start = index++;
            if (index < format.Length && format[index] == '-')
                index++;
            if (index < format.Length && Specifiers.Contains(format[index++]))
                continue;
            unknown = format[start..Math.Min(index, format.Length)];
            return null;
        }

        return format;
    }

    static string? DotNet(string format, out string? unknown)
    {
        unknown = null;
        var text = new StringBuilder();
        for (var index = 0; index < format.Length; )
        {
            var letter = format[index];
            if (letter == '\'' && format.IndexOf('\'', index + 1) is > 0 and var end)
            {
                text.Append(format, index + 1, end - index - 1);
                index = end + 1;
                continue;
            }

            if (!char.IsLetter(letter))
            {
                text.Append(letter);
                index++;
                continue;
            }

            var length = 1;
            while (index + length < format.Length && format[index + length] == letter)
                length++;
            var word = format.Substring(index, length);
            if (!Words.TryGetValue(word, out var specifier))
            {
                unknown = word;
                return null;
            }

            text.Append(specifier);
            index += length;
        }

        return text.ToString();
    }
}
