using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>
/// A stream of moto's behind a fake that may refuse records as Kinesis does, which moto never does: an answer of 200 in
/// which some records have an ErrorCode
/// (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
/// </summary>
public sealed class KinesisServer : IAsyncDisposable
{
    /// <summary>The stream's name, its own.</summary>
    public string Stream { get; } = $"s{Guid.NewGuid():N}"[..12];

    private readonly MotoServer moto;
    private readonly FakeHttp http;
    private readonly HttpClient client = new();

    private KinesisServer(MotoServer moto)
    {
        this.moto = moto;
        http = new FakeHttp(AnswerAsync);
    }

    public string Endpoint => http.Endpoint;

    /// <summary>Of a call to PutRecords the numbers of the records that are refused, by the texts of all.</summary>
    public Func<IReadOnlyList<string>, IEnumerable<int>> Refuse { get; set; } = _ => [];

    /// <summary>An answer in the stream's stead; null for its own.</summary>
    public Func<string, (int Status, string Body)?> Instead { get; set; } = _ => null;

    /// <summary>The texts of the records of each call to PutRecords.</summary>
    public List<IReadOnlyList<string>> Calls { get; } = [];

    /// <summary>Makes a stream.</summary>
    public static async Task<KinesisServer> StartAsync(MotoServer moto, int shards = 2)
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test-secret");
        var server = new KinesisServer(moto);
        await server.AskAsync("CreateStream", new() { ["ShardCount"] = shards });
        return server;
    }

    /// <summary>All records in the order of each shard: the partition key and the text.</summary>
    public async Task<IReadOnlyList<(string Key, string Text)>> RecordsAsync()
    {
        var records = new List<(string, string)>();
        foreach (var shard in (await AskAsync("ListShards", []))["Shards"]!.AsArray())
        {
            var iterator = await AskAsync(
                "GetShardIterator",
                new() { ["ShardId"] = $"{shard!["ShardId"]}", ["ShardIteratorType"] = "TRIM_HORIZON" }
            );
            var answer = await SendAsync(
                "GetRecords",
                new JsonObject { ["ShardIterator"] = $"{iterator["ShardIterator"]}" }.ToJsonString()
            );
            foreach (var record in JsonNode.Parse(answer.Body)!["Records"]!.AsArray())
                records.Add(
                    (
                        $"{record!["PartitionKey"]}",
                        Encoding.UTF8.GetString(Convert.FromBase64String($"{record["Data"]}"))
                    )
                );
        }

        return records;
    }

    /// <summary>Puts a record of its own for each text.</summary>
    public async Task PutAsync(params (string Key, string Text)[] records)
    {
        foreach (var (key, text) in records)
            await PutAsync(key, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Puts a record.</summary>
    public Task PutAsync(string key, byte[] data) =>
        AskAsync("PutRecord", new() { ["PartitionKey"] = key, ["Data"] = Convert.ToBase64String(data) });

    /// <summary>Asks the stream itself.</summary>
    public async Task<JsonNode> AskAsync(string operation, JsonObject members)
    {
        members["StreamName"] = Stream;
        var (status, body) = await SendAsync(operation, members.ToJsonString());
        return status == 200
            ? JsonNode.Parse(body.Length == 0 ? "{}" : body)!
            : throw new InvalidOperationException(body);
    }

    public async ValueTask DisposeAsync()
    {
        await http.DisposeAsync();
        client.Dispose();
    }

    private async Task<(int Status, string Body)> AnswerAsync(AskedRequest request)
    {
        var operation = request.Headers["x-amz-target"].Split('.')[1];
        if (Instead(operation) is { } instead)
            return instead;
        if (operation != "PutRecords")
            return await SendAsync(operation, request.Body);
        var body = JsonNode.Parse(request.Body)!.AsObject();
        var records = body["Records"]!.AsArray();
        List<string> texts =
        [
            .. records.Select(record => Encoding.UTF8.GetString(Convert.FromBase64String($"{record!["Data"]}"))),
        ];
        Calls.Add(texts);
        var refused = Refuse(texts).ToHashSet();
        body["Records"] = new JsonArray([
            .. records.Where((_, i) => !refused.Contains(i)).Select(record => record!.DeepClone()),
        ]);
        var taken = new Queue<JsonNode>();
        if (refused.Count < texts.Count)
        {
            var (status, answer) = await SendAsync(operation, body.ToJsonString());
            if (status != 200)
                return (status, answer);
            foreach (var record in JsonNode.Parse(answer)!["Records"]!.AsArray())
                taken.Enqueue(record!.DeepClone());
        }

        var all = texts.Select(
            (_, i) =>
                refused.Contains(i)
                    ? new JsonObject
                    {
                        ["ErrorCode"] = "ProvisionedThroughputExceededException",
                        ["ErrorMessage"] = "Rate exceeded for shard",
                    }
                    : taken.Dequeue()
        );
        return (
            200,
            new JsonObject
            {
                ["FailedRecordCount"] = refused.Count,
                ["Records"] = new JsonArray([.. all]),
            }.ToJsonString()
        );
    }

    private async Task<(int Status, string Body)> SendAsync(string operation, string body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, moto.Endpoint)
        {
            Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/x-amz-json-1.1")),
        };
        message.Headers.TryAddWithoutValidation("x-amz-target", $"Kinesis_20131202.{operation}");
        message.Headers.TryAddWithoutValidation(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
        );
        using var answer = await client.SendAsync(message);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
