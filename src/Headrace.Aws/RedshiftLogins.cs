using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Headrace.Configuration;
using Headrace.Redshift;

namespace Headrace.Aws;

/// <summary>
/// Asks IAM for logins to Redshift: to a cluster by GetClusterCredentials, to a workgroup of Serverless by
/// GetCredentials.
/// </summary>
/// <param name="settings">With a cluster or a workgroup.</param>
/// <param name="secrets">Learns each password before anybody else has it.</param>
public sealed class RedshiftLogins(RedshiftConnection settings, Secrets secrets, TimeProvider clock) : IRedshiftLogin
{
    // The shortest that both give.
    private const int Seconds = 900;

    private static readonly XNamespace Space = "http://redshift.amazonaws.com/doc/2012-12-01/";

    /// <summary>What asking for a login takes; nothing where there is a password.</summary>
    /// <remarks>A workgroup's resource has its identifier, which its name does not tell.</remarks>
    public static IEnumerable<AwsRight> Rights(RedshiftConnection redshift) =>
        redshift switch
        {
            { Cluster: { } cluster } =>
            [
                new(
                    ["redshift:GetClusterCredentials"],
                    [
                        Arn(redshift, "redshift", $"dbuser:{cluster}/{redshift.User}"),
                        Arn(redshift, "redshift", $"dbname:{cluster}/{redshift.Database}"),
                    ]
                ),
            ],
            { Workgroup: not null } =>
            [
                new(["redshift-serverless:GetCredentials"], [Arn(redshift, "redshift-serverless", "workgroup/*")]),
            ],
            _ => [],
        };

    private static string Arn(RedshiftConnection redshift, string service, string resource) =>
        AwsRight.Arn(service, redshift.Region, null, resource);

    private string Address =>
        settings.Cluster is { } cluster ? $"cluster {cluster}" : $"workgroup {settings.Workgroup}";

    public async Task<RedshiftLogin> AskAsync(CancellationToken cancel)
    {
        var answer = await AnswerAsync(
            settings.Cluster is { } cluster ? Cluster(cluster) : Workgroup(settings.Workgroup!),
            cancel
        );
        if ((settings.Cluster is null ? OfWorkgroup(answer) : OfCluster(answer)) is not { } login)
            throw Error.LoginRefused(Address, "an answer without a login", null, transient: false);
        secrets.Remember(login.Password);
        return login;
    }

    private async Task<string> AnswerAsync(AwsRequest request, CancellationToken cancel)
    {
        try
        {
            return await new AwsCaller(settings.Region, settings.Endpoint, secrets, clock).AskAsync(request, cancel);
        }
        catch (AwsRefusal refusal)
        {
            throw Error.LoginRefused(Address, refusal.Message, refusal, refusal.IsTransient);
        }
    }

    // AWS's query protocol.
    private AwsRequest Cluster(string cluster)
    {
        (string Name, string Value)[] fields =
        [
            ("Action", "GetClusterCredentials"),
            ("Version", "2012-12-01"),
            ("ClusterIdentifier", cluster),
            ("DbName", settings.Database),
            ("DbUser", settings.User!),
            ("DurationSeconds", Seconds.ToString(CultureInfo.InvariantCulture)),
        ];
        var form = string.Join('&', fields.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));
        return new AwsRequest(
            "redshift",
            "application/x-www-form-urlencoded; charset=utf-8",
            null,
            Encoding.UTF8.GetBytes(form)
        );
    }

    // AWS's JSON protocol, 1.1.
    private AwsRequest Workgroup(string workgroup)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("workgroupName", workgroup);
            json.WriteString("dbName", settings.Database);
            json.WriteNumber("durationSeconds", Seconds);
            json.WriteEndObject();
        }

        return new AwsRequest(
            "redshift-serverless",
            "application/x-amz-json-1.1",
            "RedshiftServerless.GetCredentials",
            body.WrittenSpan.ToArray()
        );
    }

    // Nothing of an answer goes into an error: it has the password.
    private static RedshiftLogin? OfCluster(string answer)
    {
        try
        {
            var result = XDocument.Parse(answer).Descendants(Space + "GetClusterCredentialsResult").FirstOrDefault();
            return
                (string?)result?.Element(Space + "DbUser") is { Length: > 0 } user
                && (string?)result.Element(Space + "DbPassword") is { Length: > 0 } password
                && DateTimeOffset.TryParse(
                    (string?)result.Element(Space + "Expiration"),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var until
                )
                ? new RedshiftLogin(user, password, until)
                : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static RedshiftLogin? OfWorkgroup(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return
                json.RootElement is { ValueKind: JsonValueKind.Object } result
                && Text(result, "dbUser") is { Length: > 0 } user
                && Text(result, "dbPassword") is { Length: > 0 } password
                && result.TryGetProperty("expiration", out var until)
                && until.ValueKind == JsonValueKind.Number
                ? new RedshiftLogin(user, password, DateTimeOffset.UnixEpoch.AddSeconds(until.GetDouble()))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
