using System.CommandLine;
using Headrace.Configuration;
using Headrace.Configuration.Binding;
using Headrace.DuckDb;
using Headrace.Lake;
using Headrace.Staging;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace diff OLD NEW --key a,b</c>: what changed between two files or folders, with no project at all.</summary>
internal static class DiffCommand
{
    private const int LinesAtOnce = 1000;

    private static readonly Argument<string> Old = new("OLD") { Description = "A file, or a folder with files of one table (CSV, JSON lines or Parquet; gzip and zstd too)" };
    private static readonly Argument<string> New = new("NEW") { Description = "The same, later" };
    private static readonly Option<string> Key = new("--key") { Description = "The columns that tell one row from all others, with commas between them", HelpName = "COLUMNS", Required = true };
    private static readonly Option<bool> Csv = new("--csv") { Description = "The changed rows as CSV on standard output" };
    private static readonly Option<string?> Delimiter = new("--delimiter") { Description = "The character between the fields of CSV files; a comma when neither this nor a first line sep=; says it", HelpName = "CHARACTER" };
    private static readonly Option<string?> Comment = new("--comment") { Description = "Lines of CSV files that begin with this are no records", HelpName = "TEXT" };
    private static readonly Option<bool> NoHeader = new("--no-header") { Description = "The first line of CSV files is a row; the columns are col_1, col_2, …" };
    private static readonly Option<string?> Memory = new("--memory") { Description = "Memory that it may use, 384MB or more; what does not fit goes to the folder for temporary files", HelpName = "SIZE" };

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
        var command = new Command("diff", "Show what changed between two files or folders, by key") { Old, New, Key, Csv, Delimiter, Comment, NoHeader, Memory };
        command.SetAction(DiffAsync);
        return command;
    }

    private static async Task<int> DiffAsync(ParseResult parsed, CancellationToken cancel)
    {
        var key = parsed.GetValue(Key)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (key.Length == 0)
            throw Error.BadArgument("--key", parsed.GetValue(Key)!, "the columns of the key, for example --key id or --key tenant,id");
        var folder = Directory.CreateTempSubdirectory("headrace-diff-").FullName;
        try
        {
            return await DiffAsync(parsed, key, folder, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> DiffAsync(ParseResult parsed, string[] key, string folder, CancellationToken cancel)
    {
        var csv = new CsvOptions { Delimiter = parsed.GetValue(Delimiter), Comment = parsed.GetValue(Comment) is { Length: > 0 } mark ? mark : null, Header = !parsed.GetValue(NoHeader) };
        var source = new Source { Connection = "", Path = "", Csv = csv };
        var digests = DigestKey.New();
        var memory = MemoryShares.Engine(parsed.GetValue(Memory) is { } text && Quantity.TrySize(text, out var size) ? size : null);
        var settings = new DuckDbSettings { Memory = memory, Threads = MemoryShares.Threads(memory, null), TempDirectory = Path.Combine(folder, "temp"), AllowedDirectories = [folder] };

        // Both at once: while one is decompressed, the other is cut; and the engine starts meanwhile.
        var opening = Task.Run(() => DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early), cancel);
        var sides = await Task.WhenAll(
            Task.Run(() => StageAsync(parsed.GetValue(Old)!, Path.Combine(folder, "a"), source, key, digests, cancel), cancel),
            Task.Run(() => StageAsync(parsed.GetValue(New)!, Path.Combine(folder, "b"), source, key, digests, cancel), cancel));

        using var engine = await opening;
        using var db = engine.Connect();
        settings.Harden(db, cancel);
        var found = await Task.Run(
            () => new FileDiff(db, folder, MemoryShares.Digests(memory), cancel).Run(sides[0], sides[1], new FileFormat(FormatKind.Csv, csv.ToDialect()).Of(sides[0][0]), key, digests), cancel);
        var clearing = Task.Run(() => Array.ForEach(["a", "b"], side => Directory.Delete(Path.Combine(folder, side), recursive: true)), CancellationToken.None);
        Show(Screen.Of(parsed), parsed, found, folder);
        await clearing;
        return ExitCode.Ok;
    }

    private static async Task<IReadOnlyList<StagedFile>> StageAsync(
        string path, string spool, Source source, IReadOnlyList<string> key, DigestKey digests, CancellationToken cancel)
    {
        var full = Path.GetFullPath(path);
        var isFile = File.Exists(full);
        if (!isFile && !Directory.Exists(full))
            throw Error.NotFound("file or folder", path, "headrace diff OLD NEW --key COLUMNS");
        var lake = new FolderLake(isFile ? Path.GetDirectoryName(full)! : full);
        var files = await lake.ListAsync(PathPattern.Parse(isFile ? "*" : "**"), (_, _) => { }, cancel);
        var chosen = files.Where(file => !isFile || file.Key == Path.GetFileName(full)).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        if (chosen.Count == 0)
            throw Error.NotFound("data file", path, "names that start with . or _, or end like .tmp, are not data: give it another name");
        var stager = new Stager(spool, new FileLimits()) { IsHashed = false };
        var staged = new List<StagedFile>();
        foreach (var file in chosen)
            staged.Add(await stager.StageAsync(lake, file, source.FormatOf(file.Key) ?? new FileFormat(FormatKind.Csv, source.Csv.ToDialect()), null, cancel, new DigestOptions(digests, key, IsInline: false)));
        return staged;
    }

    private static IEnumerable<string> OneSided(FileDifference found)
    {
        foreach (var (names, side) in ((IReadOnlyList<string>, string)[])[(found.OldOnly, "OLD"), (found.NewOnly, "NEW")])
            if (names.Count > 0)
                yield return $"{(names.Count == 1 ? "A column is" : "Columns are")} in {side} only and {(names.Count == 1 ? "was" : "were")} not compared: {string.Join(", ", names.Select(Plain.Line))}";
    }

    private static void Show(Screen screen, ParseResult parsed, FileDifference found, string folder)
    {
        if (parsed.GetValue(Csv))
        {
            foreach (var line in OneSided(found))
                screen.Message($"{screen.Warn("note")}  {line}");
            found.WriteCsv(Path.Combine(folder, "changes.csv"));
            foreach (var lines in File.ReadLines(Path.Combine(folder, "changes.csv")).Chunk(LinesAtOnce))
                screen.Raw(string.Join('\n', lines));
            return;
        }

        if (screen.IsJson)
        {
            // One object; its rows are written as they are read, since there may be more than the memory holds.
            found.WriteJson(Path.Combine(folder, "changes.jsonl"));
            var counts = screen.JsonOf(new DiffView(found.Inserted, found.Updated, found.Deleted, found.Unchanged, found.Doubtful, found.OldOnly, found.NewOnly), Views.Default.DiffView);
            var text = $"{counts[..^1]},\"operations\":[";
            var comma = "";
            foreach (var lines in File.ReadLines(Path.Combine(folder, "changes.jsonl")).Chunk(LinesAtOnce))
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
        screen.Say(all == 0
            ? $"The same {Text.Rows(found.Unchanged)} on both sides."
            : $"{Text.Count(found.Inserted)} inserted, {Text.Count(found.Updated)} updated, {Text.Count(found.Deleted)} deleted, {Text.Count(found.Unchanged)} unchanged.");
        if (found.Doubtful > 0)
            screen.Say($"{screen.Warn("note")}  {Text.Rows(found.Doubtful)} could not be compared: no key, a key that is there more than once, or no row at all.");
        if (all > 15)
            screen.Say("Next:  the same with --csv or --json shows every changed row");
    }
}
