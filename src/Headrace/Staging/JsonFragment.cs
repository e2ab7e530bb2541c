using System.Text.Json;

namespace Headrace.Staging;

/// <summary>
/// Reads properties of a JSON object that is no JSON: it is cut short, or holds NaN or bytes that are no text.
/// </summary>
public static class JsonFragment
{
    /// <summary>
    /// The values of the named properties of the object itself, not of those within it: a text as its characters,
    /// anything else as it is written, <c>null</c> as null. Null for all when one of them is not there whole, or stands
    /// there with two values.
    /// </summary>
    /// <param name="isSame">How names are compared.</param>
    public static string?[]? Read(string text, IReadOnlyList<string> names, StringComparer isSame)
    {
        var values = new string?[names.Count];
        var isRead = new bool[names.Count];
        var at = Skip(text, 0);
        if (at == text.Length || text[at++] != '{')
            return null;
        while (true)
        {
            at = Skip(text, at);
            if (at < text.Length && text[at] == ',')
                at = Skip(text, at + 1);
            if (at >= text.Length || text[at] != '"' || EndOfText(text, at) is not (> 0 and var end))
                break;
            var name = Plain(text[at..end]);
            at = Skip(text, end);
            if (at >= text.Length || text[at] != ':')
                break;
            at = Skip(text, at + 1);
            var stop = EndOfValue(text, at);
            if (stop < 0)
                break; // the value is cut short
            for (var i = 0; name is not null && i < names.Count; i++)
            {
                if (!isSame.Equals(names[i], name))
                    continue;
                var written = text[at..stop].TrimEnd();
                var value = written.StartsWith('"') ? Plain(written) : written;
                if (value is null || (isRead[i] && values[i] != value))
                    return null;
                (values[i], isRead[i]) = (value == "null" && written == "null" ? null : value, true);
            }

            at = stop;
        }

        return isRead.All(read => read) ? values : null;
    }

    private static int Skip(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n')
            at++;
        return at;
    }

    // Behind the closing quote; -1 when there is none.
    private static int EndOfText(string text, int at)
    {
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i + 1;
        }

        return -1;
    }

    // Behind a value, at what follows it; -1 when nothing shows that it is whole.
    private static int EndOfValue(string text, int at)
    {
        var depth = 0;
        for (var i = at; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    if (EndOfText(text, i) is not (> 0 and var end))
                        return -1;
                    i = end - 1;
                    if (depth == 0)
                        return end;
                    break;
                case '{' or '[':
                    depth++;
                    break;
                case '}' or ']' when depth > 0:
                    depth--;
                    if (depth == 0)
                        return i + 1;
                    break;
                case ',' or '}' or ']' when depth == 0:
                    return i > at ? i : -1;
            }
        }

        return -1;
    }

    private static string? Plain(string quoted)
    {
        try
        {
            return JsonSerializer.Deserialize(quoted, FragmentJson.Default.String);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class FragmentJson : System.Text.Json.Serialization.JsonSerializerContext;
