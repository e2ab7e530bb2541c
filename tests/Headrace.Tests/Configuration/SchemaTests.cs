using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Headrace.Configuration;
using Headrace.Configuration.Binding;
using Xunit;

namespace Headrace.Tests.Configuration;

public class SchemaTests
{
    static readonly JsonObject Schema = JsonNode.Parse(ConfigurationSchema.Write())!.AsObject();

    [Fact]
    public void It_is_a_draft_07_schema_without_references()
    {
        Assert.Equal("http://json-schema.org/draft-07/schema#", (string?)Schema["$schema"]);
        Assert.DoesNotContain("\"$ref\"", Schema.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_each_key_that_the_loader_knows_and_no_other()
    {
        Agree(typeof(Project), Schema, "");

        static void Agree(Type type, JsonNode schema, string path)
        {
            var kinds = type == typeof(Connection) ? Connection.Kinds : [("", type)];
            foreach (var (word, kind) in kinds)
            {
                var keys = (
                    schema["anyOf"]
                        ?.AsArray()
                        .FirstOrDefault(one =>
                            one!["properties"] is { } some && (word == "" || (string?)some["type"]!["const"] == word)
                        )
                    ?? schema
                )!;
                Assert.False((bool)keys["additionalProperties"]!, path);
                var plan = RecordPlan.Of(kind);
                Assert.Equal(
                    plan.Words.Concat(word == "" ? [] : ["type"]).Order(StringComparer.Ordinal),
                    keys["properties"]!.AsObject().Select(one => one.Key).Order(StringComparer.Ordinal)
                );
                foreach (var key in plan.Keys)
                {
                    var below = keys["properties"]![key.Word]!;
                    Assert.True(
                        (string?)below["description"] is { Length: > 10 },
                        $"{path}.{key.Word} has no description"
                    );
                    if (RecordPlan.ListOf(key.Type) is { } item)
                        Agree(item, below["items"]!, $"{path}.{key.Word}.ITEM");
                    else if (RecordPlan.MapOf(key.Type) is { } each)
                        Agree(each, below["additionalProperties"]!, $"{path}.{key.Word}.NAME");
                    else if (RecordPlan.IsRecord(key.Type))
                        Agree(key.Type, below, $"{path}.{key.Word}");
                }
            }
        }
    }

    [Fact]
    public void It_accepts_what_the_loader_accepts()
    {
        Assert.Equal([], Check(LoadingTests.Contract));
        Assert.Equal([], Check(ProjectFile.Show(Written.Project(LoadingTests.Contract))));
        foreach (var example in ReferenceTests.Examples())
            Assert.Equal([], Check(example));
        Assert.Equal(
            [],
            Check(
                Written.FlowText(
                    "write: ${W}",
                    "enabled: \"${E}\"",
                    "timeout: null",
                    "retries: ${R}",
                    "settle: 0",
                    "allow: 0.2",
                    "batch_bytes: 1000",
                    "columns: { a: \"decimal(10, 2)\" }"
                )
            )
        );
    }

    [Theory]
    [InlineData("write: apend")]
    [InlineData("enabled: yes")]
    [InlineData("retires: 3")]
    [InlineData("retries: -1")]
    [InlineData("allow: 5")]
    [InlineData("settle: 5")]
    [InlineData("batch_bytes: much")]
    [InlineData("columns: { a: string }")]
    [InlineData("columns: { a: { from: b } }")]
    [InlineData("target: { tabel: x }")]
    [InlineData("primary_key: { a: b }")]
    public void It_refuses_what_the_loader_refuses(string key)
    {
        Assert.NotEmpty(Written.Load(Written.FlowText("write: append", key)).Problems);
        Assert.NotEmpty(Check(Written.FlowText(key)));
    }

    [Theory]
    [InlineData("c: { type: s3, path: x }")]
    [InlineData("c: { type: folder }")]
    [InlineData("c: { type: folder, path: x, memory: 1GB }")]
    public void It_refuses_connections_that_the_loader_refuses(string connection) =>
        Assert.NotEmpty(Check($"version: 1\nconnections:\n  {connection}\n"));

    static List<string> Check(string yaml)
    {
        var problems = new Problems("headrace.yaml", yaml);
        var found = new List<string>();
        Check(Json(YamlReader.Read(yaml, problems)!), Schema, "", found);
        return found;
    }

    // As an editor reads it: plain texts are numbers, yes or no and nothing where they look so.
    static JsonNode? Json(Node node) =>
        node switch
        {
            MapNode map => new JsonObject(
                map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Text, Json(entry.Value)))
            ),
            ListNode list => new JsonArray([.. list.Items.Select(Json)]),
            { IsNull: true } => null,
            ScalarNode { Style: ScalarStyle.Plain, Text: "true" or "false" } yes => yes.Text == "true",
            ScalarNode { Style: ScalarStyle.Plain } plain
                when double.TryParse(plain.Text, System.Globalization.CultureInfo.InvariantCulture, out var number) =>
                number,
            ScalarNode scalar => scalar.Text,
            _ => null,
        };

    // As much of draft-07 as the schema uses.
    static void Check(JsonNode? value, JsonNode schema, string path, List<string> found)
    {
        var number =
            value is JsonValue && value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? (double?)value : null;
        var text =
            value is JsonValue && value.GetValueKind() == System.Text.Json.JsonValueKind.String ? (string?)value : null;
        foreach (var (word, rule) in schema.AsObject())
        {
            var holds = word switch
            {
                "type" => (rule as JsonArray ?? [(string?)rule]).Any(type => Is(value, number, text, (string)type!)),
                "const" => Same(value, rule),
                "enum" => rule!.AsArray().Any(one => Same(one, value)),
                "pattern" => text is null || Regex.IsMatch(text, (string)rule!),
                "minimum" => number is null || number >= (double)rule!,
                "maximum" => number is null || number <= (double)rule!,
                "required" => value is not JsonObject some
                    || rule!.AsArray().All(key => some.ContainsKey((string)key!)),
                "anyOf" => rule!.AsArray().Any(one => Holds(value, one!)),
                "properties"
                or "additionalProperties"
                or "items"
                or "description"
                or "default"
                or "$schema"
                or "title" => true,
                _ => throw new InvalidOperationException($"the schema uses '{word}'"),
            };
            if (!holds)
                found.Add($"{path}: {word}");
        }

        if (value is JsonObject keys)
            foreach (var (key, below) in keys)
                if (schema["properties"]?[key] is { } known)
                    Check(below, known, $"{path}.{key}", found);
                else if (schema["additionalProperties"] is JsonObject any)
                    Check(below, any, $"{path}.{key}", found);
                else if (schema["additionalProperties"] is not null)
                    found.Add($"{path}: unknown key {key}");
        if (value is JsonArray items && schema["items"] is { } each)
            foreach (var item in items)
                Check(item, each, path + "[]", found);
    }

    static bool Same(JsonNode? one, JsonNode? other) => one?.ToJsonString() == other?.ToJsonString();

    static bool Holds(JsonNode? value, JsonNode schema)
    {
        var found = new List<string>();
        Check(value, schema, "", found);
        return found.Count == 0;
    }

    static bool Is(JsonNode? value, double? number, string? text, string type) =>
        type switch
        {
            "object" => value is JsonObject,
            "array" => value is JsonArray,
            "string" => text is not null,
            "integer" => number is { } whole && double.IsInteger(whole),
            "number" => number is not null,
            "boolean" => value is JsonValue
                && value.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
            "null" => value is null,
            _ => throw new InvalidOperationException($"the schema uses the type '{type}'"),
        };
}
