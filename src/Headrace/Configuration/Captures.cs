using System.Text;

namespace Headrace.Configuration;

/// <summary>The <c>{name}</c> and <c>{name:format}</c> of paths and table names.</summary>
internal static class Captures
{
    /// <summary>The names in a text, in order, each as often as it is there.</summary>
    public static IReadOnlyList<string> Of(string text)
    {
        var names = new List<string>();
        for (var start = text.IndexOf('{'); start >= 0; start = text.IndexOf('{', start + 1))
            if (text.IndexOf('}', start) is > 0 and var end)
                names.Add(text[(start + 1)..end].Split(':')[0]);
        return names;
    }

    /// <summary>Replaces names with their captured values; a name without a value stays.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values)
    {
        var filled = new StringBuilder();
        var rest = 0;
        for (var start = text.IndexOf('{'); start >= 0; start = text.IndexOf('{', rest))
        {
            var end = text.IndexOf('}', start);
            if (end < 0)
                break;
            filled.Append(text, rest, start - rest);
            filled.Append(values.GetValueOrDefault(text[(start + 1)..end].Split(':')[0], text[start..(end + 1)]));
            rest = end + 1;
        }

        return filled.Append(text, rest, text.Length - rest).ToString();
    }

    /// <summary>What is wrong with the braces of a text; null when nothing is.</summary>
    public static string? Fault(string text)
    {
        var open = false;
        foreach (var letter in text)
        {
            if (letter == '{' && open || letter == '}' && !open)
                return "a capture is written {name}";
            open = letter == '{' || open && letter != '}';
        }

        if (open)
            return "a capture is written {name}";
        foreach (var name in Of(text))
            if (!IsIdentifier(name))
                return $"'{name}' is no name for a capture: letters, digits and _, no digit first";
        return null;
    }

    /// <summary>Letters, digits and <c>_</c>, no digit first.</summary>
    public static bool IsIdentifier(string name)
    {
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '_')
                return false;
        return name.Length > 0 && !char.IsAsciiDigit(name[0]);
    }
}
