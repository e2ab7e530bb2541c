using System.Text;

namespace Headrace.Configuration.Binding;

/// <summary>The words for the values of an enum.</summary>
internal static class Choices
{
    /// <summary>Every accepted word, the usual ones first.</summary>
    public static IReadOnlyList<(string Word, object Value)> Of(Type type)
    {
        var words = new List<(string, object)>();
        foreach (var name in Enum.GetNames(type))
            words.Add((Separated(name, Between(type)), Enum.Parse(type, name)));
        if (type == typeof(FormatKind))
            words.AddRange([("json", FormatKind.Jsonl), ("ndjson", FormatKind.Jsonl)]);
        return words;
    }

    public static string WordOf(object value) => Separated(value.ToString()!, Between(value.GetType()));

    // As the contract writes them.
    private static char Between(Type type) => type == typeof(KeepRows) ? '_' : '-';

    /// <summary><c>PrimaryKey</c> as <c>primary_key</c>.</summary>
    public static string Separated(string name, char separator)
    {
        var words = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && words.Length > 0)
                words.Append(separator);
            words.Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
