using System.Buffers;
using System.ComponentModel;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>
/// The JSON schema (draft-07) of headrace.yaml for editors, made from the records that the file is bound to.
/// </summary>
public static class ConfigurationSchema
{
    // A variable may stand in any value; what it holds is known only when the file is loaded.
    const string VariablePattern = @"\$\{";

    static readonly string ColumnPattern =
        "^("
        + string.Join("|", ColumnType.Names.Split(", ").Where(name => !name.Contains('(')))
        + @"|decimal\s*\(\s*[0-9]+\s*(,\s*[0-9]+\s*)?\))$";

    /// <summary>The schema as indented JSON.</summary>
    public static string Write()
    {
        var text = new ArrayBufferWriter<byte>();
        using (
            var writer = new Utf8JsonWriter(
                text,
                new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
            Make().WriteTo(writer);
        return Encoding.UTF8.GetString(text.WrittenSpan) + "\n";
    }

    internal static JsonObject Make()
    {
        var schema = Any(typeof(Project));
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", "headrace.yaml");

        // A connection of an environment may leave out what the file's connection of that name says.
        var changed = schema["properties"]!["environments"]!["additionalProperties"]!["properties"]!["connections"]![
            "additionalProperties"
        ]!.AsObject();
        changed.Remove("required");
        foreach (var kind in changed["anyOf"]!.AsArray())
            kind!.AsObject().Remove("required");
        return schema;
    }

    static JsonObject Any(Type type)
    {
        if (RecordPlan.MapOf(type) is { } each)
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Any(each) };
        if (RecordPlan.ListOf(type) is { } record)
            return new JsonObject { ["type"] = "array", ["items"] = Any(record) };
        if (!RecordPlan.IsRecord(type))
            return Value(type);
        var shape = type == typeof(Connection) ? Connections() : Record(type);
        if (type.GetCustomAttribute<ShortForAttribute>() is { } brief)
        {
            var one = shape["properties"]![brief.Key]!.DeepClone().AsObject();
            one.Remove("description");
            shape = new JsonObject { ["anyOf"] = new JsonArray(one, shape) };
        }

        if (type.GetCustomAttribute<DescriptionAttribute>() is { } description)
            shape.Insert(0, "description", description.Description);
        return shape;
    }

    static JsonObject Connections() =>
        new()
        {
            ["type"] = "object",
            ["required"] = new JsonArray("type"),
            ["anyOf"] = new JsonArray([
                .. Connection.Kinds.Select(kind =>
                {
                    var one = Any(kind.Type);
                    one["properties"]!.AsObject().Insert(0, "type", new JsonObject { ["const"] = kind.Word });
                    return one;
                }),
            ]),
        };

    static JsonObject Record(Type type)
    {
        var plan = RecordPlan.Of(type);
        var usual = plan.New();
        var shape = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(
                plan.Keys.Select(key =>
                    KeyValuePair.Create(key.Word, (JsonNode?)Key(key, key.Property.GetValue(usual)))
                )
            ),
        };
        if (plan.Keys.Any(key => key.Required))
            shape["required"] = new JsonArray([
                .. plan.Keys.Where(key => key.Required).Select(key => (JsonNode)key.Word),
            ]);
        if (type == typeof(FlowColumn)) // what is dropped needs no type
            shape["anyOf"] = new JsonArray(
                new JsonObject { ["required"] = new JsonArray("type") },
                new JsonObject { ["required"] = new JsonArray("drop") }
            );
        shape["additionalProperties"] = false;
        return shape;
    }

    static JsonObject Key(KeyPlan key, object? usual)
    {
        var shape =
            key.Property.Name == nameof(Project.Version) && key.Property.DeclaringType == typeof(Project)
                ? new JsonObject { ["const"] = 1 }
                : Any(key.Type);
        if (key.AtLeast is { } least)
            shape["minimum"] = least;
        if (key.Type != key.Property.PropertyType || (usual is null && !key.Required && RecordPlan.IsRecord(key.Type)))
            AllowNothing(shape);
        shape.Remove("description");
        shape.Insert(0, "description", key.Property.GetCustomAttribute<DescriptionAttribute>()!.Description);
        if (!key.Required && Usual(usual) is { } value)
            shape["default"] = value;
        return shape;
    }

    // A flow says null for a key that a default gives a value and that it wants without one.
    static void AllowNothing(JsonObject shape)
    {
        JsonNode nothing = "null";
        if (shape["anyOf"] is JsonArray choices)
            choices.Add((JsonNode)new JsonObject { ["type"] = nothing });
        else if (shape["type"] is JsonArray types)
            types.Add(nothing);
        else
            shape["type"] = new JsonArray(shape["type"]!.DeepClone(), nothing);
    }

    /// <summary>The schema of one value.</summary>
    static JsonObject Value(Type type)
    {
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(IReadOnlyList<string>))
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject { ["type"] = "string" },
                    new JsonObject
                    {
                        ["type"] = "array",
                        ["items"] = new JsonObject { ["type"] = "string" },
                    }
                ),
            };
        if (type == typeof(bool))
            return new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "boolean" }, Variable()) };
        if (type.IsEnum)
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject
                    {
                        ["enum"] = new JsonArray([.. Choices.Of(type).Select(choice => (JsonNode)choice.Word)]),
                    },
                    Variable()
                ),
            };
        return type switch
        {
            _ when type == typeof(int) => Number("^[0-9]+$"),
            _ when type == typeof(long) => Number(Quantity.SizePattern),
            _ when type == typeof(double) => Number(Quantity.SharePattern, "number", 0, 1),
            _ when type == typeof(TimeSpan) => Number(Quantity.DurationPattern, most: 0),
            _ when type == typeof(ColumnType) => new JsonObject
            {
                ["type"] = "string",
                ["pattern"] = $"{ColumnPattern}|{VariablePattern}",
            },
            _ => throw new NotSupportedException($"Keys of type {type} have no schema."),
        };
    }

    static JsonObject Number(string pattern, string type = "integer", int? least = null, int? most = null)
    {
        var shape = new JsonObject
        {
            ["type"] = new JsonArray("string", type),
            ["pattern"] = $"{pattern}|{VariablePattern}",
        };
        if (least is { } minimum)
            shape["minimum"] = minimum;
        if (most is { } maximum)
            shape["maximum"] = maximum;
        return shape;
    }

    static JsonObject Variable() => new() { ["type"] = "string", ["pattern"] = VariablePattern };

    static JsonNode? Usual(object? value) =>
        value switch
        {
            bool yes => yes,
            int number => number,
            string { Length: 0 } or null => null,
            _ => TypeWords.Text(value) is { Length: > 0 } text ? text : null,
        };
}
