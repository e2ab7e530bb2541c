using System.CommandLine;
using Headrace.Configuration;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace config show [FLOW]</c>: the configuration that holds, defaults and environment applied.</summary>
internal static class ConfigCommand
{
    private static readonly Argument<string?> Flow = new("FLOW") { Description = "Only this flow", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create()
    {
        var show = new Command("show", "Show the configuration that holds, defaults and environment applied; secrets as they are written") { Flow };
        show.SetAction(async (parsed, _) =>
        {
            var screen = Screen.Of(parsed);
            await using var workspace = Workspace.Open(parsed, screen);
            if (workspace is null)
                return ExitCode.Usage;
            var flow = parsed.GetValue(Flow);
            if (flow is not null)
                workspace.Flows([flow]);
            screen.Data(ProjectFile.Show(workspace.Project, flow));
            return ExitCode.Ok;
        });
        return new Command("config", "Look at the configuration") { show };
    }
}
