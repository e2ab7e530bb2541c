using System.CommandLine;
using Headrace.Configuration;
using Headrace.Hosting;

namespace Headrace.Cli;

/// <summary>What commands that work on a project share: open it, say what is wrong with it, close it.</summary>
internal static class ProjectCommand
{
    /// <summary>
    /// Gives the command an action that gets the opened project; exit code 2 when headrace.yaml is not right.
    /// </summary>
    public static Command OnProject(
        this Command command,
        Func<ProjectHost, ParseResult, CancellationToken, Task<int>> act
    )
    {
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var host = await OpenAsync(parsed, Screen.Of(parsed), cancel);
                return host is null ? ExitCode.Usage : await act(host, parsed, cancel);
            }
        );
        return command;
    }

    /// <summary>Loads headrace.yaml; null, with the problems on the screen, when it is not right.</summary>
    public static async Task<ProjectHost?> OpenAsync(ParseResult parsed, Screen screen, CancellationToken cancel)
    {
        var loaded = await LoadAsync(parsed, screen, cancel);
        if (loaded.Project is { } project && loaded.Problems.Count == 0)
            return new ProjectHost(project, TimeProvider.System) { Waits = screen.Message };
        screen.Fail(loaded.Problems);
        return null;
    }

    /// <summary>Loads headrace.yaml, or says what is wrong with it.</summary>
    public static async Task<LoadedProject> LoadAsync(ParseResult parsed, Screen screen, CancellationToken cancel)
    {
        var folder = Path.GetFullPath(parsed.GetValue(CommandLine.Folder)!);
        var environment = parsed.GetValue(CommandLine.Environment);
        var loaded = await ProjectHost.LoadAsync(
            folder,
            environment,
            Environment.GetEnvironmentVariable,
            TimeProvider.System,
            cancel
        );
        if (loaded.Project is { } known)
            screen.Redact = known.Secrets.Redact;
        if (Failpoint.Notice is { } notice)
            screen.Error($"Warning: {notice}.");
        Failpoint.Hit("config_read");
        return loaded;
    }
}
