using System.Buffers;
using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// A stream of Kinesis Data Streams, asked in its JSON protocol (API version 2013-12-02): AWS's SDK has no package for
/// it here.
/// </summary>
/// <param name="secrets">Learns the credentials.</param>
public sealed class KinesisStream(KinesisConnection settings, Secrets secrets, TimeProvider clock)
{
    private readonly AwsCaller caller = new(settings.Region, settings.Endpoint, secrets, clock);

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"kinesis stream {settings.Stream}";

    /// <summary>Says in a few words what is there.</summary>
    /// <exception cref="HeadraceException">HDR-336.</exception>
    public async Task<string> LookAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await AskAsync("DescribeStreamSummary", _ => { }, cancel);
            var summary = answer.RootElement.GetProperty("StreamDescriptionSummary");
            return $"{Address}, {summary.GetProperty("OpenShardCount").GetInt32()} shards, keeps records for "
                + $"{summary.GetProperty("RetentionPeriodHours").GetInt32()} hours";
        }
        catch (AwsRefusal refusal)
        {
            throw Error.StreamRefused(Address, refusal.Message, refusal, refusal.IsTransient);
        }
    }

    /// <summary>Asks for an operation on the stream.</summary>
    /// <param name="operation">As the API names it, such as PutRecords.</param>
    /// <param name="write">Writes the members of the question beside the stream's name.</param>
    /// <param name="isNamed">False where a token says which stream it is.</param>
    /// <exception cref="AwsRefusal">It was not done.</exception>
    internal async Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isNamed = true
    )
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (isNamed)
                json.WriteString("StreamName", settings.Stream);
            write(json);
            json.WriteEndObject();
        }

        var answer = await caller.AskAsync(
            new AwsRequest(
                "kinesis",
                "application/x-amz-json-1.1",
                $"Kinesis_20131202.{operation}",
                body.WrittenSpan.ToArray()
            ),
            cancel
        );
        try
        {
            return JsonDocument.Parse(answer);
        }
        catch (JsonException error)
        {
            throw new AwsRefusal("", "an answer that is none of AWS's", isTransient: true, error);
        }
    }
}
