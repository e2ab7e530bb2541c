using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Server;

/// <summary>
/// Documents that say that objects arrived in a bucket: notifications of S3, events of EventBridge, and both inside of
/// messages of SNS and SQS. They are hints: what is new is found by listing, as always.
/// </summary>
/// <remarks>
/// The forms are those of Amazon S3, "Event message structure", and of Amazon EventBridge, "Object Created".
/// </remarks>
internal static class Arrival
{
    /// <summary>The enabled flows whose lakes a document names; none for a test event of S3.</summary>
    /// <exception cref="HeadraceException">HDR-609.</exception>
    public static IReadOnlyList<string> FlowsOf(Project project, string document)
    {
        var objects = new List<(string Bucket, string Key)>();
        try
        {
            using var json = JsonDocument.Parse(document);
            if (!Read(json.RootElement, objects, depth: 0))
                throw Wrong("it is no notification of S3 and no event of EventBridge");
        }
        catch (JsonException)
        {
            throw Wrong("it is no JSON document");
        }

        return
        [
            .. project
                .Flows.Values.Where(flow =>
                    flow.Enabled && objects.Exists(one => IsIn(project, flow.Source.Connection, one))
                )
                .Select(flow => flow.Name),
        ];
    }

    // A folder that stands for a bucket is known by the name of its connection.
    private static bool IsIn(Project project, string connection, (string Bucket, string Key) one) =>
        project.Connections[connection] switch
        {
            S3Connection s3 => s3.Bucket == one.Bucket && one.Key.StartsWith(s3.Prefix, StringComparison.Ordinal),
            FolderConnection folder => folder.Name == one.Bucket,
            _ => false,
        };

    // False for what is none of the forms.
    private static bool Read(JsonElement json, List<(string, string)> objects, int depth)
    {
        if (json.ValueKind == JsonValueKind.Array && depth < 4)
            return json.EnumerateArray().ToList().TrueForAll(one => Read(one, objects, depth + 1));
        if (json.ValueKind != JsonValueKind.Object || depth > 4)
            return false;
        if (json.TryGetProperty("Event", out var test) && test.ValueEquals("s3:TestEvent"))
            return true;
        if (json.TryGetProperty("Records", out var records) && records.ValueKind == JsonValueKind.Array)
            return records.EnumerateArray().ToList().TrueForAll(one => Record(one, objects, depth));
        if (json.TryGetProperty("detail", out var detail))
            return Add(detail, isEncoded: false, objects);
        foreach (var name in (ReadOnlySpan<string>)["Message", "Body", "body"])
            if (json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String)
            {
                using var inner = JsonDocument.Parse(text.GetString()!);
                return Read(inner.RootElement, objects, depth + 1);
            }

        return false;
    }

    private static bool Record(JsonElement record, List<(string, string)> objects, int depth) =>
        record.ValueKind == JsonValueKind.Object
        && (
            record.TryGetProperty("s3", out var s3) ? Add(s3, isEncoded: true, objects)
            : record.TryGetProperty("Sns", out var sns) ? Read(sns, objects, depth + 1)
            : Read(record, objects, depth + 1)
        );

    // Keys of notifications are written as in a URL's query; those of events are not.
    private static bool Add(JsonElement json, bool isEncoded, List<(string, string)> objects)
    {
        if (
            json.ValueKind != JsonValueKind.Object
            || Text(json, "bucket", "name") is not { } bucket
            || Text(json, "object", "key") is not { } key
        )
            return false;
        objects.Add((bucket, isEncoded ? System.Net.WebUtility.UrlDecode(key) : key));
        return true;
    }

    private static string? Text(JsonElement json, string member, string inner) =>
        json.TryGetProperty(member, out var outer)
        && outer.ValueKind == JsonValueKind.Object
        && outer.TryGetProperty(inner, out var text)
        && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;

    private static HeadraceException Wrong(string why) =>
        Error.BodyRefused(why, "send the document as S3, EventBridge, SNS or SQS gives it");
}
