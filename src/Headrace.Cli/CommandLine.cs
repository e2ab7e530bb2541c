using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Headrace.Cli.Commands;

namespace Headrace.Cli;

/// <summary>The root command: one file per command in Commands/, global options, exit codes.</summary>
internal static class CommandLine
{
    public static readonly Option<string> Folder = new("-C")
    {
        Description = "The project's folder",
        Recursive = true,
        DefaultValueFactory = _ => ".",
        HelpName = "DIR",
    };
    public static readonly Option<string?> Environment = new("--env")
    {
        Description = "The environment of headrace.yaml to use",
        Recursive = true,
        HelpName = "NAME",
    };
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Data as JSON on standard output",
        Recursive = true,
    };
    public static readonly Option<bool> Quiet = new("--quiet", "-q")
    {
        Description = "No messages but errors",
        Recursive = true,
    };
    public static readonly Option<bool> Verbose = new("--verbose", "-v")
    {
        Description = "More messages; with an error its stack trace",
        Recursive = true,
    };
    public static readonly Option<bool> NoColor = new("--no-color")
    {
        Description = "No colours (so does NO_COLOR)",
        Recursive = true,
    };
    public static readonly Option<bool> NoInput = new("--no-input") { Description = "Never ask", Recursive = true };

    public static Command Root()
    {
        // Not a RootCommand: that one takes its name from the file that runs, which is dotnet's business.
        var root = new Command(
            "headrace",
            "Headrace moves rows from where they land to where they are asked about, exactly once."
        )
        {
            Folder,
            Environment,
            Json,
            Quiet,
            Verbose,
            NoColor,
            NoInput,
            new HelpOption(),
        };
        foreach (
            var command in (Command[])
                [
                    InitCommand.Create(),
                    DemoCommand.Create(),
                    DoctorCommand.Create(),
                    PlanCommand.Create(),
                    RunCommand.Create(),
                    ExportCommand.Create(),
                    VerifyCommand.Create(),
                    TablesCommand.Create(),
                    DiffCommand.Create(),
                    StatusCommand.Create(),
                    RunsCommand.Create(),
                    ShowCommand.Create(),
                    QuarantineCommand.Create(),
                    ServeCommand.Create(),
                    LambdaCommand.Create(),
                    IamPolicyCommand.Create(),
                    SchemaCommand.Create(),
                    ConfigCommand.Create(),
                    CompletionCommand.Create(),
                    VersionCommand.Create(),
                ]
        )
            root.Subcommands.Add(command);
        return root;
    }

    /// <summary>Runs one command. The streams are the console's unless others are given.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter? output = null, TextWriter? messages = null)
    {
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        configuration.Output = output ?? configuration.Output;
        configuration.Error = messages ?? configuration.Error;
        var parsed = Root().Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
            return Usage(parsed, Screen.Of(parsed, configuration));

        using var stop = new CancellationTokenSource();
        var signals = 0;
        void Stop(PosixSignalContext context)
        {
            // The first signal lets the open transaction roll back; a second one does not wait for it.
            context.Cancel = Interlocked.Increment(ref signals) == 1;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parsed.InvokeAsync(configuration, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Screen
                .Of(parsed)
                .Message(
                    "Interrupted; the batch under way was not loaded. The next run goes on from the last "
                        + "committed batch."
                );
            return ExitCode.Interrupted;
        }
        catch (HeadraceException error)
        {
            return Screen.Of(parsed).Fail(error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Screen.Of(parsed).Fail(Error.Unexpected(parsed.CommandResult.Command.Name, error));
        }
        catch (Exception error)
        {
            return Screen.Of(parsed).Fail(Error.Bug($"{error.GetType().Name}: {error.Message}", error));
        }
    }

    private static int Usage(ParseResult parsed, Screen screen)
    {
        foreach (var error in parsed.Errors)
            screen.Error(error.Message);
        var suggestion = Suggest(parsed);
        screen.Error(suggestion is null ? "Next:  headrace --help" : $"Next:  did you mean 'headrace {suggestion}'?");
        return ExitCode.Usage;
    }

    private static string? Suggest(ParseResult parsed) =>
        parsed.UnmatchedTokens is [var word, ..] && parsed.CommandResult.Command is { Subcommands.Count: > 0 } parent
            ? Configuration.Binding.Suggestion.For(word, parent.Subcommands.Select(command => command.Name))
            : null;
}
