using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace init [DIR]</c>: a project to start from. What is there already is left alone.</summary>
internal static class InitCommand
{
    private static readonly Argument<string> Dir = new("DIR") { Description = "The project's folder; made when it is missing", DefaultValueFactory = _ => "." };

    private const string Sample =
        """
        # yaml-language-server: $schema=./.headrace/headrace.schema.json
        version: 1

        # Where data lives. ${NAME} is an environment variable, ${secret:NAME} a secret.
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }

        # What every flow gets unless it says otherwise.
        defaults:
          target: { connection: warehouse, schema: raw }

        flows:
          # Each file of lake/orders once; bad rows wait in quarantine. Column types are found out from the first files.
          orders:
            source: { connection: lake, path: "orders/*.csv" }
            read: incremental
            write: append

          # A drop folder: lake/inbox/SCHEMA/append|truncate|schema/TABLE/FILE
          inbox:
            source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
            read: drop
            target: { schema: "{database}", table: "{table}" }

        """;

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
        await WriteAsync(screen, folder, Sample, cancel);
        Directory.CreateDirectory(Path.Combine(folder, "lake", "orders"));
        screen.Say();
        screen.Say($"Next:  cd {Path.GetRelativePath(Directory.GetCurrentDirectory(), folder)}");
        screen.Say("       put a CSV file into lake/orders, then: headrace plan");
        return ExitCode.Ok;
    }

    /// <summary>Writes a project's files where they are missing.</summary>
    public static async Task WriteAsync(Screen screen, string folder, string configuration, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.Combine(folder, ".headrace"));
        screen.Say($"Project {folder}");
        await File.WriteAllTextAsync(Path.Combine(folder, ".headrace", "headrace.schema.json"), Configuration.ConfigurationSchema.Write(), cancel);
        foreach (var (name, text, what) in (ReadOnlySpan<(string, string, string)>)
            [("headrace.yaml", configuration, "the flows, commented"), (".gitignore", ".headrace/\n*.duckdb\n*.duckdb.wal\n", "keeps state and data out of git")])
        {
            var path = Path.Combine(folder, name);
            var isThere = File.Exists(path);
            if (!isThere)
                File.WriteAllText(path, text);
            screen.Say($"  {name,-16} {(isThere ? "was there, left alone" : what)}");
        }
    }
}
