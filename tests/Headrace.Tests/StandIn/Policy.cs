using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Headrace.Tests.StandIn;

/// <summary>A policy of IAM, asked as IAM asks it: an action on a resource.</summary>
public sealed class Policy(JsonElement document)
{
    private readonly List<(string[] Actions, string[] Resources)> allowed =
    [
        .. document
            .GetProperty("Statement")
            .EnumerateArray()
            .Select(one => (Texts(one.GetProperty("Action")), Texts(one.GetProperty("Resource")))),
    ];

    public IEnumerable<string> Actions => allowed.SelectMany(one => one.Actions).Distinct().Order();

    public bool Allows(AwsCall call) =>
        allowed.Exists(one =>
            one.Actions.Contains(call.Action) && one.Resources.Any(pattern => Fits(pattern, call.Resource))
        );

    /// <summary>Every action on every resource that no call needed.</summary>
    public IEnumerable<string> Unused(IEnumerable<AwsCall> calls) =>
        allowed
            .SelectMany(one => one.Actions.SelectMany(action => one.Resources.Select(on => (action, on))))
            .Where(one => !calls.Any(call => call.Action == one.action && Fits(one.on, call.Resource)))
            .Select(one => $"{one.action} on {one.on}");

    private static bool Fits(string pattern, string resource) =>
        resource.EndsWith(AwsCall.Unknown, StringComparison.Ordinal)
            ? pattern.StartsWith(resource[..^AwsCall.Unknown.Length], StringComparison.Ordinal)
            : Regex.IsMatch(resource, $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$");

    private static string[] Texts(JsonElement json) =>
        json.ValueKind == JsonValueKind.String
            ? [json.GetString()!]
            : [.. json.EnumerateArray().Select(text => text.GetString()!)];
}

/// <summary>An action that a request to AWS takes, and on what.</summary>
/// <remarks>
/// What each request takes is said in the Service Authorization Reference and, for S3, in "Required permissions for
/// Amazon S3 API operations".
/// </remarks>
public sealed record AwsCall(string Action, string Resource)
{
    /// <summary>Some key: the request has several, in its body.</summary>
    public const string Unknown = "?";

    /// <summary>What a request to moto would take of AWS.</summary>
    public static IEnumerable<AwsCall> Of(HttpListenerRequest request)
    {
        if (request.Headers["X-Amz-Target"] is { } target && target.StartsWith("DynamoDB_", StringComparison.Ordinal))
            return [new($"dynamodb:{target.Split('.')[1]}", "table")];
        if (request.Headers["X-Amz-Target"] is { } asked)
            return [new($"sqs:{asked.Split('.')[1].Replace("Batch", "", StringComparison.Ordinal)}", "queue")];
        var path = Uri.UnescapeDataString(request.Url!.AbsolutePath).TrimStart('/').Split('/', 2);
        var (bucket, query) = ($"arn:aws:s3:::{path[0]}", request.QueryString);
        bool Asks(string name) => query[name] is not null || (query.GetValues(null)?.Contains(name) ?? false);
        if (path.Length < 2 || path[1].Length == 0)
            return request.HttpMethod == "GET" ? [new("s3:ListBucket", bucket)]
                : Asks("delete") ? [new("s3:DeleteObject", $"{bucket}/in/{Unknown}")]
                : [];
        var key = $"{bucket}/{path[1]}";
        var calls = new List<AwsCall>();
        void Add(string action, string on) => calls.Add(new(action, on));
        switch (request.HttpMethod)
        {
            case "GET" or "HEAD":
                Add("s3:GetObject", key);
                break;
            case "DELETE":
                Add(Asks("uploadId") ? "s3:AbortMultipartUpload" : "s3:DeleteObject", key);
                break;
            case "PUT" or "POST":
                Add("s3:PutObject", key);
                break;
        }

        if (request.Headers["x-amz-copy-source"] is { } source)
        {
            var from = $"arn:aws:s3:::{Uri.UnescapeDataString(source).TrimStart('/')}";
            Add("s3:GetObject", from);
            Add("s3:GetObjectTagging", from);
            Add("s3:PutObjectTagging", key);
        }

        if (request.Headers["x-amz-server-side-encryption-aws-kms-key-id"] is { } kms)
        {
            Add("kms:GenerateDataKey", kms);
            if (Asks("uploads"))
                Add("kms:Decrypt", kms);
        }

        return calls;
    }
}
