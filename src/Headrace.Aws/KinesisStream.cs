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
    private readonly AwsJson service = new(
        new AwsCaller(settings.Region, settings.Endpoint, secrets, clock, settings.Profile),
        "kinesis",
        "Kinesis_20131202"
    );

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"kinesis stream {settings.Stream}";

    /// <summary>
    /// What reading from it takes: a source lists shards and reads them, and asks how long records stay.
    /// </summary>
    public static IEnumerable<AwsRight> Reads(KinesisConnection stream) =>
        [
            new(
                [
                    "kinesis:DescribeStreamSummary",
                    "kinesis:ListShards",
                    "kinesis:GetShardIterator",
                    "kinesis:GetRecords",
                ],
                [Arn(stream)]
            ),
        ];

    /// <summary>What publishing to it takes; `doctor` looks at it.</summary>
    public static IEnumerable<AwsRight> Writes(KinesisConnection stream) =>
        [new(["kinesis:PutRecords", "kinesis:DescribeStreamSummary"], [Arn(stream)])];

    private static string Arn(KinesisConnection stream) =>
        AwsRight.Arn("kinesis", stream.Region, null, $"stream/{AwsRight.Literal(stream.Stream)}");

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
    internal Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isNamed = true
    ) =>
        service.AskAsync(
            operation,
            json =>
            {
                if (isNamed)
                    json.WriteString("StreamName", settings.Stream);
                write(json);
            },
            cancel
        );
}
