using System.Collections;

namespace Headrace.Configuration.Binding;

/// <summary>Finds secrets that stand in headrace.yaml themselves, not as a variable.</summary>
internal static class LiteralSecrets
{
    /// <summary>Where they stand, key by key.</summary>
    public static IEnumerable<string> Of(object record, MapNode? written, string path)
    {
        foreach (var key in RecordPlan.Of(record.GetType()).Keys)
        {
            var (value, node) = (key.Property.GetValue(record), written?.Find(key.Word)?.Value);
            var where = path.Length == 0 ? key.Word : $"{path}.{key.Word}";
            if (value is null || node is null)
                continue;
            if (key.IsSecret)
            {
                if (node is ScalarNode { Text: var text } && !Variables.In(text))
                    yield return where;
            }
            else if (RecordPlan.MapOf(key.Type) is not null)
                foreach (DictionaryEntry entry in (IDictionary)value)
                foreach (
                    var found in Below(entry.Value!, (node as MapNode)?.Map((string)entry.Key), $"{where}.{entry.Key}")
                )
                    yield return found;
            else if (RecordPlan.IsRecord(key.Type))
                foreach (var found in Below(value, node as MapNode, where))
                    yield return found;
        }
    }

    private static IEnumerable<string> Below(object record, MapNode? written, string path) =>
        written is null ? [] : Of(record, written, path);
}
