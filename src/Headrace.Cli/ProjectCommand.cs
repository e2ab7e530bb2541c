using System.CommandLine;

namespace Headrace.Cli;

/// <summary>What commands that work on a project share: open it, say what is wrong with it, close it.</summary>
internal static class ProjectCommand
{
    /// <summary>Gives the command an action that gets the opened project; exit code 2 when headrace.yaml is not right.</summary>
    public static Command OnProject(this Command command, Func<Workspace, ParseResult, CancellationToken, Task<int>> act)
    {
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = Workspace.Open(parsed, Screen.Of(parsed));
            return workspace is null ? ExitCode.Usage : await act(workspace, parsed, cancel);
        });
        return command;
    }
}
