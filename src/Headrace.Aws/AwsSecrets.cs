using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// Secrets that AWS keeps: in Secrets Manager (GetSecretValue) and in parameters of Systems Manager (GetParameter).
/// Region, endpoint and credentials are where AWS's tools look for them, since no connection is named.
/// </summary>
/// <param name="environment">The environment variables.</param>
public sealed class AwsSecrets(Func<string, string?> environment, TimeProvider clock) : ISecretStore
{
    // What was lent for the question. The project's own secrets are not known yet.
    private readonly Secrets lent = new();

    public async Task<SecretAnswer> ReadAsync(RemoteSecret secret, CancellationToken cancel)
    {
        try
        {
            return secret.Store == "aws-sm" ? await SecretAsync(secret, cancel) : await ParameterAsync(secret, cancel);
        }
        catch (AwsRefusal refusal)
        {
            return Refused(secret, refusal);
        }
    }

    private async Task<SecretAnswer> SecretAsync(RemoteSecret secret, CancellationToken cancel)
    {
        using var answer = await Service(secret, "SECRETS_MANAGER", "secretsmanager", "secretsmanager")
            .AskAsync("GetSecretValue", json => json.WriteString("SecretId", secret.Name), cancel);
        if (
            !answer.RootElement.TryGetProperty("SecretString", out var text)
            || text.GetString() is not { Length: > 0 } value
        )
            return new SecretAnswer(null, "the secret has no text", "store it as a text");
        return secret.Key is { } key ? Member(value, key) : new SecretAnswer(value);
    }

    private async Task<SecretAnswer> ParameterAsync(RemoteSecret secret, CancellationToken cancel)
    {
        using var answer = await Service(secret, "SSM", "ssm", "AmazonSSM")
            .AskAsync(
                "GetParameter",
                json =>
                {
                    json.WriteString("Name", NameOf(secret));
                    json.WriteBoolean("WithDecryption", true);
                },
                cancel
            );
        return
            answer.RootElement.TryGetProperty("Parameter", out var parameter)
            && parameter.TryGetProperty("Value", out var value)
            && value.GetString() is { } text
            ? new SecretAnswer(text)
            : new SecretAnswer(null, "the parameter has no value", "give it one");
    }

    // Nothing of the value goes into an answer without a value.
    private static SecretAnswer Member(string value, string key)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return NoObject();
            if (json.RootElement.TryGetProperty(key, out var member))
                return member.ValueKind switch
                {
                    JsonValueKind.String => new SecretAnswer(member.GetString()),
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => new SecretAnswer(
                        member.GetRawText()
                    ),
                    _ => new SecretAnswer(null, $"its key '{key}' is no text", "name a key whose value is a text"),
                };
            return new SecretAnswer(null, $"the secret has no key '{key}'", "add the key to the secret, or correct it");
        }
        catch (JsonException)
        {
            return NoObject();
        }

        static SecretAnswer NoObject() =>
            new(null, "the secret is no JSON object, so it has no keys", "leave out # and the key, to take it whole");
    }

    private SecretAnswer Refused(RemoteSecret secret, AwsRefusal refusal)
    {
        var (what, action) =
            secret.Store == "aws-sm" ? ("secret", "secretsmanager:GetSecretValue") : ("parameter", "ssm:GetParameter");
        var found = lent.Redact(refusal.Message);
        return refusal.Code switch
        {
            "ResourceNotFoundException" or "ParameterNotFound" or "ParameterVersionNotFound" => new SecretAnswer(
                null,
                $"there is no such {what} in this region",
                $"make it, or correct its name; AWS_REGION says in which region it is looked for"
            ),
            "AccessDeniedException" or "AccessDenied" or "DecryptionFailure" => new SecretAnswer(
                null,
                $"it may not be read ({found})",
                $"allow {action} on it, and kms:Decrypt where a key of your own encrypts it"
            ),
            _ => new SecretAnswer(
                null,
                found,
                "read what was found; credentials and region are looked for where AWS's tools look for them"
            ),
        };
    }

    // Beside the region of an ARN nothing says where a secret is.
    private AwsJson Service(RemoteSecret secret, string variable, string name, string api) =>
        new(
            new AwsCaller(
                secret.Name.Split(':') is ["arn", _, _, { Length: > 0 } region, ..] ? region : null,
                environment($"AWS_ENDPOINT_URL_{variable}") ?? environment("AWS_ENDPOINT_URL"),
                lent,
                clock
            ),
            name,
            api
        );

    // A name of several parts begins with / in Systems Manager.
    private static string NameOf(RemoteSecret secret) =>
        secret.Name.Contains('/', StringComparison.Ordinal)
        && !secret.Name.StartsWith('/')
        && !secret.Name.StartsWith("arn:", StringComparison.Ordinal)
            ? $"/{secret.Name}"
            : secret.Name;
}
