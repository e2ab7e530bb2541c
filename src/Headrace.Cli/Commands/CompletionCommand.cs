using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace completion bash|zsh|fish|man</c>: what is made of the commands for other programs.</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = new("SHELL")
    {
        Description = "bash, zsh, fish; man for the manual page",
    };

    public static Command Create()
    {
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "man");
        var command = new Command("completion", "Write the script with which a shell completes commands and flows")
        {
            Shell,
        };
        command.SetAction(parsed =>
        {
            var root = CommandLine.Root();
            Screen
                .Of(parsed)
                .Raw(
                    parsed.GetValue(Shell) switch
                    {
                        "bash" => Completion.Bash(root),
                        "zsh" => Completion.Zsh(root),
                        "fish" => Completion.Fish(root),
                        _ => ManPage.Write(root),
                    }
                );
            return ExitCode.Ok;
        });
        return command;
    }
}
