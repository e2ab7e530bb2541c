using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Headrace.Cli;

/// <summary>Scripts with which shells complete commands, options and names of flows; made of the commands.</summary>
internal static class Completion
{
    // The names below `flows:` and `models:`, as they stand in headrace.yaml; no program has to be started for them.
    private const string Names =
        @"sed -n '/^\(flows\|models\):/,/^[a-z]/s/^  \([A-Za-z_][A-Za-z0-9_-]*\):.*/\1/p' headrace.yaml 2>/dev/null";

    /// <summary>For bash.</summary>
    public static string Bash(Command root)
    {
        var text = new StringBuilder();
        var all = All(root, root.Name).ToList();
        string Quoted(IEnumerable<string> paths) => string.Join(" | ", paths.Select(path => $"\"{path}\""));
        text.Append("# headrace completion bash: source it, or put it into /etc/bash_completion.d\n")
            .Append("_headrace() {\n")
            .Append("  local cur=\"${COMP_WORDS[COMP_CWORD]}\" at=\"headrace\" word words=\"\" i\n")
            .Append("  for ((i = 1; i < COMP_CWORD; i++)); do\n")
            .Append("    word=\"${COMP_WORDS[i]}\"\n")
            .Append("    case \"$at $word\" in\n")
            .Append(
                CultureInfo.InvariantCulture,
                $"      {Quoted(all.Skip(1).Select(one => one.Path))}) at=\"$at $word\" ;;\n"
            )
            .Append("    esac\n  done\n")
            .Append("  case \"$at\" in\n");
        foreach (var (path, command) in all)
            text.Append(
                CultureInfo.InvariantCulture,
                $"    \"{path}\") words=\"{string.Join(' ', Words(root, command))}\" ;;\n"
            );
        text.Append("  esac\n")
            .Append("  case \"$at\" in\n")
            .Append(
                CultureInfo.InvariantCulture,
                $"    {Quoted(all.Where(one => TakesFlows(one.Command)).Select(one => one.Path))})\n"
            )
            .Append(CultureInfo.InvariantCulture, $"      words=\"$words $({Names})\" ;;\n")
            .Append("  esac\n")
            .Append("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n")
            .Append("complete -o default -F _headrace headrace\n");
        return text.ToString();
    }

    /// <summary>For zsh, which reads what bash does.</summary>
    public static string Zsh(Command root) =>
        "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + Bash(root);

    /// <summary>For fish.</summary>
    public static string Fish(Command root)
    {
        var text = new StringBuilder("# headrace completion fish: put it into ~/.config/fish/completions\n");
        text.Append("complete -c headrace -f\n");
        foreach (var (path, command) in All(root, root.Name))
        {
            var words = path.Split(' ')[1..];
            var when = words.Length == 0 ? "__fish_use_subcommand" : $"__fish_seen_subcommand_from {words[^1]}";
            foreach (var child in command.Subcommands.Where(child => !child.Hidden))
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"complete -c headrace -n '{when}' -a {child.Name} -d {Single(child.Description)}\n"
                );
            foreach (var option in command.Options.Where(option => !option.Hidden))
            foreach (var name in option.Aliases.Prepend(option.Name).Distinct())
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"complete -c headrace {(words.Length == 0 ? "" : $"-n '{when}' ")}"
                        + $"{Kind(name)}"
                        + $"{name.TrimStart('-')} -d {Single(option.Description)}\n"
                );
            if (TakesFlows(command))
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"complete -c headrace -n '{when}' -a {Single($"({Names})")}\n"
                );
        }

        return text.ToString();
    }

    /// <summary>All commands with what is typed for them.</summary>
    public static IEnumerable<(string Path, Command Command)> All(Command command, string path) =>
        command
            .Subcommands.Where(child => !child.Hidden)
            .SelectMany(child => All(child, $"{path} {child.Name}"))
            .Prepend((path, command));

    private static IEnumerable<string> Words(Command root, Command command) =>
        command
            .Subcommands.Where(child => !child.Hidden)
            .Select(child => child.Name)
            .Concat(
                root.Options.Concat(command.Options)
                    .Where(option => !option.Hidden)
                    .Select(option => option.Name)
                    .Where(name => name.StartsWith('-'))
                    .Distinct()
            );

    private static bool TakesFlows(Command command) => command.Arguments.Any(argument => argument.Name == "FLOW");

    private static string Kind(string option) =>
        option.StartsWith("--", StringComparison.Ordinal) ? "-l "
        : option.Length == 2 ? "-s "
        : "-o ";

    private static string Single(string? text) =>
        "'"
        + (text ?? "").Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)
        + "'";
}
