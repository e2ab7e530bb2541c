using System.Text;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>A queue of SQS of one test, as moto plays it.</summary>
public sealed class TestQueue
{
    private static readonly HttpClient Http = new();

    private readonly string endpoint;

    private TestQueue(string endpoint, string url) => (this.endpoint, Url) = (endpoint, url);

    public string Url { get; }

    public string Arn => $"arn:aws:sqs:us-east-1:123456789012:{Url.Split('/')[^1]}";

    /// <param name="hidden">For how many seconds a message is hidden from others once it was received.</param>
    /// <param name="deadLetters">Where messages go that were received twice.</param>
    public static async Task<TestQueue> MakeAsync(string endpoint, int hidden = 30, TestQueue? deadLetters = null)
    {
        var attributes = new JsonObject { ["VisibilityTimeout"] = $"{hidden}" };
        if (deadLetters is not null)
            attributes["RedrivePolicy"] = new JsonObject
            {
                ["deadLetterTargetArn"] = deadLetters.Arn,
                ["maxReceiveCount"] = "2",
            }.ToJsonString();
        var answer = await AskAsync(
            endpoint,
            "CreateQueue",
            new() { ["QueueName"] = $"q-{Guid.NewGuid():N}", ["Attributes"] = attributes }
        );
        return new TestQueue(endpoint, $"{answer["QueueUrl"]}");
    }

    public async Task SendAsync(params string[] bodies)
    {
        foreach (var body in bodies)
            await AskAsync("SendMessage", new() { ["MessageBody"] = body });
    }

    /// <summary>A notification of S3, as it comes for one object.</summary>
    /// <param name="key">As it is in the bucket.</param>
    public static string Notification(string bucket, string key) =>
        new JsonObject
        {
            ["Records"] = new JsonArray(
                new JsonObject
                {
                    ["eventVersion"] = "2.1",
                    ["eventSource"] = "aws:s3",
                    ["eventName"] = "ObjectCreated:Put",
                    ["s3"] = new JsonObject
                    {
                        ["bucket"] = new JsonObject { ["name"] = bucket },
                        ["object"] = new JsonObject { ["key"] = System.Net.WebUtility.UrlEncode(key) },
                    },
                }
            ),
        }.ToJsonString();

    /// <summary>How many messages wait, and how many somebody works on.</summary>
    public async Task<(int Waiting, int Hidden)> CountAsync()
    {
        var found = (await AskAsync("GetQueueAttributes", new() { ["AttributeNames"] = new JsonArray("All") }))[
            "Attributes"
        ]!;
        return (
            int.Parse($"{found["ApproximateNumberOfMessages"]}", System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(
                $"{found["ApproximateNumberOfMessagesNotVisible"]}",
                System.Globalization.CultureInfo.InvariantCulture
            )
        );
    }

    private Task<JsonNode> AskAsync(string operation, JsonObject members)
    {
        members["QueueUrl"] = Url;
        return AskAsync(endpoint, operation, members);
    }

    private static async Task<JsonNode> AskAsync(string endpoint, string operation, JsonObject members)
    {
        using var content = new StringContent(members.ToJsonString(), Encoding.UTF8);
        content.Headers.ContentType = new("application/x-amz-json-1.0");
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content };
        request.Headers.TryAddWithoutValidation("X-Amz-Target", $"AmazonSQS.{operation}");
        request.Headers.TryAddWithoutValidation(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
        );
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(text.Length == 0 ? "{}" : text)!
            : throw new InvalidOperationException(text);
    }
}
