using System.Text;

namespace Headrace.Configuration.Binding;

/// <summary>
/// Resolves <c>${NAME}</c>, <c>${NAME:-default}</c>, <c>${secret:NAME}</c> and <c>${file:path}</c> inside a text.
/// <c>$${</c> is a plain <c>${</c>. What a variable holds is never looked at again for more variables.
/// </summary>
/// <param name="remote">The secrets of services; null where none can be asked for.</param>
internal sealed class Variables(
    string folder,
    Func<string, string?> environment,
    Problems problems,
    RemoteSecrets? remote
)
{
    const int LargestFile = 64 * 1024;

    /// <summary>False while environments that were not chosen are read: their variables need not be set here.</summary>
    public bool Strict { get; set; } = true;

    public static bool In(string text) => text.Contains("${", StringComparison.Ordinal);

    /// <summary>
    /// The text with its variables resolved; null, with the reason among the problems, when one cannot be.
    /// </summary>
    public string? Resolve(ScalarNode node)
    {
        if (!In(node.Text))
            return node.Text;
        var text = new StringBuilder();
        var rest = node.Text.AsSpan();
        while (rest.IndexOf("${") is >= 0 and var start)
        {
            text.Append(rest[..start]);
            if (start > 0 && rest[start - 1] == '$')
            {
                text.Append('{');
                rest = rest[(start + 2)..];
                continue;
            }

            if (rest[start..].IndexOf('}') is not (>= 0 and var length))
            {
                Add(
                    node,
                    Error.WrongValue(
                        problems.At(node),
                        "the variable",
                        "a } after ${",
                        rest[start..].ToString(),
                        "close the brace, or write $${ for a plain ${"
                    )
                );
                return null;
            }

            if (Value(node, rest.Slice(start + 2, length - 2).ToString()) is not { } value)
                return null;
            text.Append(value);
            rest = rest[(start + length + 1)..];
        }

        return text.Append(rest).ToString();
    }

    string? Value(ScalarNode node, string variable)
    {
        if (variable.StartsWith("secret:", StringComparison.Ordinal))
            return Secret(node, variable["secret:".Length..].Trim());
        if (variable.StartsWith("file:", StringComparison.Ordinal))
            return Content(node, variable["file:".Length..].Trim());

        var (name, otherwise) = variable.IndexOf(":-", StringComparison.Ordinal) is >= 0 and var at
            ? (variable[..at], variable[(at + 2)..])
            : (variable, null);
        if (
            !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
            || name.Length == 0
            || char.IsAsciiDigit(name[0])
        )
        {
            Add(
                node,
                Error.WrongValue(
                    problems.At(node),
                    "the variable",
                    "${NAME}, ${NAME:-default}, ${secret:NAME} or ${file:path}",
                    $"${{{variable}}}",
                    "correct the variable, or write $${ for a plain ${"
                )
            );
            return null;
        }

        var value = environment(name);
        if (otherwise is not null)
            return string.IsNullOrEmpty(value) ? otherwise : value;
        if (value is null && Strict)
            Add(node, Error.UnsetVariable(problems.At(node), name));
        return value;
    }

    string? Secret(ScalarNode node, string name)
    {
        if (RemoteSecret.Of(name) is { } elsewhere)
            return Remote(node, name, elsewhere);
        if (
            name.Length == 0
            || name.StartsWith('.')
            || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')
        )
        {
            Add(
                node,
                Error.SecretUnreadable(
                    problems.At(node),
                    $"${{secret:{name}}}",
                    "its name may have letters, digits, _ - and .",
                    "correct the name"
                )
            );
            return null;
        }

        var variable = "HEADRACE_SECRET_" + name;
        var upper = variable.ToUpperInvariant().Replace('-', '_').Replace('.', '_');
        if ((environment(variable) ?? environment(upper)) is { } value)
            return Remember(value);

        var path = Path.Combine(folder, ".headrace", "secrets", name);
        if (!File.Exists(path))
        {
            if (Strict)
                Add(
                    node,
                    Error.SecretUnreadable(
                        problems.At(node),
                        $"${{secret:{name}}}",
                        "it is set nowhere",
                        $"set {upper}, or write it to .headrace/secrets/{name} with mode 600"
                    )
                );
            return null;
        }

        const UnixFileMode others =
            UnixFileMode.GroupRead
            | UnixFileMode.GroupWrite
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherWrite
            | UnixFileMode.OtherExecute;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & others) != 0)
        {
            Add(
                node,
                Error.SecretUnreadable(
                    problems.At(node),
                    $"${{secret:{name}}}",
                    $"others than you may read .headrace/secrets/{name}",
                    $"chmod 600 .headrace/secrets/{name}"
                )
            );
            return null;
        }

        return ReadFile(node, $"${{secret:{name}}}", path);
    }

    string? Remote(ScalarNode node, string written, RemoteSecret secret)
    {
        if (!secret.IsWellFormed)
            Refuse("its name may have letters, digits and / _ + = . @ : -, with #KEY behind it", "correct the name");
        else if (Strict && remote is null)
            Refuse("no service is asked for secrets here", "run the command line");
        else if (Strict && remote!.Find(secret) is { } answer)
        {
            if (answer.Value is { } value)
                return Remember(value);
            Refuse(answer.Why, answer.Next);
        }

        return null;

        void Refuse(string why, string next) =>
            Add(node, Error.SecretUnreadable(problems.At(node), $"${{secret:{written}}}", why, next));
    }

    string? Content(ScalarNode node, string path)
    {
        var full = path.Length == 0 ? null : Path.GetFullPath(path, folder);
        if (full is not null && File.Exists(full))
            return ReadFile(node, $"${{file:{path}}}", full);
        if (Strict || full is null)
            Add(
                node,
                Error.SecretUnreadable(
                    problems.At(node),
                    $"${{file:{path}}}",
                    "there is no such file",
                    "put the file there; a relative path starts at the project's folder"
                )
            );
        return null;
    }

    string? ReadFile(ScalarNode node, string written, string path)
    {
        try
        {
            if (new FileInfo(path).Length <= LargestFile)
                return Remember(File.ReadAllText(path).Trim());
            Add(
                node,
                Error.SecretUnreadable(
                    problems.At(node),
                    written,
                    "the file is larger than 64 KiB",
                    "name a file that holds the value and nothing else"
                )
            );
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Add(
                node,
                Error.SecretUnreadable(
                    problems.At(node),
                    written,
                    "the file cannot be read",
                    "let the user who runs headrace read it"
                )
            );
        }

        return null;
    }

    string Remember(string value)
    {
        problems.Secrets.Remember(value);
        return value;
    }

    void Add(ScalarNode node, HeadraceException problem) => problems.Add(problems.At(node), problem, problem.What);
}
