using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Headrace.Aws;

/// <summary>AWS's signature, version 4, of a POST without a query.</summary>
internal static class Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>A moment as requests have it.</summary>
    public static string Time(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The value of the authorization header.</summary>
    /// <param name="headers">All that are signed, in lower case and in order; host and x-amz-date are among
    /// them.</param>
    public static string Of(
        Uri to,
        IReadOnlyList<(string Name, string Value)> headers,
        byte[] body,
        (string Access, string Secret) keys,
        string region,
        string service,
        DateTimeOffset now
    )
    {
        var (time, names) = (Time(now), string.Join(';', headers.Select(header => header.Name)));
        var scope = $"{time[..8]}/{region}/{service}/aws4_request";
        var lines = string.Concat(headers.Select(header => $"{header.Name}:{header.Value.Trim()}\n"));
        var request = $"POST\n{to.AbsolutePath}\n\n{lines}\n{names}\n{Hex(SHA256.HashData(body))}";
        var text = $"{Algorithm}\n{time}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes($"AWS4{keys.Secret}"), Mac);
        return $"{Algorithm} Credential={keys.Access}/{scope}, SignedHeaders={names}, Signature={Hex(Mac(key, text))}";
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
