using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace demo [DIR]</c>: a small project, two days of it, and what happened.</summary>
internal static class DemoCommand
{
    private static readonly Argument<string?> Dir = new("DIR")
    {
        Description = "The demo's folder; ./headrace-demo, with --star ./headrace-demo-star, when it is not said",
        DefaultValueFactory = _ => null,
    };
    private static readonly Option<bool> Star = new("--star")
    {
        Description = "Change files of a database (AWS DMS) to dimensions with history and facts",
    };

    public static Command Create()
    {
        var command = new Command("demo", "See it work: a small shop, two days, real rows in a real warehouse")
        {
            Dir,
            Star,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var isStar = parsed.GetValue(Star);
        var name = parsed.GetValue(Dir) ?? (isStar ? "headrace-demo-star" : "headrace-demo");
        var folder = Path.GetFullPath(name, Path.GetFullPath(parsed.GetValue(CommandLine.Folder)!));
        var marker = Path.Combine(folder, ".headrace", "demo");
        if (Directory.Exists(folder) && !File.Exists(marker) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw Error.DemoFolderTaken(folder);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);

        Demo demo = isStar ? new DemoStar(folder, TimeProvider.System) : new DemoShop(folder, TimeProvider.System);
        await InitCommand.WriteAsync(screen, folder, demo.Configuration, cancel);
        await File.WriteAllTextAsync(marker, "", cancel);
        foreach (var (path, text) in demo.Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            await File.WriteAllTextAsync(Path.Combine(folder, path), text, cancel);
        }

        var code = ExitCode.Ok;
        foreach (var day in demo.Days)
        {
            screen.Say();
            screen.Say(screen.Bold(day.Title));
            day.Arrive();
            if (await LoadAsync(folder, screen, cancel) is not ExitCode.Ok)
                code = ExitCode.Failed;
        }

        screen.Say();
        screen.Say(screen.Bold("What the warehouse holds now"));
        await ShowAsync(demo, folder, screen, cancel);
        if (demo.Extra() is { } extra)
        {
            screen.Say();
            screen.Say($"  {extra.Title}");
            screen.Say(screen.Dim($"  {extra.Command}"));
            foreach (var line in extra.Lines)
                screen.Say($"    {line}");
        }

        screen.Say();
        screen.Say($"Try next, in {name}:");
        foreach (var (command, shows) in demo.Next)
            screen.Say($"  {command, -54}  {shows}".TrimEnd());
        screen.Say($"(From the repository: ./headrace -C {name} run)");
        return code;
    }

    private static async Task<int> LoadAsync(string folder, Screen screen, CancellationToken cancel)
    {
        screen.Say();
        screen.Say(screen.Dim("$ headrace run"));
        await using var host = await OpenAsync(folder, screen, cancel);
        return await RunCommand.RunAsync(host, screen, [], new RunOptions(), null, cancel);
    }

    private static async Task ShowAsync(Demo demo, string folder, Screen screen, CancellationToken cancel)
    {
        await using var host = await OpenAsync(folder, screen, cancel);
        var warehouse = (DuckDb.DuckDbWarehouse)host.Warehouses.Of("warehouse", isReadOnly: true);
        using var db = await warehouse.ConnectAsync(cancel);
        db.Execute("USE warehouse", cancel);
        foreach (var (title, sql) in demo.Questions)
        {
            screen.Say();
            screen.Say($"  {title}");
            screen.Say(screen.Dim($"  {sql}"));
            foreach (var line in Lines(db, sql, cancel))
                screen.Say($"    {line}");
        }
    }

    private static IEnumerable<string> Lines(DuckDb.DuckDbConnection db, string sql, CancellationToken cancel)
    {
        var rows = new List<string[]>();
        using var reader = db.Query(sql, cancel);
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.ColumnCount).Select(i => reader.GetText(i) ?? "NULL")]);
        return rows.Select(row =>
            string.Join("  ", row.Select((value, i) => value.PadRight(rows.Max(other => other[i].Length)))).TrimEnd()
        );
    }

    private static async Task<ProjectHost> OpenAsync(string folder, Screen screen, CancellationToken cancel) =>
        await ProjectCommand.OpenAsync(CommandLine.Root().Parse(["-C", folder, "run"]), screen, cancel)
        ?? throw Error.Bug("the demo's configuration is not right.");
}
