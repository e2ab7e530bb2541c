using System.Buffers;
using System.Text.Json;

namespace Headrace.Aws;

/// <summary>A service of AWS that is asked in AWS's JSON protocol.</summary>
/// <param name="name">As its endpoint and its signatures name it.</param>
/// <param name="api">What the header says before the name of an operation, as Kinesis_20131202.</param>
/// <param name="version">The protocol's.</param>
internal sealed class AwsJson(AwsCaller caller, string name, string api, string version = "1.1")
{
    /// <summary>Asks for an operation.</summary>
    /// <param name="operation">As the API names it, such as PutRecords.</param>
    /// <param name="write">Writes the members of the question.</param>
    /// <exception cref="AwsRefusal">It was not done.</exception>
    public async Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel
    ) => (await AskWhenAsync(operation, write, cancel)).Answer;

    /// <summary>The same, with what time the service has, to the second.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public async Task<(JsonDocument Answer, DateTimeOffset At)> AskWhenAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel
    )
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        var (answer, at) = await caller.AskWhenAsync(
            new AwsRequest(name, $"application/x-amz-json-{version}", $"{api}.{operation}", body.WrittenSpan.ToArray()),
            cancel
        );
        try
        {
            return (JsonDocument.Parse(answer.Length == 0 ? "{}" : answer), at);
        }
        catch (JsonException error)
        {
            throw new AwsRefusal("", "an answer that is none of AWS's", isTransient: true, error);
        }
    }
}
