using System.Text.Json.Serialization;

namespace Headrace.Hosting;

/// <summary>What a command asks of a server instead of running it beside it.</summary>
internal sealed record HandedOver(
    string Project,
    IReadOnlyList<string> Names,
    IReadOnlyList<string> Accepted,
    IReadOnlyList<string> Confirmed,
    IReadOnlyList<string> TakenOver,
    TimeSpan? TimeBudget,
    TimeSpan? Wait
);

/// <summary>A line of the server's answer: how far a dataset is, or at last what came of all.</summary>
internal sealed record HandOverLine
{
    /// <summary>A dataset on its way.</summary>
    public Run? Run { get; init; }

    public LoadProgress? Progress { get; init; }

    public RunResult? Result { get; init; }

    /// <summary>Files that are to be read again, and that some dataset has.</summary>
    public IReadOnlyList<string>? Found { get; init; }

    public RunError? Error { get; init; }
}

/// <summary>What a command and a server say to each other; both are of one version.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(HandedOver))]
[JsonSerializable(typeof(HandOverLine))]
internal sealed partial class HandOverJson : JsonSerializerContext;
