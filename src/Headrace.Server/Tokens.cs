using System.Security.Cryptography;
using System.Text;

namespace Headrace.Server;

/// <summary>What a token allows.</summary>
public enum Role
{
    /// <summary>To look at everything.</summary>
    Read,

    /// <summary>To run, release and discard too.</summary>
    Operate,
}

/// <summary>Who may ask: tokens, of which only the hashes are kept.</summary>
public sealed class Tokens
{
    /// <summary>The shortest token that is taken.</summary>
    public const int Shortest = 8;

    private static readonly string[] Known = ["changeme", "password", "headrace", "12345678", "operator"];

    private readonly List<(byte[] Hash, Role Role)> hashes = [];

    private Tokens() { }

    /// <summary>Reads a file with one <c>role: token</c> a line; lines that begin with # are not read.</summary>
    /// <exception cref="HeadraceException">HDR-601.</exception>
    public static Tokens Read(string file)
    {
        var tokens = new Tokens();
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error.TokenFileRefused(file, null, "it cannot be read");
        }

        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var at = line.IndexOf(':', StringComparison.Ordinal);
            var token = line[(at + 1)..].Trim();
            Role? role =
                at < 0
                    ? null
                    : line[..at].TrimEnd() switch
                    {
                        "read" => Role.Read,
                        "operate" => Role.Operate,
                        _ => null,
                    };
            if (role is null)
                throw Error.TokenFileRefused(file, i + 1, "the line does not begin with `read:` or `operate:`");
            if (token.Length == 0 || token.Any(char.IsWhiteSpace))
                throw Error.TokenFileRefused(file, i + 1, "the token is empty or has a blank in it");
            if (token.Length < Shortest || token.Distinct().Count() < 4 || Known.Contains(token.ToLowerInvariant()))
                throw Error.TokenFileRefused(
                    file,
                    i + 1,
                    $"the token can be guessed: it has less than {Shortest} letters, or everybody knows it"
                );
            tokens.hashes.Add((Hash(token), role.Value));
        }

        return tokens.hashes.Count > 0 ? tokens : throw Error.TokenFileRefused(file, null, "it has no token");
    }

    /// <summary>What a token allows; null for one that is not known. It takes as long for all.</summary>
    public Role? RoleOf(string token)
    {
        var hash = Hash(token);
        Role? found = null;
        foreach (var (known, role) in hashes)
            if (CryptographicOperations.FixedTimeEquals(known, hash) && found is not Role.Operate)
                found = role;
        return found;
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
