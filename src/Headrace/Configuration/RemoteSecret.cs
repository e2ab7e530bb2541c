namespace Headrace.Configuration;

/// <summary>A secret that another service keeps.</summary>
/// <param name="Store">Which one: <c>aws-sm</c> (AWS Secrets Manager) or <c>aws-ssm</c> (parameters of Systems
/// Manager).</param>
/// <param name="Name">Its name there.</param>
/// <param name="Key">The member of a JSON object that is meant; null for the whole value.</param>
public sealed record RemoteSecret(string Store, string Name, string? Key)
{
    /// <summary>The secret as people write it; null for one of this machine.</summary>
    /// <param name="written">What stands behind <c>secret:</c>.</param>
    public static RemoteSecret? Of(string written)
    {
        foreach (var store in (string[])["aws-sm", "aws-ssm"])
            if (written.StartsWith($"{store}/", StringComparison.Ordinal))
            {
                var name = written[(store.Length + 1)..];
                // Names of parameters have no #, and may be longer than one part.
                var key = store == "aws-sm" ? name.IndexOf('#', StringComparison.Ordinal) : -1;
                return key < 0 ? new(store, name, null) : new(store, name[..key], name[(key + 1)..]);
            }

        return null;
    }

    /// <summary>True when name and key are such as the services have.</summary>
    public bool IsWellFormed =>
        Name.Length is > 0 and <= 2048
        && Name.All(letter =>
            char.IsAsciiLetterOrDigit(letter) || "/_+=.@:-".Contains(letter, StringComparison.Ordinal)
        )
        && Key is not { Length: 0 };
}

/// <summary>What came of asking for a secret.</summary>
/// <param name="Value">Null when it cannot be had.</param>
/// <param name="Why">Why not, in a few words.</param>
/// <param name="Next">What to do then.</param>
public sealed record SecretAnswer(string? Value, string Why = "", string Next = "");

/// <summary>Asks services for secrets.</summary>
public interface ISecretStore
{
    /// <summary>Never fails: the answer says why there is none.</summary>
    Task<SecretAnswer> ReadAsync(RemoteSecret secret, CancellationToken cancel);
}
