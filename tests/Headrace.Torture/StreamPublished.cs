using System.Text;
using System.Text.Json.Nodes;
using Headrace.Tests;

namespace Headrace.Torture;

/// <summary>A stream of Kinesis, as moto plays it; a line for each record, in the order of its shard.</summary>
internal sealed class StreamPublished(MotoServer moto, string stream) : IPublished
{
    public string Yaml => $"{{ type: kinesis, stream: {stream}, region: us-east-1, endpoint: '{moto.Endpoint}' }}";

    public bool Grows => true;

    public async Task<IReadOnlyList<(string Name, string Text)>> ReadAsync()
    {
        var seen = new List<(string, string)>();
        foreach (var shard in (await AskAsync("ListShards", new() { ["StreamName"] = stream }))["Shards"]!.AsArray())
        {
            var iterator = await AskAsync(
                "GetShardIterator",
                new()
                {
                    ["StreamName"] = stream,
                    ["ShardId"] = $"{shard!["ShardId"]}",
                    ["ShardIteratorType"] = "TRIM_HORIZON",
                }
            );
            var answer = await AskAsync("GetRecords", new() { ["ShardIterator"] = $"{iterator["ShardIterator"]}" });
            var lines = answer["Records"]!
                .AsArray()
                .Select(record => Encoding.UTF8.GetString(Convert.FromBase64String($"{record!["Data"]}")) + "\n");
            seen.Add(($"{shard["ShardId"]}", string.Concat(lines)));
        }

        return seen;
    }

    private Task<JsonNode> AskAsync(string operation, JsonObject members) =>
        moto.AskAsync("kinesis", $"Kinesis_20131202.{operation}", members);
}
