using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>The JSON schema (draft-07) of headrace.yaml for editors, made from the records that the file is bound to.</summary>
public static class ConfigurationSchema
{
    // A variable may stand in any value; what it holds is known only when the file is loaded.
    const string VariablePattern = @"\$\{";

    /// <summary>The schema as indented JSON.</summary>
    public static string Write() => Make().ToJsonString(new JsonSerializerOptions(Options) { WriteIndented = true }) + "\n";

    internal static JsonObject Make()
    {
        var schema = Options.GetJsonSchemaAsNode(typeof(Project), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform }).AsObject();
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", "headrace.yaml");
        Inline(schema, schema);

        // A connection of an environment may leave out what the file's connection of that name says.
        var changed = schema["properties"]!["environments"]!["additionalProperties"]!["properties"]!["connections"]!["additionalProperties"]!.AsObject();
        changed.Remove("required");
        foreach (var kind in changed["anyOf"]!.AsArray())
            kind!.AsObject().Remove("required");
        return schema;
    }

    // Draft-07 readers pass over everything beside a $ref, descriptions too; so each place gets its own copy.
    static void Inline(JsonNode? node, JsonObject root)
    {
        if (node is JsonArray items)
            foreach (var item in items)
                Inline(item, root);
        if (node is not JsonObject keys)
            return;
        if (keys["$ref"]?.GetValue<string>() is { } pointer)
        {
            JsonNode target = root;
            foreach (var step in pointer.Split('/').Skip(1))
                target = target is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : target[step]!;
            keys.Remove("$ref");
            foreach (var (key, value) in target.AsObject())
                if (!keys.ContainsKey(key))
                    keys[key] = value?.DeepClone();
        }

        foreach (var (_, value) in keys)
            Inline(value, root);
    }

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { OnlyKeys, ConnectionTypes } },
    };

    static void OnlyKeys(JsonTypeInfo info)
    {
        for (var index = info.Properties.Count - 1; index >= 0; index--)
        {
            var property = info.Properties[index];
            if (property.AttributeProvider is not PropertyInfo own)
                continue;
            if (RecordPlan.IsKey(own))
                property.Name = RecordPlan.WordOf(own);
            else
                info.Properties.RemoveAt(index);
        }
    }

    static void ConnectionTypes(JsonTypeInfo info)
    {
        if (info.Type != typeof(Connection))
            return;
        info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "type" };
        foreach (var (word, type) in Connection.Kinds)
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, word));
    }

    static JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var property = context.PropertyInfo?.AttributeProvider as PropertyInfo;
        var shape = Shape(type, property) ?? schema as JsonObject;
        if (shape is null)
            return schema;
        if (type != context.TypeInfo.Type)
            AllowNothing(shape);

        if (type.GetCustomAttribute<ShortForAttribute>() is { } brief && shape["properties"]?[brief.Key] is { } value)
        {
            var one = value.DeepClone().AsObject();
            one.Remove("description");
            shape = new JsonObject { ["anyOf"] = new JsonArray(one, shape) };
        }

        var description = property?.GetCustomAttribute<DescriptionAttribute>() ?? (property is null ? type.GetCustomAttribute<DescriptionAttribute>() : null);
        if (description is not null)
        {
            shape.Remove("description");
            shape.Insert(0, "description", description.Description);
        }

        if (property is not null && Default(property) is { } usual && !shape.ContainsKey("default"))
            shape["default"] = usual;
        return shape;
    }

    // A flow says null for a key that a default gives a value and that it wants without one.
    static void AllowNothing(JsonObject shape)
    {
        if (shape["type"] is JsonArray types)
            types.Add("null");
        else if (shape["anyOf"] is JsonArray choices)
            choices.Add(new JsonObject { ["type"] = "null" });
    }

    /// <summary>The schema of one value; null for a record or a map.</summary>
    static JsonObject? Shape(Type type, PropertyInfo? property)
    {
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(IReadOnlyList<string>))
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject { ["type"] = "string" },
                    new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }),
            };
        if (type == typeof(bool))
            return new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "boolean" }, Variable()) };
        if (type.IsEnum)
            return new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    new JsonObject { ["enum"] = new JsonArray([.. Choices.Of(type).Select(choice => (JsonNode)choice.Word)]) },
                    Variable()),
            };
        if (property?.Name == nameof(Project.Version) && property.DeclaringType == typeof(Project))
            return new JsonObject { ["const"] = 1 };
        var pattern = type switch
        {
            _ when type == typeof(int) => "^[0-9]+$",
            _ when type == typeof(long) => Quantity.SizePattern,
            _ when type == typeof(double) => Quantity.SharePattern,
            _ when type == typeof(TimeSpan) => Quantity.DurationPattern,
            _ when type == typeof(ColumnType) => ColumnPattern,
            _ => null,
        };
        if (pattern is null)
            return null;
        var shape = new JsonObject { ["type"] = new JsonArray("string", type == typeof(double) ? "number" : "integer"), ["pattern"] = $"{pattern}|{VariablePattern}" };
        if (type == typeof(ColumnType))
            shape["type"] = "string";
        if (type == typeof(TimeSpan))
            shape["maximum"] = 0;
        else if (type == typeof(double))
        {
            shape["minimum"] = 0;
            shape["maximum"] = 1;
        }
        else if (property?.GetCustomAttribute<AtLeastAttribute>() is { } least)
            shape["minimum"] = least.Value;
        return shape;
    }

    static readonly string ColumnPattern =
        "^(" + string.Join("|", ColumnType.Names.Split(", ").Where(name => !name.Contains('('))) + @"|decimal\s*\(\s*[0-9]+\s*(,\s*[0-9]+\s*)?\))$";

    static JsonObject Variable() => new() { ["type"] = "string", ["pattern"] = VariablePattern };

    static JsonNode? Default(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        if (type.IsAbstract || property.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute)))
            return null;
        return property.GetValue(RecordPlan.Of(type).New()) switch
        {
            bool yes => yes,
            int number => number,
            string { Length: 0 } or null => null,
            var value => TypeWords.Text(value),
        };
    }
}
