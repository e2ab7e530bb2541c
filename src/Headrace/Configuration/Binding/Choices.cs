using System.Text.Json;

namespace Headrace.Configuration.Binding;

/// <summary>The words for the values of an enum.</summary>
internal static class Choices
{
    /// <summary>Every accepted word, the usual ones first.</summary>
    public static IReadOnlyList<(string Word, object Value)> Of(Type type)
    {
        var words = new List<(string, object)>();
        foreach (var value in Enum.GetValues(type))
            words.Add((WordOf(value), value));
        if (type == typeof(FormatKind))
            words.AddRange([("json", FormatKind.Jsonl), ("ndjson", FormatKind.Jsonl)]);
        return words;
    }

    public static string WordOf(object value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()!);
}
