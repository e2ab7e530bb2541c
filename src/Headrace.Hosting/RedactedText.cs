using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headrace.Hosting;

/// <summary>
/// Texts of a JSON document without secrets. Names of properties, numbers and the contract's own words stay as they
/// are.
/// </summary>
internal sealed class RedactedText(Func<string, string> redact) : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(redact(value));

    public override string ReadAsPropertyName(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options
    ) => reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);
}

/// <summary>
/// A word of the contract (an outcome, a code, an identifier): a secret that happens to be the same word does not
/// change it.
/// </summary>
internal sealed class ContractWord : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
