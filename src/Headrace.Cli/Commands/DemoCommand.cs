using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace demo</c>: a small shop in ./headrace-demo, two days of it, and what happened.</summary>
internal static class DemoCommand
{
    private const string Folder = "headrace-demo";

    public static Command Create()
    {
        var command = new Command("demo", "See it work: a small shop, two days, real rows in a real warehouse");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var folder = Path.Combine(Path.GetFullPath(parsed.GetValue(CommandLine.Folder)!), Folder);
        var marker = Path.Combine(folder, ".headrace", "demo");
        if (Directory.Exists(folder) && !File.Exists(marker))
            throw Error.DemoFolderTaken(folder);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);

        await InitCommand.WriteAsync(screen, folder, DemoShop.Configuration, cancel);
        await File.WriteAllTextAsync(marker, "", cancel);
        var shop = new DemoShop(folder, TimeProvider.System);

        screen.Say();
        screen.Say(
            screen.Bold("Day one. The shop exports its orders, customers and suppliers; the buyer drops a price list.")
        );
        shop.DayOne();
        var first = await LoadAsync(folder, screen, cancel);

        screen.Say();
        screen.Say(
            screen.Bold(
                "Day two. Changed orders, an order file that comes a day late, a row with a typo, a product "
                    + "that is gone, a whole new list of suppliers."
            )
        );
        shop.DayTwo();
        var second = await LoadAsync(folder, screen, cancel);

        screen.Say();
        screen.Say(screen.Bold("What the warehouse holds now"));
        await ShowAsync(folder, screen, cancel);
        screen.Say();
        screen.Say("  What the new list of suppliers changed, as it was published");
        screen.Say(screen.Dim("  cat ops/suppliers-00000002-*.jsonl"));
        foreach (var operation in shop.Operations())
            screen.Say($"    {operation}");
        screen.Say();
        screen.Say("Try next, in headrace-demo:");
        screen.Say(
            "  headrace run                                         again: nothing to do, each file is loaded once"
        );
        screen.Say("  headrace quarantine show orders                      the row with the typo");
        screen.Say("  headrace quarantine release orders 1 --set amount=12.50");
        screen.Say("  headrace status                                      how each dataset stands");
        screen.Say($"(From the repository: ./headrace -C {Folder} run)");
        return first is ExitCode.Ok && second is ExitCode.Ok ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<int> LoadAsync(string folder, Screen screen, CancellationToken cancel)
    {
        screen.Say();
        screen.Say(screen.Dim("$ headrace run"));
        await using var host = Open(folder, screen);
        return await RunCommand.RunAsync(host, screen, [], new RunOptions(), null, cancel);
    }

    private static async Task ShowAsync(string folder, Screen screen, CancellationToken cancel)
    {
        await using var host = Open(folder, screen);
        var warehouse = (DuckDb.DuckDbWarehouse)host.Warehouses.Of("warehouse", isReadOnly: true);
        using var db = await warehouse.ConnectAsync(cancel);
        foreach (var (title, sql) in DemoShop.Questions)
        {
            screen.Say();
            screen.Say($"  {title}");
            screen.Say(screen.Dim($"  {sql}"));
            using var reader = db.Query(sql.Replace("from ", "from warehouse.", StringComparison.Ordinal), cancel);
            while (reader.Read())
                screen.Say(
                    "    "
                        + string.Join(
                                "  ",
                                Enumerable
                                    .Range(0, reader.ColumnCount)
                                    .Select(i => (reader.GetText(i) ?? "NULL").PadRight(12))
                            )
                            .TrimEnd()
                );
        }
    }

    private static ProjectHost Open(string folder, Screen screen) =>
        ProjectCommand.Open(CommandLine.Root().Parse(["-C", folder, "run"]), screen)
        ?? throw Error.Bug("the demo's configuration is not right.");
}
