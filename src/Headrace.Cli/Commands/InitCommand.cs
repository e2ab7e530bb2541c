using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace init [DIR]</c>: a project to start from. What is there already is left alone.</summary>
internal static class InitCommand
{
    private static readonly Argument<string> Dir = new("DIR")
    {
        Description = "The project's folder; made when it is missing",
        DefaultValueFactory = _ => ".",
    };

    public static Command Create()
    {
        var command = new Command("init", "Make a project to start from; what is there already is left alone") { Dir };
        command.SetAction(InitAsync);
        return command;
    }

    private static async Task<int> InitAsync(ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var folder = Path.GetFullPath(parsed.GetValue(Dir)!, Path.GetFullPath(parsed.GetValue(CommandLine.Folder)!));
        await WriteAsync(screen, folder, NewProject.Sample, cancel);
        NewProject.MakeLake(folder);
        screen.Say();
        screen.Say($"Next:  cd {Path.GetRelativePath(Directory.GetCurrentDirectory(), folder)}");
        screen.Say("       put a CSV file into lake/orders, then: headrace plan");
        return ExitCode.Ok;
    }

    /// <summary>Writes a project's files where they are missing, and says which.</summary>
    public static async Task WriteAsync(Screen screen, string folder, string configuration, CancellationToken cancel)
    {
        screen.Say($"Project {folder}");
        foreach (var file in await NewProject.WriteAsync(folder, configuration, cancel))
            screen.Say($"  {file.Name, -16} {(file.WasThere ? "was there, left alone" : file.Purpose)}");
    }
}
