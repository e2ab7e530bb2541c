using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>The document that describes the endpoints (OpenAPI 3.1), made from the endpoints themselves.</summary>
internal static class OpenApi
{
    /// <summary>The document.</summary>
    public static string Write(IReadOnlyList<Endpoint> endpoints, string version)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("openapi", "3.1.0");
            json.WriteStartObject("info");
            json.WriteString("title", "Headrace");
            json.WriteString("version", version);
            json.WriteEndObject();
            json.WriteStartObject("paths");
            foreach (var path in endpoints.GroupBy(endpoint => endpoint.Path))
            {
                json.WriteStartObject(path.Key);
                foreach (var endpoint in path)
                    Operation(json, endpoint);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            Schemas(json, endpoints);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Operation(Utf8JsonWriter json, Endpoint endpoint)
    {
        json.WriteStartObject(endpoint.Method.ToLowerInvariant());
        json.WriteString("summary", endpoint.Summary);
        json.WriteString(
            "operationId",
            string.Concat(
                $"{endpoint.Method.ToLowerInvariant()}{endpoint.Path}"
                    .Replace("/api/v1", "", StringComparison.Ordinal)
                    .Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_')
            )
        );
        json.WriteStartArray("parameters");
        foreach (var parameter in endpoint.Parameters)
        {
            var isOfPath = endpoint.Path.Contains($"{{{parameter.Name}}}", StringComparison.Ordinal);
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("in", isOfPath ? "path" : "query");
            json.WriteBoolean("required", isOfPath);
            json.WriteString("description", parameter.Description);
            json.WriteStartObject("schema");
            json.WriteString("type", parameter.Type);
            if (parameter.Format is { } format)
                json.WriteString("format", format);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (endpoint.Method == "POST")
        {
            json.WriteStartObject("requestBody");
            json.WriteBoolean(
                "required",
                endpoint.Body is null && endpoint.Path.EndsWith("/events", StringComparison.Ordinal)
            );
            Content(json, "application/json", endpoint.Body);
            json.WriteEndObject();
        }

        json.WriteStartObject("responses");
        json.WriteStartObject(endpoint.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("description", endpoint.Status == 202 ? "Taken on" : "The answer");
        Content(
            json,
            endpoint.IsStream ? "text/event-stream"
                : endpoint.Answer is null ? "text/plain"
                : "application/json",
            endpoint.Answer
        );
        json.WriteEndObject();
        json.WriteStartObject("default");
        json.WriteString("description", "What happened and what did not, what was found, and what to do next");
        Content(json, "application/problem+json", Views.Default.ProblemView);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Content(Utf8JsonWriter json, string type, JsonTypeInfo? schema)
    {
        json.WriteStartObject("content");
        json.WriteStartObject(type);
        json.WritePropertyName("schema");
        if (schema is null)
            json.WriteRawValue(type.StartsWith("text/", StringComparison.Ordinal) ? """{"type":"string"}""" : "{}");
        else
            new JsonObject { ["$ref"] = PlaceOf(schema) }.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string PlaceOf(JsonTypeInfo schema) => $"#/components/schemas/{schema.Type.Name}";

    private static void Schemas(Utf8JsonWriter json, IReadOnlyList<Endpoint> endpoints)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("schemas");
        foreach (
            var schema in endpoints
                .SelectMany(endpoint => (JsonTypeInfo?[])[endpoint.Body, endpoint.Answer])
                .Append(Views.Default.ProblemView)
                .OfType<JsonTypeInfo>()
                .DistinctBy(schema => schema.Type)
                .OrderBy(schema => schema.Type.Name, StringComparer.Ordinal)
        )
        {
            json.WritePropertyName(schema.Type.Name);
            var node = JsonSchemaExporter.GetJsonSchemaAsNode(schema, Options);
            Move(node, PlaceOf(schema));
            node.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    // A schema names what it has said before by its place, which counts from the root of the document.
    private static void Move(JsonNode? node, string place)
    {
        if (node is JsonArray list)
            foreach (var one in list)
                Move(one, place);
        if (node is not JsonObject all)
            return;
        if (all["$ref"] is JsonValue said && said.GetValue<string>() is ['#', .. var rest])
            all["$ref"] = $"{place}{rest}";
        foreach (var (name, one) in all)
            if (name != "$ref")
                Move(one, place);
    }

    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true };
}
