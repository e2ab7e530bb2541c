using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace lambda</c>: the bootstrap of a function of AWS Lambda.</summary>
internal static class LambdaCommand
{
    public static Command Create()
    {
        var command = new Command(
            "lambda",
            "Run as a function of AWS Lambda: each invocation runs what one event asks for"
        );
        command.SetAction(
            async (parsed, cancel) =>
            {
                var screen = Screen.Of(parsed);
                await LambdaService.RunAsync(
                    () => ProjectCommand.LoadAsync(parsed, screen, cancel),
                    System.Environment.GetEnvironmentVariable,
                    TimeProvider.System,
                    screen.Message,
                    cancel
                );
                return ExitCode.Ok;
            }
        );
        return command;
    }
}
