using System.Text.Json;

namespace Headrace.Staging;

/// <summary>
/// A line of an export of DynamoDB: an item, or a change of one. Its row has plain values; a change without a new image
/// deletes.
/// </summary>
/// <param name="paths">
/// What columns take of an item: the name of an attribute, or names with points between them; <c>*</c> for the item
/// without what others take. Empty for all attributes under their own names.
/// </param>
/// <remarks>
/// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html. Numbers are texts of up
/// to 38 digits there and keep all of them; sets become arrays.
/// </remarks>
internal sealed class DynamoForm(IReadOnlyList<string> paths) : JsonForm
{
    private const string Rest = "*";

    protected override void Write(JsonElement json, Utf8JsonWriter row)
    {
        if (json.TryGetProperty("Item", out var item))
        {
            row.WriteString(Envelope.OperationColumn, "U");
            WriteItem(row, item, isWhole: true);
            return;
        }

        var hasImage = json.TryGetProperty("NewImage", out var image);
        row.WriteString(Envelope.OperationColumn, hasImage ? "U" : "D");
        row.WritePropertyName(Envelope.OrderColumn(0));
        WriteValue(row, json.GetProperty("Metadata").GetProperty("WriteTimestampMicros"));
        WriteItem(row, hasImage ? image : json.GetProperty("Keys"), isWhole: hasImage);
    }

    private void WriteItem(Utf8JsonWriter json, JsonElement item, bool isWhole)
    {
        if (paths.Count == 0)
            foreach (var attribute in item.EnumerateObject())
            {
                json.WritePropertyName(attribute.Name);
                WriteValue(json, attribute.Value);
            }

        foreach (var path in paths)
            if (path == Rest)
            {
                if (!isWhole)
                    continue;
                json.WriteStartObject(Rest);
                WriteRest(json, item, "");
                json.WriteEndObject();
            }
            else if (Find(item, path) is { } value)
            {
                json.WritePropertyName(path);
                WriteValue(json, value);
            }
            else if (isWhole)
                json.WriteNull(path);
    }

    // The attributes but those that columns take; an attribute of a map that others take loses only what they take.
    private void WriteRest(Utf8JsonWriter json, JsonElement map, string above)
    {
        foreach (var attribute in map.EnumerateObject())
        {
            var path = above + attribute.Name;
            if (paths.Contains(path))
                continue;
            json.WritePropertyName(attribute.Name);
            if (
                attribute.Value.TryGetProperty("M", out var inner)
                && paths.Any(other => other.StartsWith($"{path}.", StringComparison.Ordinal))
            )
            {
                json.WriteStartObject();
                WriteRest(json, inner, $"{path}.");
                json.WriteEndObject();
            }
            else
                WriteValue(json, attribute.Value);
        }
    }

    // An attribute of this very name, or the way through maps.
    private static JsonElement? Find(JsonElement map, string path)
    {
        if (map.TryGetProperty(path, out var value))
            return value;
        for (var point = path.IndexOf('.'); point >= 0; point = path.IndexOf('.', point + 1))
            if (
                map.TryGetProperty(path[..point], out var outer)
                && outer.TryGetProperty("M", out var inner)
                && Find(inner, path[(point + 1)..]) is { } found
            )
                return found;
        return null;
    }

    private static void WriteValue(Utf8JsonWriter json, JsonElement typed)
    {
        var (type, value) = Single(typed);
        switch (type)
        {
            case "S" or "B":
                json.WriteStringValue(value.GetString());
                break;
            case "N":
                json.WriteRawValue(value.GetString()!);
                break;
            case "BOOL":
                json.WriteBooleanValue(value.GetBoolean());
                break;
            case "NULL":
                json.WriteNullValue();
                break;
            case "M":
                json.WriteStartObject();
                foreach (var attribute in value.EnumerateObject())
                {
                    json.WritePropertyName(attribute.Name);
                    WriteValue(json, attribute.Value);
                }

                json.WriteEndObject();
                break;
            case "L":
                json.WriteStartArray();
                foreach (var element in value.EnumerateArray())
                    WriteValue(json, element);
                json.WriteEndArray();
                break;
            case "SS" or "BS" or "NS":
                json.WriteStartArray();
                foreach (var element in value.EnumerateArray())
                    if (type == "NS")
                        json.WriteRawValue(element.GetString()!);
                    else
                        json.WriteStringValue(element.GetString());
                json.WriteEndArray();
                break;
            default:
                throw new JsonException($"'{type}' is no type of DynamoDB");
        }
    }

    private static (string Type, JsonElement Value) Single(JsonElement typed)
    {
        var members = typed.EnumerateObject();
        if (!members.MoveNext())
            throw new JsonException("a value without a type");
        var (name, value) = (members.Current.Name, members.Current.Value);
        return members.MoveNext() ? throw new JsonException("a value with two types") : (name, value);
    }
}
