using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Headrace.Configuration.Binding;

/// <summary>
/// Writes a project as YAML, every default said. A value with a variable in it is written as it stands in the file, so
/// that no secret can get out this way.
/// </summary>
internal sealed partial class ProjectText
{
    readonly StringBuilder text = new();
    readonly HashSet<string>? connections;
    readonly string? flow;

    ProjectText(Project project, string? flow)
    {
        if (flow is null)
            return;
        if (!project.Flows.TryGetValue(flow, out var only))
            throw Error.UnknownFlow(flow, [.. project.Flows.Keys]);
        this.flow = flow;
        connections = [only.Source.Connection, only.Target.Connection];
    }

    public static string Write(Project project, string? flow)
    {
        var writer = new ProjectText(project, flow);
        if (project.Environment is { } environment)
            writer.text.Append(CultureInfo.InvariantCulture, $"# with the environment {environment}\n");
        writer.Record(project, project.Written, 0);
        return writer.text.ToString();
    }

    void Record(object record, MapNode? written, int indent)
    {
        if (record is Connection connection)
            Line(indent, "type", Quoted(connection.Kind));
        foreach (var key in RecordPlan.Of(record.GetType()).Keys)
        {
            // Both are in the connections and flows already.
            if (record is Project && key.Word is "defaults" or "environments")
                continue;
            if (record is Source { Format: FormatKind.Jsonl or FormatKind.Parquet } && key.Word == "csv")
                continue;
            if (key.Property.GetValue(record) is { } value)
                Value(key, value, written?.Find(key.Word)?.Value, indent);
        }
    }

    void Value(KeyPlan key, object value, Node? written, int indent)
    {
        if (RecordPlan.MapOf(key.Type) is not null)
            Map(key.Word, (System.Collections.IDictionary)value, written as MapNode, indent);
        else if (RecordPlan.ListOf(key.Type) is not null)
            Records(key.Word, (System.Collections.IList)value, written as ListNode, indent);
        else if (RecordPlan.IsRecord(key.Type))
        {
            var start = text.Length;
            Line(indent, key.Word, "");
            var empty = text.Length;
            Record(value, written as MapNode, indent + 1);
            if (text.Length == empty)
                text.Length = start; // nothing is said, so nothing is shown
        }
        else if (key.IsSecret && !(written is ScalarNode { Text: var text } && OneVariable().IsMatch(text)))
            Line(indent, key.Word, Quoted("***"));
        else if (written is not null && HasVariable(written))
            Line(indent, key.Word, AsWritten(written));
        else if (value is IReadOnlyList<string> { Count: > 0 } many)
            Line(indent, key.Word, $"[{string.Join(", ", many.Select(Quoted))}]");
        else if (TypeWords.Text(value) is { Length: > 0 } one)
            Line(indent, key.Word, value is string ? Quoted(one) : one);
    }

    void Map(string word, System.Collections.IDictionary values, MapNode? written, int indent)
    {
        if (values.Count == 0)
            return;
        Line(indent, word, "");
        foreach (System.Collections.DictionaryEntry entry in values)
        {
            var name = (string)entry.Key;
            if (
                word is "flows" or "models" && flow is not null && name != flow
                || word == "connections" && connections?.Contains(name) == false
            )
                continue;
            Line(indent + 1, Quoted(name), "");
            Record(entry.Value!, Expanded(written?.Find(name)?.Value), indent + 2);
        }
    }

    void Records(string word, System.Collections.IList values, ListNode? written, int indent)
    {
        if (values.Count > 0)
            Line(indent, word, "");
        for (var i = 0; i < values.Count; i++)
        {
            var start = text.Length;
            Record(values[i]!, written?.Items.ElementAtOrDefault(i) as MapNode, indent + 2);
            text[start + (indent * 2) + 2] = '-'; // where the first key is moved in
        }
    }

    // A column written as one word is written out here: its variables stay with its type.
    static MapNode? Expanded(Node? node) =>
        node is ScalarNode scalar
            ? new MapNode(scalar.Span, [new Entry(new ScalarNode(scalar.Span, "type", ScalarStyle.Plain), scalar)])
            : node as MapNode;

    // A default or a text around the variable would be a part of the secret.
    [GeneratedRegex(@"^\$\{((secret|file):)?[^:{}]+\}$")]
    private static partial Regex OneVariable();

    void Line(int indent, string key, string value) =>
        text.Append(' ', indent * 2)
            .Append(key)
            .Append(':')
            .Append(value.Length == 0 ? "" : " ")
            .Append(value)
            .Append('\n');

    static bool HasVariable(Node node) =>
        node switch
        {
            ScalarNode scalar => Variables.In(scalar.Text),
            ListNode list => list.Items.Any(HasVariable),
            _ => false,
        };

    static string AsWritten(Node node) =>
        node switch
        {
            ScalarNode scalar => Quoted(scalar.Text),
            ListNode list => $"[{string.Join(", ", list.Items.Select(AsWritten))}]",
            _ => "",
        };

    /// <summary>A text as YAML reads it back, in any reader: quoted whenever something else could be meant.</summary>
    static string Quoted(string text)
    {
        var plain =
            text.Length > 0
            && (
                char.IsLetter(text[0])
                || text[0] is '_' or '/'
                || text[0] == '.' && text.Length > 1 && text[1] is '/' or '.'
                || text[0] == '.' && text.Length > 1 && char.IsLetter(text[1])
            )
            && text.All(letter =>
                char.IsLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' or ' ' or '@' or '(' or ')' or '+'
            )
            && !text.EndsWith(' ')
            && text.ToLowerInvariant()
                is not (
                    "true"
                    or "false"
                    or "null"
                    or "yes"
                    or "no"
                    or "on"
                    or "off"
                    or "y"
                    or "n"
                    or ".nan"
                    or ".inf"
                );
        if (plain)
            return text;
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
            quoted.Append(
                letter switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ when char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\uFEFF' => string.Create(
                        CultureInfo.InvariantCulture,
                        $"\\u{(int)letter:x4}"
                    ),
                    _ => letter.ToString(),
                }
            );
        return quoted.Append('"').ToString();
    }
}
