using System.Text.Json;
using Xunit;

namespace Headrace.Tests;

/// <summary>What a command answered.</summary>
public sealed record Answer(int Exit, string Output, string Messages)
{
    /// <summary>Standard output and standard error, for what may be in either.</summary>
    public string Text => Output + Messages;

    /// <summary>Standard output as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement.Clone();

    /// <summary>The only run.</summary>
    public RunAnswer Only => Assert.Single(Runs);

    /// <summary>The runs of <c>--json</c>.</summary>
    public IReadOnlyList<RunAnswer> Runs =>
        [.. Json.GetProperty("runs").EnumerateArray().Select(run => new RunAnswer(run))];

    /// <summary>The run of a dataset.</summary>
    public RunAnswer Run(string dataset) => Runs.Single(run => run.Dataset == dataset);
}

/// <summary>One run of <c>--json</c>.</summary>
public sealed record RunAnswer(JsonElement Json)
{
    public string Dataset => Json.GetProperty("dataset").GetString()!;

    public string Outcome => Json.GetProperty("outcome").GetString()!;

    public string Id => Json.GetProperty("run").GetString()!;

    /// <summary>The code of its error, or null.</summary>
    public string? Error =>
        Json.GetProperty("error") is { ValueKind: JsonValueKind.Object } error
            ? error.GetProperty("code").GetString()
            : null;

    /// <summary>All of its error as JSON text.</summary>
    public string ErrorText => Json.GetProperty("error").ToString();

    public string Warnings =>
        string.Join('\n', Json.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()));

    public long this[string count] => Json.GetProperty(count).GetInt64();

    /// <summary>inserted, updated, deleted, unchanged, quarantined.</summary>
    public string Counts =>
        string.Join(
            ' ',
            (string[])
                [
                    $"{this["inserted"]}i",
                    $"{this["updated"]}u",
                    $"{this["deleted"]}d",
                    $"{this["unchanged"]}s",
                    $"{this["quarantined"]}q",
                ]
        );
}
