using System.Text.Json.Serialization.Metadata;

namespace Headrace.Server;

/// <summary>A parameter of a path (in braces there) or of a query.</summary>
internal sealed record Parameter(string Name, string Description)
{
    /// <summary>A word of JSON schema.</summary>
    public string Type { get; init; } = "string";

    /// <summary>For a text: <c>date-time</c>.</summary>
    public string? Format { get; init; }
}

/// <summary>
/// Something that the server answers: what it is, for the router and for the document that describes it.
/// </summary>
/// <param name="Path">Parameters of the path stand in braces.</param>
/// <param name="Status">Of a good answer.</param>
/// <param name="Answer">What a good answer is; null for a text.</param>
/// <param name="Handle">Answers; a value of the answer's type, or a text.</param>
internal sealed record Endpoint(
    string Method,
    string Path,
    string Summary,
    IReadOnlyList<Parameter> Parameters,
    int Status,
    JsonTypeInfo? Answer,
    Func<Call, Task<object>> Handle
)
{
    /// <summary>What the request's body is; null for none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>True for events that come one after the other; what handles it gives the job they tell of.</summary>
    public bool IsStream { get; init; }

    /// <summary>True when all who ask within a second have one answer.</summary>
    public bool IsShared { get; init; }
}
