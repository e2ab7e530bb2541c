using System.Globalization;

namespace Headrace;

/// <summary>The form of a date in a path: <c>yyyy-MM-dd</c>, <c>dd.MM.yyyy</c>, <c>yyyyMMddHHmmss</c>.</summary>
public sealed class PathDate
{
    // From the largest to the smallest: each needs the one before it.
    private static readonly string[] Parts = ["yyyy", "MM", "dd", "HH", "mm", "ss"];

    private readonly string format;

    private PathDate(string format) => this.format = format;

    /// <summary>The form of the capture <paramref name="name"/>; null when it has none.</summary>
    public static PathDate? Of(string pattern, string name)
    {
        var start = pattern.IndexOf($"{{{name}:", StringComparison.Ordinal);
        var end = start < 0 ? -1 : pattern.IndexOf('}', start);
        return end < 0 ? null : new PathDate(pattern[(start + name.Length + 2)..end]);
    }

    /// <summary>What is wrong with the form; null when its dates have an order.</summary>
    public string? Fault
    {
        get
        {
            var rest = format;
            var isOver = false;
            foreach (var part in Parts)
            {
                var word = part == "yyyy" && !rest.Contains(part, StringComparison.Ordinal) ? "yy" : part;
                var at = rest.IndexOf(word, StringComparison.Ordinal);
                if (at < 0 && part == "yyyy")
                    return "it has no year (yyyy)";
                if (at >= 0 && isOver)
                    return $"it has {part} without what is larger ({string.Join(" ", Parts)})";
                isOver |= at < 0;
                rest = at < 0 ? rest : rest.Remove(at, word.Length);
            }

            var fraction = rest.Where(char.IsAsciiLetter).ToList();
            return
                fraction.Count == 0
                || (
                    !isOver
                    && fraction.Count <= 7
                    && fraction.TrueForAll(letter => letter == 'f')
                    && rest.Contains(new string('f', fraction.Count), StringComparison.Ordinal)
                )
                ? null
                : $"'{new string([.. fraction])}' in it is no part of a date ({string.Join(" ", Parts)})";
        }
    }

    /// <summary>The date of a text; null when there is no such day.</summary>
    public DateTime? Read(string text)
    {
        // Signs between the parts stand for themselves, whatever they mean to .NET.
        var exact = string.Concat(format.Select(letter => char.IsAsciiLetter(letter) ? $"{letter}" : $"\\{letter}"));
        return DateTime.TryParseExact(text, exact, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : null;
    }

    public override string ToString() => format;
}
