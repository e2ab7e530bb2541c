using System.Text.Json.Serialization;

namespace Headrace;

/// <summary>A run as JSON, for ledgers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(Run))]
public sealed partial class RunJson : JsonSerializerContext;
