using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Amazon;
using Amazon.Runtime;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>A question to one of AWS's services.</summary>
/// <param name="Service">As its endpoint and its signatures name it.</param>
/// <param name="Target">The operation, where the protocol has it in a header.</param>
internal sealed record AwsRequest(string Service, string ContentType, string? Target, byte[] Body)
{
    /// <summary>Where in the service, with nothing in it that a URL escapes.</summary>
    public string Path { get; init; } = "/";

    /// <summary>More headers, all of which begin with x-amz-i.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];
}

/// <summary>
/// Asks services of AWS that its SDK has no package for here. Credentials are found where AWS's tools look for them.
/// </summary>
/// <param name="secrets">Learns the credentials: an answer may repeat what was signed.</param>
/// <param name="profile">Whose credentials are used; null for those that AWS's tools would use.</param>
internal sealed class AwsCaller(
    string? region,
    string? endpoint,
    Secrets secrets,
    TimeProvider clock,
    string? profile = null
)
{
    // GetRecords of Kinesis answers up to 10 MiB, in base64.
    private const int LongestAnswer = 16 << 20;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private static readonly string[] Throttles =
    [
        "Throttl",
        "RequestLimitExceeded",
        "TooManyRequests",
        "SlowDown",
        "ServiceUnavailable",
        "InternalFailure",
        "InternalServer",
        "ProvisionedThroughputExceeded",
        "LimitExceeded",
        "KMSThrottling",
    ];

    // A redirection would take signed credentials to somebody else.
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = Longest,
        MaxResponseContentBufferSize = LongestAnswer,
    };

    /// <summary>The answer's text.</summary>
    /// <exception cref="AwsRefusal">There is no answer, or another one than was asked for.</exception>
    public async Task<string> AskAsync(AwsRequest request, CancellationToken cancel) =>
        (await AskWhenAsync(request, cancel)).Text;

    /// <summary>The answer's text, and what time the service has, to the second.</summary>
    /// <inheritdoc cref="AskAsync"/>
    public async Task<(string Text, DateTimeOffset At)> AskWhenAsync(AwsRequest request, CancellationToken cancel)
    {
        try
        {
            var (status, answer, at) = await SendAsync(request, cancel);
            var (code, message) = IsDone(status) ? ("", "") : Refusal(answer);
            if (code.StartsWith("ExpiredToken", StringComparison.Ordinal))
            {
                // What the machine was lent may have been renewed since it was read: once more with what is found now.
                (status, answer, at) = await SendAsync(request, cancel);
                (code, message) = IsDone(status) ? ("", "") : Refusal(answer);
            }

            return IsDone(status)
                ? (answer, at)
                : throw new AwsRefusal(
                    code,
                    $"{status} {code} {message}".Trim(),
                    status is 429 or >= 500 || Throttles.Any(word => code.StartsWith(word, StringComparison.Ordinal))
                );
        }
        catch (Exception error)
            when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            throw new AwsRefusal(
                "",
                error is TaskCanceledException ? $"no answer within {Longest.TotalSeconds:0} seconds" : error.Message,
                isTransient: true,
                error
            );
        }
        catch (Exception error) when (error is AmazonClientException or AmazonServiceException)
        {
            throw new AwsRefusal("", error.Message, isTransient: false, error);
        }
    }

    private async Task<(int Status, string Answer, DateTimeOffset At)> SendAsync(
        AwsRequest request,
        CancellationToken cancel
    )
    {
        var where = endpoint is null ? Region() : region ?? "us-east-1";
        var to = new Uri(
            new Uri(
                endpoint
                    ?? $"https://{request.Service}.{where}.{RegionEndpoint.GetBySystemName(where).PartitionDnsSuffix}"
            ),
            request.Path
        );
        var keys = await AwsLogin.Of(profile, null).GetCredentialsAsync();
        secrets.Remember(keys.SecretKey);
        if (keys.UseToken)
            secrets.Remember(keys.Token);

        using var message = new HttpRequestMessage(HttpMethod.Post, to)
        {
            Content = new ByteArrayContent(request.Body),
        };
        var now = clock.GetUtcNow();
        List<(string Name, string Value)> headers =
        [
            ("content-type", request.ContentType),
            ("host", to.Authority),
            ("x-amz-date", Signature.Time(now)),
            .. request.Headers, // in their order
        ];
        if (keys.UseToken)
            headers.Add(("x-amz-security-token", keys.Token));
        if (request.Target is { } target)
            headers.Add(("x-amz-target", target));
        foreach (var (name, value) in headers)
            (
                name == "content-type" ? message.Content.Headers : (System.Net.Http.Headers.HttpHeaders)message.Headers
            ).TryAddWithoutValidation(name, value);
        message.Headers.TryAddWithoutValidation(
            "authorization",
            Signature.Of(to, headers, request.Body, (keys.AccessKey, keys.SecretKey), where, request.Service, now)
        );
        using var answer = await Http.SendAsync(message, cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel), answer.Headers.Date ?? now);
    }

    private static bool IsDone(int status) => status is >= 200 and < 300;

    private string Region() =>
        region
        ?? FallbackRegionFactory.GetRegionEndpoint()?.SystemName
        ?? throw new AwsRefusal("", "no region is known", isTransient: false);

    // XML of the query protocol or JSON; a proxy may say something else.
    private static (string Code, string Message) Refusal(string answer)
    {
        try
        {
            if (answer.TrimStart().StartsWith('<'))
            {
                var error = XDocument
                    .Parse(answer)
                    .Descendants()
                    .FirstOrDefault(element => element.Name.LocalName == "Error");
                string Part(string name) =>
                    error?.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
                return (Part("Code"), Part("Message"));
            }

            using var json = JsonDocument.Parse(answer);
            string Of(string name) =>
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(name, out var value)
                    ? value.ToString()
                    : "";
            return (Of("__type").Split('#')[^1], Of("message") is { Length: > 0 } text ? text : Of("Message"));
        }
        catch (Exception error) when (error is XmlException or JsonException)
        {
            return ("", "an answer that is none of AWS's");
        }
    }
}
