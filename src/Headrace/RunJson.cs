using System.Text.Json.Serialization;

namespace Headrace;

/// <summary>A run as JSON, for ledgers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(Run))]
public sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>
    /// What the text of a run has that made or changed a table, and no other has: a quote inside of a value is written
    /// with a backslash.
    /// </summary>
    public const string Ddl = "\"ddl\":[\"";
}
