using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace quarantine list|show|release|discard</c>: rows that were set aside.</summary>
internal static class QuarantineCommand
{
    private const int MostShown = 200;
    private const int LongestRow = 120;

    private static readonly Argument<string> Of = new("FLOW") { Description = "A flow or a dataset" };
    private static readonly Argument<string[]> Ids = new("ROW")
    {
        Description = "Numbers of rows (1,2 or 1 2); all that wait when none is given",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "Mend a column first: column=value (column= for NULL); may be given more than once",
        HelpName = "COLUMN=VALUE",
    };
    private static readonly Option<string?> Reason = new("--reason")
    {
        Description = "Why the rows are given up; kept on record",
        HelpName = "TEXT",
    };
    private static readonly Option<bool> All = new("--all")
    {
        Description = "Every row, those released and discarded too",
    };
    private static readonly Option<bool> Whole = new("--all") { Description = "All rows that wait" };
    private static readonly Argument<string[]> Chosen = new("ROW")
    {
        Description = "Numbers of rows (1,2 or 1 2); all that wait need --all",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        var list = new Command("list", "Count the rows that wait, by dataset").OnProject(ListAsync);
        var show = new Command("show", "Show the rows of a flow that wait, each with its reason") { Of, All }.OnProject(
            ShowAsync
        );
        var release = new Command("release", "Load rows after all; those that still do not fit stay")
        {
            Of,
            Ids,
            Set,
        }.OnProject(ReleaseAsync);
        var discard = new Command("discard", "Give rows up; they stay on record")
        {
            Of,
            Chosen,
            Whole,
            Reason,
        }.OnProject(DiscardAsync);
        return new Command("quarantine", "Look at the rows that were set aside; load them after all, or give them up")
        {
            list,
            show,
            release,
            discard,
        };
    }

    private static async Task<int> ListAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var counts = await new QuarantineService(host).CountAsync(cancel);
        if (screen.IsJson)
        {
            var views = counts.Select(QuarantineCountView.Of).ToList();
            screen.Json(new QuarantineListView(views), Views.Default.QuarantineListView);
            return ExitCode.Ok;
        }

        if (counts.Count == 0)
        {
            screen.Say("No rows wait in quarantine.");
            return ExitCode.Ok;
        }

