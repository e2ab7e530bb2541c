using System.CommandLine;
using Headrace.Hosting;
using Headrace.Server;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace serve</c>: runs the project until it is told to end.</summary>
internal static class ServeCommand
{
    private static readonly Option<string> Listen = new("--listen")
    {
        Description = "Where to listen: an address and a port",
        DefaultValueFactory = _ => "127.0.0.1:7474",
        HelpName = "ADDRESS",
    };
    private static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "A file with one `role: token` a line, role read or operate; who asks needs one of them",
        HelpName = "FILE",
    };

    private static readonly Option<string> Log = LogOption.Create();

    public static Command Create() =>
        new Command("serve", "Run flows by schedule and by arriving files; answer over HTTP; show what happened")
        {
            Listen,
            TokenFile,
            Log,
        }.OnProject(ServeAsync);

    private static async Task<int> ServeAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var log = LogOption.Of(parsed.GetValue(Log)!, screen, host);
        Action<string> say = log is null ? screen.Message : log.Say;
        using var otlp = Otlp.Start(Environment.GetEnvironmentVariable);
        var options = ServeOptions.Read(parsed.GetValue(Listen)!, parsed.GetValue(TokenFile)) with
        {
            Say = say,
            Log = log,
        };
        await using var server = await ProjectServer.StartAsync(host.Project, options, host.Clock, cancel);
        say($"Headrace serves {host.Project.Name ?? host.Project.Folder} at {server.Address}");
        say("End it with Ctrl-C; what runs then goes on to its end first.");
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            say("Ending; nothing new begins.");
        }

        return ExitCode.Ok;
    }
}
