using System.Buffers;
using System.Text;
using System.Text.Json;
using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Policies of IAM for a project: what who runs it must be allowed to do, and what its buckets ask of everybody.
/// </summary>
internal static class PolicyDocument
{
    /// <summary>
    /// A JSON document: <c>policy</c> is the policy of the role that runs the project, <c>bucket_policies</c> has a
    /// policy for each bucket by its name.
    /// </summary>
    public static string All(Project project) =>
        Text(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("policy");
            WriteRole(json, ProjectRights.Of(project));
            json.WriteStartObject("bucket_policies");
            foreach (var bucket in Buckets(project))
            {
                json.WritePropertyName(bucket.Bucket);
                WriteBucket(json, bucket);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });

    /// <summary>The policy of the role that runs the project.</summary>
    public static string OfRole(Project project) => Text(json => WriteRole(json, ProjectRights.Of(project)));

    /// <summary>The policy of a bucket.</summary>
    /// <exception cref="HeadraceException">HDR-533.</exception>
    public static string OfBucket(Project project, string bucket) =>
        Buckets(project).FirstOrDefault(one => one.Bucket == bucket) is { } found
            ? Text(json => WriteBucket(json, found))
            : throw Error.NotFound("bucket", bucket, "headrace iam-policy names those of the project's connections");

    private static IEnumerable<S3Connection> Buckets(Project project) =>
        project.Connections.Values.OfType<S3Connection>().DistinctBy(one => one.Bucket);

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
            write(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void WriteRole(Utf8JsonWriter json, IReadOnlyList<AwsRight> rights)
    {
        // One statement for all resources on which the same is allowed.
        var allowed = rights
            .SelectMany(right =>
                right.Resources.SelectMany(on => right.Actions.Select(action => (On: (on, right.Alias), action)))
            )
            .GroupBy(one => one.On, one => one.action)
            .Select(one => (one.Key.on, one.Key.Alias, Actions: one.Distinct().Order(StringComparer.Ordinal).ToList()))
            .GroupBy(one => (one.Alias, Actions: string.Join(' ', one.Actions)))
            .OrderBy(one => one.Key.Actions, StringComparer.Ordinal);
        Begin(json);
        foreach (var same in allowed)
        {
            json.WriteStartObject();
            json.WriteString("Effect", "Allow");
            Texts(json, "Action", same.First().Actions);
            Texts(json, "Resource", [.. same.Select(one => one.on).Order(StringComparer.Ordinal)]);
            if (same.Key.Alias is { } alias)
            {
                json.WriteStartObject("Condition");
                Condition(json, "ForAnyValue:StringEquals", "kms:ResourceAliases", alias);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        End(json);
    }

    // Who asks without TLS, or brings a key of encryption that nobody else has, is refused; with kms_key also who asks
    // for another encryption than that key's. Who asks for none gets the bucket's own.
    private static void WriteBucket(Utf8JsonWriter json, S3Connection bucket)
    {
        var arn = S3Store.Arn(bucket);
        Begin(json);
        Deny(json, "TlsOnly", "s3:*", [arn, $"{arn}/*"], "Bool", "aws:SecureTransport", "false");
        Deny(
            json,
            "NoKeysOfSenders",
            "s3:PutObject",
            [$"{arn}/*"],
            "Null",
            "s3:x-amz-server-side-encryption-customer-algorithm",
            "false"
        );
        if (bucket.KmsKey is { } key)
        {
            const string differs = "StringNotEqualsIfExists";
            const string header = "s3:x-amz-server-side-encryption";
            Deny(json, "KmsOnly", "s3:PutObject", [$"{arn}/*"], differs, header, "aws:kms");
            if (key.StartsWith("arn:", StringComparison.Ordinal) && key.Contains(":key/", StringComparison.Ordinal))
                Deny(json, "OneKey", "s3:PutObject", [$"{arn}/*"], differs, $"{header}-aws-kms-key-id", key);
        }

        End(json);
    }

    private static void Deny(
        Utf8JsonWriter json,
        string name,
        string action,
        string[] resources,
        string test,
        string key,
        string value
    )
    {
        json.WriteStartObject();
        json.WriteString("Sid", name);
        json.WriteString("Effect", "Deny");
        json.WriteString("Principal", "*");
        json.WriteString("Action", action);
        Texts(json, "Resource", resources);
        json.WriteStartObject("Condition");
        Condition(json, test, key, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Condition(Utf8JsonWriter json, string test, string key, string value)
    {
        json.WriteStartObject(test);
        json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Begin(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("Version", "2012-10-17");
        json.WriteStartArray("Statement");
    }

    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