        var now = host.Clock.GetUtcNow();
        screen.Table(
            ["DATASET", "ROWS", "OLDEST"],
            [
                .. counts.Select(count =>
                    (IReadOnlyList<string>)[count.Dataset, Text.Count(count.Rows), Text.Ago(now - count.Oldest)]
                ),
            ]
        );
        screen.Say();
        screen.Say($"Next:  headrace quarantine show {Shell.Word(counts[0].Dataset)}");
        return ExitCode.Ok;
    }

    private static async Task<int> ShowAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var of = parsed.GetValue(Of)!;
        var most = screen.IsJson ? int.MaxValue : MostShown;
        var rows = await new QuarantineService(host).RowsAsync(of, parsed.GetValue(All), most, cancel);
        if (screen.IsJson)
        {
            screen.Json(new QuarantineView(rows), Views.Default.QuarantineView);
            return ExitCode.Ok;
        }

        if (rows.Count == 0)
        {
            screen.Say($"{of}: no rows wait.");
            return ExitCode.Ok;
        }

        screen.Say($"{of}: {Text.Rows(rows.Count)}");
        screen.Say();
        screen.Table(
            ["#", "FILE", "LINE", "COLUMN", "WHY", "ROW"],
            [
                .. rows.Select(row =>
                    (IReadOnlyList<string>)
                        [
                            row.Id.ToString(CultureInfo.InvariantCulture),
                            Plain.Line(row.File),
                            row.Line?.ToString(CultureInfo.InvariantCulture) ?? "-",
                            Plain.Line(row.Column ?? "-"),
                            Plain.Line(row.Reason)
                                + (
                                    row.Status == "waiting"
                                        ? ""
                                        : $"  ({row.Status}{(row.Resolution is null ? "" : $": {row.Resolution}")})"
                                ),
                            Cut(Plain.Line(row.Row ?? "-")),
                        ]
                ),
            ]
        );
        screen.Say();
        if (rows.FirstOrDefault(row => row.Row is not null && row.Status == "waiting") is { } row)
            screen.Say(
                $"Next:  headrace quarantine release {Shell.Word(of)} {row.Id}"
                    + string.Concat(ColumnsOf(row).Select(column => $" --set {Shell.Word($"{column}=value")}"))
            );
        screen.Say($"Next:  headrace quarantine discard {Shell.Word(of)} {rows[0].Id} --reason \"…\"");
        return ExitCode.Ok;
    }

    private static string Cut(string row) => row.Length <= LongestRow ? row : row[..LongestRow] + "…";

    // The columns of a key of several are named together.
    private static IEnumerable<string> ColumnsOf(QuarantinedRow row)
    {
        if (row.Column is not { } named || row.Row is null)
            return [row.Column ?? "column"];
        using var json = JsonDocument.Parse(row.Row);
        return json.RootElement.ValueKind != JsonValueKind.Object || json.RootElement.TryGetProperty(named, out _)
            ? [named]
            : named.Split(", ");
    }

    private static async Task<int> ReleaseAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var of = parsed.GetValue(Of)!;
        _ = host.FlowOf(of);
        var set = (parsed.GetValue(Set) ?? []).Select(Pair).ToList();
        var quarantine = new QuarantineService(host);
        var ids = Numbers(parsed.GetValue(Ids));
        var (released, superseded, kept, gone) = await quarantine.ReleaseAsync(of, ids, set, cancel);
        if (screen.IsJson)
            screen.Json(new ReleaseView(released, kept, 0), Views.Default.ReleaseView);
        var stay = kept > 0 ? $" {Text.Rows(kept)} still do not fit, or have the key of a later row, and stay." : "";
        screen.Say($"Loaded {Text.Rows(released)} from quarantine.{stay}");
        if (superseded > 0)
            screen.Say($"{Text.Rows(superseded)} were not loaded: newer rows have replaced the table.");
        if (kept > 0 && !screen.IsJson)
        {
            foreach (var row in await StayingAsync())
                screen.Say(
                    $"  {row.Id}  {Plain.Line(row.Column ?? "-")}  {Plain.Line(row.Reason)}"
                        + (set.Count > 0 ? "; the value of --set does not fit either" : "")
                );
            screen.Say($"Next:  headrace quarantine show {Shell.Word(of)}");
        }

        return await UnknownAsync(screen, quarantine, of, ids, gone, cancel)
            ?? (kept > 0 && released == 0 ? ExitCode.Stopped : ExitCode.Ok);

        async Task<IEnumerable<QuarantinedRow>> StayingAsync() =>
            (await quarantine.RowsAsync(of, all: false, MostShown, cancel, isReadOnly: false))
                .Where(row => ids is null || ids.Contains(row.Id))
                .Take(5);
    }

    private static KeyValuePair<string, string?> Pair(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
            throw Error.BadArgument("--set", text, "--set column=value");
        return new(text[..at], at == text.Length - 1 ? null : text[(at + 1)..]);
    }

    private static async Task<int> DiscardAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var of = parsed.GetValue(Of)!;
        _ = host.FlowOf(of);
        var quarantine = new QuarantineService(host);
        var ids = Numbers(parsed.GetValue(Chosen));
        if (ids is null && !parsed.GetValue(Whole))
            throw Error.BadArgument("ROW", "none", "the numbers of the rows, or --all for all that wait");
        var discarded = await quarantine.DiscardAsync(of, ids, parsed.GetValue(Reason), cancel);
        if (screen.IsJson)
            screen.Json(new ReleaseView(0, 0, discarded), Views.Default.ReleaseView);
        screen.Say(
            $"Discarded {Text.Rows(discarded)}. headrace quarantine show {Shell.Word(of)} --all still lists them."
        );
        var gone = (ids?.Distinct().Count() ?? 0) - discarded;
        return await UnknownAsync(screen, quarantine, of, ids, gone, cancel) ?? ExitCode.Ok;
    }

    // A row that was released or discarded before is no mistake: the command may have been killed after its commit. A
    // number that no row has is one, and where there was no other, the command did nothing.
    private static async Task<int?> UnknownAsync(
        Screen screen,
        QuarantineService quarantine,
        string of,
        IReadOnlyList<long>? ids,
        long gone,
        CancellationToken cancel
    )
    {
        if (ids is null || gone <= 0)
            return null;
        var rows = await quarantine.RowsAsync(of, all: true, int.MaxValue, cancel, isReadOnly: false);
        var unknown = ids.Except(rows.Select(row => row.Id)).Count();
        if (unknown < gone)
            screen.Message("Some of these rows do not wait any more.");
        if (unknown == 0)
            return null;
        screen.Message(
            $"{Text.Rows(unknown)} of that number cannot be found: headrace quarantine show {Shell.Word(of)} --all "
                + "lists every row."
        );
        return unknown == ids.Distinct().Count() ? ExitCode.Usage : null;
    }

    private static List<long>? Numbers(string[]? numbers)
    {
        var words = (numbers ?? []).SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (words.Count == 0)
            return null;
        return
        [
            .. words.Select(word =>
                long.TryParse(word, CultureInfo.InvariantCulture, out var id)
                    ? id
                    : throw Error.BadArgument("ROW", word, "numbers such as 1,2")
            ),
        ];
    }
}
