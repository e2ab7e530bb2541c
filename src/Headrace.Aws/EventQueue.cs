using System.Globalization;
using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// A queue of SQS that gets the events of a bucket, asked in its JSON protocol (API version 2012-11-05). Its URL is its
/// address.
/// </summary>
/// <param name="secrets">Learns the credentials.</param>
public sealed class EventQueue(S3Connection settings, Secrets secrets, TimeProvider clock)
{
    // Of one call, whatever it does.
    private const int MostAtOnce = 10;

    private static readonly TimeSpan LeastHidden = TimeSpan.FromSeconds(2);

    private readonly string url = settings.Events!.Queue;

    private readonly AwsJson service = new(
        new AwsCaller(
            RegionOf(settings.Events!.Queue) ?? settings.Region,
            new Uri(settings.Events!.Queue).GetLeftPart(UriPartial.Authority) + "/",
            secrets,
            clock,
            settings.Profile
        ),
        "sqs",
        "AmazonSQS",
        "1.0"
    );

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => url;

    /// <summary>
    /// What listening to it takes. The calls that take several messages at once need the actions for one.
    /// </summary>
    public static IEnumerable<AwsRight> Rights(S3Connection bucket)
    {
        var queue = bucket.Events!.Queue;
        string[] path = new Uri(queue).AbsolutePath.Trim('/').Split('/');
        return
        [
            new(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
                [
                    AwsRight.Arn(
                        "sqs",
                        RegionOf(queue) ?? bucket.Region,
                        path.Length > 1 ? path[^2] : null,
                        AwsRight.Literal(path[^1])
                    ),
                ]
            ),
        ];
    }

    /// <summary>
    /// The region in a queue's URL, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME; null for another one.
    /// </summary>
    public static string? RegionOf(string url) =>
        new Uri(url).Host.Split('.') is ["sqs", var region, "amazonaws", ..] ? region : null;

    /// <summary>Says in a few words what is there.</summary>
    /// <exception cref="HeadraceException">HDR-250.</exception>
    public async Task<string> LookAsync(CancellationToken cancel)
    {
        var found = await AttributesAsync(cancel);
        return $"about {found.GetValueOrDefault("ApproximateNumberOfMessages", "0")} messages, "
            + $"hidden for {found.GetValueOrDefault("VisibilityTimeout", "30")} s while they are worked on, "
            + (found.ContainsKey("RedrivePolicy") ? "a dead-letter queue" : "no dead-letter queue");
    }

    /// <summary>How long a message that was received is hidden from others, as the queue says.</summary>
    /// <exception cref="HeadraceException">HDR-250.</exception>
    public async Task<TimeSpan> HiddenAsync(CancellationToken cancel)
    {
        var hidden = TimeSpan.FromSeconds(
            int.Parse(
                (await AttributesAsync(cancel)).GetValueOrDefault("VisibilityTimeout", "30"),
                CultureInfo.InvariantCulture
            )
        );
        return hidden < LeastHidden ? LeastHidden : hidden;
    }

    /// <summary>Some messages, ten at most; none when none came within the time.</summary>
    /// <param name="wait">Up to 20 seconds.</param>
    /// <param name="hidden">How long others do not get them.</param>
    /// <exception cref="HeadraceException">HDR-250.</exception>
    public Task<IReadOnlyList<QueueMessage>> ReceiveAsync(TimeSpan wait, TimeSpan hidden, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<QueueMessage>>(
            "ReceiveMessage",
            json =>
            {
                json.WriteNumber("MaxNumberOfMessages", MostAtOnce);
                json.WriteNumber("WaitTimeSeconds", (int)wait.TotalSeconds);
                json.WriteNumber("VisibilityTimeout", (int)hidden.TotalSeconds);
                json.WriteStartArray("MessageSystemAttributeNames");
                json.WriteStringValue("ApproximateReceiveCount");
                json.WriteEndArray();
            },
            answer =>
                answer.TryGetProperty("Messages", out var messages) && messages.ValueKind == JsonValueKind.Array
                    ? [.. messages.EnumerateArray().Select(Message)]
                    : [],
            cancel
        );

    /// <summary>Removes messages. One that is not removed comes again, which does no harm.</summary>
    /// <exception cref="HeadraceException">HDR-250.</exception>
    public Task DeleteAsync(IReadOnlyList<QueueMessage> messages, CancellationToken cancel) =>
        EachAsync("DeleteMessageBatch", messages, _ => { }, cancel);

    /// <summary>Hides messages from others for so long from now on.</summary>
    /// <exception cref="HeadraceException">HDR-250.</exception>
    public Task HideAsync(IReadOnlyList<QueueMessage> messages, TimeSpan hidden, CancellationToken cancel) =>
        EachAsync(
            "ChangeMessageVisibilityBatch",
            messages,
            json => json.WriteNumber("VisibilityTimeout", (int)hidden.TotalSeconds),
            cancel
        );

    private async Task EachAsync(
        string operation,
        IReadOnlyList<QueueMessage> messages,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel
    )
    {
        foreach (var some in messages.Chunk(MostAtOnce))
        {
            await AskAsync(
                operation,
                json =>
                {
                    json.WriteStartArray("Entries");
                    foreach (var (i, message) in some.Index())
                    {
                        json.WriteStartObject();
                        json.WriteString("Id", i.ToString(CultureInfo.InvariantCulture));
                        json.WriteString("ReceiptHandle", message.Receipt);
                        write(json);
                        json.WriteEndObject();
                    }

                    json.WriteEndArray();
                },
                _ => true,
                cancel
            );
        }
    }

    private Task<Dictionary<string, string>> AttributesAsync(CancellationToken cancel) =>
        AskAsync(
            "GetQueueAttributes",
            json =>
            {
                json.WriteStartArray("AttributeNames");
                json.WriteStringValue("All");
                json.WriteEndArray();
            },
            answer =>
                answer
                    .GetProperty("Attributes")
                    .EnumerateObject()
                    .ToDictionary(one => one.Name, one => one.Value.ToString()),
            cancel
        );

    private static QueueMessage Message(JsonElement json) =>
        new(
            json.GetProperty("MessageId").GetString()!,
            json.GetProperty("ReceiptHandle").GetString()!,
            json.GetProperty("Body").GetString()!,
            json.TryGetProperty("Attributes", out var attributes)
            && attributes.TryGetProperty("ApproximateReceiveCount", out var times)
            && int.TryParse(times.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : 1
        );

    private async Task<T> AskAsync<T>(
        string operation,
        Action<Utf8JsonWriter> write,
        Func<JsonElement, T> read,
        CancellationToken cancel
    )
    {
        try
        {
            using var answer = await service.AskAsync(
                operation,
                json =>
                {
                    json.WriteString("QueueUrl", url);
                    write(json);
                },
                cancel
            );
            return read(answer.RootElement);
        }
        catch (AwsRefusal refusal)
        {
            throw Error.QueueRefused(Address, refusal.Message, refusal, refusal.IsTransient);
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException)
        {
            throw Error.QueueRefused(Address, "an answer that is none of SQS's", error, transient: true);
        }
    }
}

/// <summary>A message of a queue.</summary>
/// <param name="Receipt">What removes it.</param>
/// <param name="Times">How often it was received, about.</param>
public sealed record QueueMessage(string Id, string Receipt, string Body, int Times);
