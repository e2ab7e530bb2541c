using System.CommandLine;
using Headrace.Configuration;
using Headrace.Configuration.Binding;
using Headrace.DuckDb;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary>
/// <c>headrace diff OLD NEW --key a,b</c>: what changed between two files or folders, with no project at all.
/// </summary>
internal static class DiffCommand
{
    private const int LinesAtOnce = 1000;

    private static readonly Argument<string> Old = new("OLD")
    {
        Description = "A file, or a folder with files of one table (CSV, JSON lines or Parquet; gzip and zstd too)",
    };
    private static readonly Argument<string> New = new("NEW") { Description = "The same, later" };
    private static readonly Option<string> Key = new("--key")
    {
        Description = "The columns that tell one row from all others, with commas between them",
        HelpName = "COLUMNS",
        Required = true,
    };
    private static readonly Option<bool> Csv = new("--csv")
    {
        Description = "The changed rows as CSV on standard output",
    };
    private static readonly Option<string?> Delimiter = new("--delimiter")
    {
        Description =
            "The character between the fields of CSV files; a comma when neither this nor a first line sep=; says it",
        HelpName = "CHARACTER",
    };
    private static readonly Option<string?> Comment = new("--comment")
    {
        Description = "Lines of CSV files that begin with this are no records",
        HelpName = "TEXT",
    };
    private static readonly Option<bool> NoHeader = new("--no-header")
    {
        Description = "The first line of CSV files is a row; the columns are col_1, col_2, …",
    };
    private static readonly Option<string?> Memory = new("--memory")
    {
        Description = "Memory that it may use, 384MB or more; what does not fit goes to the folder for temporary files",
        HelpName = "SIZE",
    };

    public static Command Create()
    {
        Delimiter.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && CsvOptions.OneCharacter(text) is null)
                result.AddError($"'{text}' is not one character; write for example ';' or tab.");
        });
        Memory.Validators.Add(result =>
        {
            if (result.Tokens is not [{ Value: var text }])
                return;
            if (!Quantity.TrySize(text, out var size))
                result.AddError($"'{text}' is no size; write for example 512MB or 2GB.");
            else if (size < Project.LeastMemory)
                result.AddError($"'{text}' is too little; write {Quantity.Text(Project.LeastMemory)} or more.");
        });
        var command = new Command("diff", "Show what changed between two files or folders, by key")
        {
            Old,
            New,
            Key,
            Csv,
            Delimiter,
            Comment,
            NoHeader,
            Memory,
        };
        command.SetAction(DiffAsync);
        return command;
    }

    private static async Task<int> DiffAsync(ParseResult parsed, CancellationToken cancel)
    {
        var key = parsed
            .GetValue(Key)!
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (key.Length == 0)
            throw Error.BadArgument(
                "--key",
                parsed.GetValue(Key)!,
                "the columns of the key, for example --key id or --key tenant,id"
            );
        var csv = new CsvOptions
        {
            Delimiter = parsed.GetValue(Delimiter),
            Comment = parsed.GetValue(Comment) is { Length: > 0 } mark ? mark : null,
            Header = !parsed.GetValue(NoHeader),
        };
        long? memory = parsed.GetValue(Memory) is { } text && Quantity.TrySize(text, out var size) ? size : null;
        await using var comparison = await FileComparison.RunAsync(
            parsed.GetValue(Old)!,
            parsed.GetValue(New)!,
            key,
            csv,
            memory,
            cancel
        );
        Show(Screen.Of(parsed), parsed.GetValue(Csv), comparison);
        return ExitCode.Ok;
    }

    private static IEnumerable<string> OneSided(FileDifference found)
    {
        foreach (
            var (names, side) in ((IReadOnlyList<string>, string)[])[(found.OldOnly, "OLD"), (found.NewOnly, "NEW")]
        )
            if (names.Count > 0)
                yield return $"{(names.Count == 1 ? "A column is" : "Columns are")} in {side} only and "
                    + $"{(names.Count == 1 ? "was" : "were")} not compared: "
                    + $"{string.Join(", ", names.Select(Plain.Line))}";
    }

    private static void Show(Screen screen, bool isCsv, FileComparison comparison)
    {
        var found = comparison.Found;
        if (isCsv)
        {
            foreach (var line in OneSided(found))
                screen.Message($"{screen.Warn("note")}  {line}");
            foreach (var lines in comparison.CsvLines().Chunk(LinesAtOnce))
                screen.Raw(string.Join('\n', lines));
            return;
        }

        if (screen.IsJson)
        {
            // One object; its rows are written as they are read, since there may be more than the memory holds.
            var changes = comparison.JsonLines();
            var counts = screen.JsonOf(
                new DiffView(
                    found.Inserted,
                    found.Updated,
                    found.Deleted,
                    found.Unchanged,
                    found.Doubtful,
                    found.OldOnly,
                    found.NewOnly
                ),
                Views.Default.DiffView
            );
            var text = $"{counts[..^1]},\"operations\":[";
            var comma = "";
            foreach (var lines in changes.Chunk(LinesAtOnce))
            {
                screen.Raw($"{text}{comma}");
                text = string.Join(",\n", lines);
                comma = ",";
            }

            screen.Raw($"{text}]}}");
            return;
        }

        foreach (var line in OneSided(found))
            screen.Say($"{screen.Warn("note")}  {line}");
        foreach (var line in new ChangeLines(screen).Of(found.Sample(5)))
            screen.Say($"  {line}");
        var all = found.Inserted + found.Updated + found.Deleted;
        screen.Say(
            all == 0
                ? $"The same {Text.Rows(found.Unchanged)} on both sides."
                : $"{Text.Count(found.Inserted)} inserted, {Text.Count(found.Updated)} updated, "
                    + $"{Text.Count(found.Deleted)} deleted, {Text.Count(found.Unchanged)} unchanged."
        );
        if (found.Doubtful > 0)
            screen.Say(
                $"{screen.Warn("note")}  {Text.Rows(found.Doubtful)} could not be compared: no key, a key "
                    + "that is there more than once, or no row at all."
            );
        if (all > 15)
            screen.Say("Next:  the same with --csv or --json shows every changed row");
    }
}
