using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary>
/// <c>headrace tables add|list|remove|discover</c>: the tables that a flow with <c>tables: process_table</c> syncs.
/// </summary>
internal static class TablesCommand
{
    private static readonly Argument<string> Table = new("TABLE")
    {
        Description = "The source's table, with its schema: public.orders",
    };
    private static readonly Argument<string> Place = new("CONNECTION")
    {
        Description = "A connection of type postgres or redshift",
    };
    private static readonly Option<string> From = new("--connection")
    {
        Description = "The connection it is read from",
        HelpName = "NAME",
        Required = true,
    };
    private static readonly Option<string?> Key = new("--key")
    {
        Description = "The columns that tell one row from all others, with commas between them",
        HelpName = "COLUMNS",
    };
    private static readonly Option<string?> Created = new("--created")
    {
        Description = "The column that says when a row was made",
        HelpName = "COLUMN",
    };
    private static readonly Option<string?> Updated = new("--updated")
    {
        Description = "The column that says when a row was last changed",
        HelpName = "COLUMN",
    };
    private static readonly Option<string?> To = new("--target")
    {
        Description =
            "The table it goes to, as schema.table; one of its own name in the flow's schema when it is not said",
        HelpName = "TABLE",
    };
    private static readonly Option<bool> Off = new("--off") { Description = "Keep it in the list and do not sync it" };

    public static Command Create()
    {
        var add = new Command("add", "Add a table, or change how it is read: what is not said stays as it is listed")
        {
            Table,
            From,
            Key,
            Created,
            Updated,
            To,
            Off,
        }.OnProject(AddAsync);
        var list = new Command("list", "Show the tables with their last sync").OnProject(ListAsync);
        var remove = new Command("remove", "Take a table from the list; its target stays as it is")
        {
            Table,
            From,
        }.OnProject(RemoveAsync);
        var discover = new Command("discover", "Propose keys and cursors for the tables of a database")
        {
            Place,
        }.OnProject(DiscoverAsync);
        return new Command("tables", "Say which tables a flow with tables: process_table syncs")
        {
            add,
            list,
            remove,
            discover,
        };
    }

    private static async Task<int> AddAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var asked = new TableEntry(
            parsed.GetValue(From)!,
            parsed.GetValue(Table)!,
            Target(parsed.GetValue(To)),
            Columns(parsed.GetValue(Key)),
            Column(parsed.GetValue(Created)),
            Column(parsed.GetValue(Updated))
        )
        {
            IsEnabled = !parsed.GetValue(Off),
        };
        bool IsSaid(Option option) => parsed.GetResult(option) is { Implicit: false };
        TableEntry Changed(TableEntry known) =>
            asked with
            {
                Table = known.Table,
                Target = IsSaid(To) ? asked.Target : known.Target,
                PrimaryKey = IsSaid(Key) ? asked.PrimaryKey : known.PrimaryKey,
                CreateKey = IsSaid(Created) ? asked.CreateKey : known.CreateKey,
                UpdateKey = IsSaid(Updated) ? asked.UpdateKey : known.UpdateKey,
            };
        var (entry, flow) = await new TablesService(host).AddAsync(asked, Changed, cancel);
        var screen = Screen.Of(parsed);
        screen.Say($"{entry.Table} of {entry.Connection} is {How(entry)}.");
        screen.Say($"Next:  headrace plan {Shell.Word(flow.Name)}");
        return ExitCode.Ok;
    }

    private static TableName? Target(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : text.Split('.', 2) is [var schema, var table] ? new TableName(schema, table)
        : new TableName("", text);

    private static async Task<int> ListAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var entries = await new TablesService(host).ListAsync(cancel);
        Show(Screen.Of(parsed), entries, "No table is listed.", "headrace tables discover CONNECTION");
        return ExitCode.Ok;
    }

    private static async Task<int> RemoveAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var connection = parsed.GetValue(From)!;
        var table = await new TablesService(host).RemoveAsync(connection, parsed.GetValue(Table)!, cancel);
        Screen.Of(parsed).Say($"{table} of {connection} is no longer synced; its target stays as it is.");
        return ExitCode.Ok;
    }

    private static async Task<int> DiscoverAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var name = parsed.GetValue(Place)!;
        var found = await new TablesService(host).DiscoverAsync(name, cancel);
        Show(screen, found, "The database has no tables that this user may see.", null);
        foreach (var entry in screen.IsJson ? [] : found)
            screen.Say(
                string.Concat(
                    "  headrace tables add ",
                    Shell.Word(entry.Table),
                    " --connection ",
                    Shell.Word(name),
                    entry.PrimaryKey.Count > 0 ? $" --key {Shell.Word(string.Join(',', entry.PrimaryKey))}" : "",
                    entry.CreateKey is { } created ? $" --created {Shell.Word(created)}" : "",
                    entry.UpdateKey is { } updated ? $" --updated {Shell.Word(updated)}" : ""
                )
            );
        return ExitCode.Ok;
    }

    private static void Show(Screen screen, IReadOnlyList<TableEntry> entries, string none, string? next)
    {
        if (screen.IsJson)
        {
            screen.Json(new TablesView([.. entries.Select(TableView.Of)]), Views.Default.TablesView);
            return;
        }

        if (entries.Count == 0)
        {
            screen.Say(none);
            if (next is not null)
                screen.Say($"Next:  {next}");
            return;
        }

        screen.Table(
            ["CONNECTION", "TABLE", "READ", "LAST SYNC", "STATUS", "TARGET"],
            [
                .. entries.Select(entry =>
                    (IReadOnlyList<string>)
                        [
                            entry.Connection,
                            entry.Table,
                            How(entry),
                            entry.LastSyncTime?.ToString("u") ?? "-",
                            entry.LastStatus ?? "-",
                            entry.Target?.ToString() ?? "-",
                        ]
                ),
            ]
        );
    }

    private static string How(TableEntry entry) =>
        !entry.IsEnabled ? "off"
        : entry.PrimaryKey.Count == 0 ? "replaced as a whole: it has no key"
        : (entry.UpdateKey ?? entry.CreateKey) is null
            ? $"compared by {string.Join(", ", entry.PrimaryKey)}: it has no cursor"
        : $"read by {string.Join(" and ", ((string?[])[entry.CreateKey, entry.UpdateKey]).OfType<string>())}";

    private static string? Column(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string[] Columns(string? text) =>
        (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
