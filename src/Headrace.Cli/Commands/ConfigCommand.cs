using System.CommandLine;
using Headrace.Configuration;

namespace Headrace.Cli.Commands;

/// <summary>
/// <c>headrace config show [FLOW]</c>: the configuration that holds, defaults and environment applied.
/// </summary>
internal static class ConfigCommand
{
    private static readonly Argument<string?> Flow = new("FLOW")
    {
        Description = "Only this flow",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Create()
    {
        var show = new Command(
            "show",
            "Show the configuration that holds, defaults and environment applied; secrets as they are written"
        )
        {
            Flow,
        };
        show.OnProject(
            (host, parsed, _) =>
            {
                var (screen, flow) = (Screen.Of(parsed), parsed.GetValue(Flow));
                screen.Data(
                    screen.IsJson ? ProjectFile.ShowJson(host.Project, flow) : ProjectFile.Show(host.Project, flow)
                );
                return Task.FromResult(ExitCode.Ok);
            }
        );
        return new Command("config", "Look at the configuration") { show };
    }
}
