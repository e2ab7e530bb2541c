using System.Text;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>
/// A stand-in for a stream whose shard was split, which moto does not do as Kinesis: there a closed shard takes records
/// and has no end. Here the parent is closed, and says so (no NextShardIterator) some answers after its last record,
/// each with MillisBehindLatest 0
/// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html).
/// </summary>
public sealed class SplitStream : IAsyncDisposable
{
    private readonly FakeHttp http;
    private readonly Dictionary<string, string[]> shards;

    /// <param name="parent">The texts of the parent's records.</param>
    /// <param name="child">Those of the records of one of its children; the other one has none.</param>
    public SplitStream(string[] parent, string[] child)
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        shards = new()
        {
            ["shardId-0"] = parent,
            ["shardId-1"] = child,
            ["shardId-2"] = [],
        };
        http = new FakeHttp(request =>
            Task.FromResult(
                (
                    200,
                    Answer(request.Headers["x-amz-target"].Split('.')[1], JsonNode.Parse(request.Body)!).ToJsonString()
                )
            )
        );
    }

    public string Endpoint => http.Endpoint;

    /// <summary>The empty answers of the parent before the one that says its end.</summary>
    public int EmptyAnswers { get; set; }

    public ValueTask DisposeAsync() => http.DisposeAsync();

    private JsonObject Answer(string operation, JsonNode asked) =>
        operation switch
        {
            "DescribeStreamSummary" => new() { ["StreamDescriptionSummary"] = Summary() },
            "ListShards" => new() { ["Shards"] = new JsonArray([.. shards.Keys.Select(Shard)]) },
            "GetShardIterator" => new()
            {
                ["ShardIterator"] = $"{asked["ShardId"]} {asked["StartingSequenceNumber"] ?? "0"} 0",
            },
            _ => Records($"{asked["ShardIterator"]}".Split(' ')),
        };

    private static JsonObject Summary() => new() { ["OpenShardCount"] = 2, ["RetentionPeriodHours"] = 24 };

    private static JsonObject Shard(string id) =>
        id == "shardId-0"
            ? new()
            {
                ["ShardId"] = id,
                ["SequenceNumberRange"] = new JsonObject
                {
                    ["StartingSequenceNumber"] = "0",
                    ["EndingSequenceNumber"] = "999",
                },
            }
            : new()
            {
                ["ShardId"] = id,
                ["ParentShardId"] = "shardId-0",
                ["SequenceNumberRange"] = new JsonObject { ["StartingSequenceNumber"] = "1000" },
            };

    private JsonObject Records(string[] iterator)
    {
        var (id, after, empty) = (iterator[0], int.Parse(iterator[1]), int.Parse(iterator[2]));
        var first = id == "shardId-0" ? 1 : 1000;
        var records = shards[id]
            .Select((text, i) => (Number: first + i, Text: text))
            .Where(record => record.Number > after)
            .ToList();
        var isEnd = id == "shardId-0" && records.Count == 0 && empty >= EmptyAnswers;
        return new()
        {
            ["MillisBehindLatest"] = 0,
            ["NextShardIterator"] = isEnd
                ? null
                : $"{id} {(records.Count > 0 ? records[^1].Number : after)} {(records.Count > 0 ? 0 : empty + 1)}",
            ["Records"] = new JsonArray([
                .. records.Select(record => new JsonObject
                {
                    ["SequenceNumber"] = $"{record.Number}",
                    ["ApproximateArrivalTimestamp"] = 1_700_000_000,
                    ["PartitionKey"] = "k",
                    ["Data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(record.Text)),
                }),
            ]),
        };
    }
}
