using System.Net;
using System.Text.Json;

namespace Headrace.Hosting;

/// <summary>
/// Reads notifications of S3 and events of EventBridge, and both inside of messages of SNS and SQS, several in one.
/// </summary>
/// <remarks>
/// The forms are those of Amazon S3, "Event message structure", and of Amazon EventBridge, "Object Created". The form
/// <c>{"headrace": {"run": ["FLOW"]}}</c> is Headrace's own: a run that asks for another one.
/// </remarks>
internal sealed class EventDocument
{
    // A record of SQS in a batch of Lambda's, with a message of SNS in it, with a notification in that: 6.
    private const int MostNested = 8;

    private const string Unknown = "it is no notification of S3 and no event of EventBridge";

    private readonly List<(string Bucket, string Key)> objects = [];
    private readonly List<string> flows = [];
    private readonly List<string> notes = [];

    /// <summary>What was written, in the order of the document.</summary>
    public IReadOnlyList<(string Bucket, string Key)> Objects => objects;

    /// <summary>Flows that are asked for by their names.</summary>
    public IReadOnlyList<string> Flows => flows;

    /// <summary>What it has that brings no new file.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>The document that asks for flows by their names.</summary>
    public static string Write(IEnumerable<string> flows) =>
        "{\"headrace\": {\"run\": ["
        + string.Join(", ", flows.Select(flow => $"\"{JsonEncodedText.Encode(flow)}\""))
        + "]}}";

    /// <summary>Reads a document; why it cannot be read, or null.</summary>
    public string? Fault(string document)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return Fault(json.RootElement, 0);
        }
        catch (JsonException)
        {
            return "it is no JSON document";
        }
    }

    private string? Fault(JsonElement json, int depth)
    {
        if (depth > MostNested)
            return "it is nested too deep";
        if (json.ValueKind == JsonValueKind.Array)
            return json.EnumerateArray()
                .Select(one => Fault(one, depth + 1))
                .FirstOrDefault(fault => fault is not null);
        if (json.ValueKind != JsonValueKind.Object)
            return Unknown;
        if (Text(json, "Event") == "s3:TestEvent")
        {
            notes.Add("a test event of S3");
            return null;
        }

        if (json.TryGetProperty("Records", out var records) && records.ValueKind == JsonValueKind.Array)
            return Fault(records, depth + 1);
        if (json.TryGetProperty("s3", out var s3))
            return FaultOfS3(json, s3);
        if (json.TryGetProperty("detail", out var detail) && json.TryGetProperty("detail-type", out var type))
            return FaultOfBridge(json, type, detail);
        if (json.TryGetProperty("headrace", out var own))
            return FaultOfOwn(own);
        if (json.TryGetProperty("Sns", out var sns))
            return Fault(sns, depth + 1);
        foreach (var name in (ReadOnlySpan<string>)["Message", "Body", "body"])
            if (Text(json, name) is { } text)
            {
                using var inner = JsonDocument.Parse(text);
                return Fault(inner.RootElement, depth + 1);
            }

        return Unknown;
    }

    // The major number of the version changes when what is there means something else.
    private string? FaultOfS3(JsonElement json, JsonElement s3) =>
        Text(json, "eventVersion") is { } version && !version.StartsWith("2.", StringComparison.Ordinal)
            ? $"its eventVersion is {version}, and 2 is known"
            : FaultOf(Text(json, "eventName"), ["ObjectCreated:", "ObjectRestore:Completed"], s3, isEncoded: true);

    private string? FaultOfBridge(JsonElement json, JsonElement type, JsonElement detail) =>
        Text(json, "source") is { } source && source != "aws.s3"
            ? $"it is an event of {source}, and not of S3"
            : FaultOf(type.ToString(), ["Object Created", "Object Restore Completed"], detail, isEncoded: false);

    // Keys of notifications are written as in a URL's query, a blank as +; those of events are not.
    private string? FaultOf(string? kind, ReadOnlySpan<string> known, JsonElement json, bool isEncoded)
    {
        if (Text(json, "bucket", "name") is not { } bucket || Text(json, "object", "key") is not { } key)
            return "it names no object of a bucket";
        if (isEncoded)
            key = WebUtility.UrlDecode(key);
        foreach (var word in known)
            if (kind is null || kind.StartsWith(word, StringComparison.Ordinal))
            {
                objects.Add((bucket, key));
                return null;
            }

        notes.Add($"an event '{Plain.Line(kind)}' of the bucket '{Plain.Line(bucket)}', which brings no file");
        return null;
    }

    private string? FaultOfOwn(JsonElement own)
    {
        if (
            own.ValueKind != JsonValueKind.Object
            || !own.TryGetProperty("run", out var run)
            || run.ValueKind != JsonValueKind.Array
            || run.GetArrayLength() == 0
            || run.EnumerateArray().Any(name => name.ValueKind != JsonValueKind.String)
        )
            return "its member headrace is not {\"run\": [\"FLOW\"]}";
        flows.AddRange(run.EnumerateArray().Select(name => name.GetString()!));
        return null;
    }

    private static string? Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string? Text(JsonElement json, string member, string inner) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(member, out var outer)
        && outer.ValueKind == JsonValueKind.Object
            ? Text(outer, inner)
            : null;
}
