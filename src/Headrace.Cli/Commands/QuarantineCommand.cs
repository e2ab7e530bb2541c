using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace quarantine list|show|release|discard</c>: rows that were set aside.</summary>
internal static class QuarantineCommand
{
    private static readonly Argument<string> Of = new("FLOW") { Description = "A flow or a dataset" };
    private static readonly Argument<string[]> Ids = new("ROW") { Description = "Numbers of rows (1,2 or 1 2); all that wait when none is given", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string[]> Set = new("--set") { Description = "Mend a column first: column=value (column= for NULL); may be given more than once", HelpName = "COLUMN=VALUE" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why the rows are given up; kept on record", HelpName = "TEXT" };
    private static readonly Option<bool> All = new("--all") { Description = "Every row, those released and discarded too" };

    public static Command Create()
    {
        var list = new Command("list", "Count the rows that wait, by dataset").OnProject(ListAsync);
        var show = new Command("show", "Show the rows of a flow that wait, each with its reason") { Of, All }.OnProject(ShowAsync);
        var release = new Command("release", "Load rows after all; those that still do not fit stay") { Of, Ids, Set }.OnProject(ReleaseAsync);
        var discard = new Command("discard", "Give rows up; they stay on record") { Of, Ids, Reason }.OnProject(DiscardAsync);
        return new Command("quarantine", "Look at the rows that were set aside; load them after all, or give them up") { list, show, release, discard };
    }

    private static async Task<int> ListAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var counts = new List<QuarantineCountView>();
        foreach (var warehouse in workspace.Warehouses(isReadOnly: true))
            foreach (var (dataset, rows, oldest) in await warehouse.Quarantine.CountAsync(cancel))
                counts.Add(new QuarantineCountView(dataset, rows, oldest));
        if (screen.IsJson)
        {
            screen.Json(new QuarantineListView(counts), Views.Default.QuarantineListView);
            return ExitCode.Ok;
        }

        if (counts.Count == 0)
        {
            screen.Say("No rows wait in quarantine.");
            return ExitCode.Ok;
        }

        var now = workspace.Clock.GetUtcNow();
        screen.Table(["DATASET", "ROWS", "OLDEST"], [.. counts.Select(count => (IReadOnlyList<string>)[count.Dataset, Text.Count(count.Rows), Text.Ago(now - count.Oldest)])]);
        screen.Say();
        screen.Say($"Next:  headrace quarantine show {Shell.Word(counts[0].Dataset)}");
        return ExitCode.Ok;
    }

    private static async Task<int> ShowAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var of = parsed.GetValue(Of)!;
        var quarantine = workspace.Warehouse(FlowOf(workspace, of), isReadOnly: true).Quarantine;
        var rows = await quarantine.RowsAsync(of, parsed.GetValue(All), screen.IsJson ? int.MaxValue : 200, cancel);
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
        screen.Table(["#", "FILE", "LINE", "COLUMN", "WHY"], [.. rows.Select(row => (IReadOnlyList<string>)
            [row.Id.ToString(CultureInfo.InvariantCulture), Plain.Line(row.File), row.Line?.ToString(CultureInfo.InvariantCulture) ?? "-", Plain.Line(row.Column ?? "-"),
                Plain.Line(row.Reason) + (row.Status == "waiting" ? "" : $"  ({row.Status}{(row.Resolution is null ? "" : $": {row.Resolution}")})")])]);
        screen.Say();
        if (rows.FirstOrDefault(row => row.Row is not null && row.Status == "waiting") is { } row)
            screen.Say($"Next:  headrace quarantine release {Shell.Word(of)} {row.Id}{string.Concat(ColumnsOf(row).Select(column => $" --set {Shell.Word($"{column}=value")}"))}");
        screen.Say($"Next:  headrace quarantine discard {Shell.Word(of)} {rows[0].Id} --reason \"…\"");
        return ExitCode.Ok;
    }

    // The columns of a key of several are named together.
    private static IEnumerable<string> ColumnsOf(QuarantinedRow row)
    {
        if (row.Column is not { } named || row.Row is null)
            return [row.Column ?? "column"];
        using var json = JsonDocument.Parse(row.Row);
        return json.RootElement.ValueKind != JsonValueKind.Object || json.RootElement.TryGetProperty(named, out _) ? [named] : named.Split(", ");
    }

    private static async Task<int> ReleaseAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var of = parsed.GetValue(Of)!;
        var flow = FlowOf(workspace, of);
        var rules = flow.Rules();
        var set = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in parsed.GetValue(Set) ?? [])
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
                throw Error.BadArgument("--set", pair, "--set column=value");
            // A column may be named as in the table or as in the file.
            var name = rules.Columns.FirstOrDefault(column => column.From.Equals(pair[..at], StringComparison.OrdinalIgnoreCase))?.Name ?? pair[..at];
            set[name] = at == pair.Length - 1 ? null : pair[(at + 1)..];
        }

        // What a stream is told comes from exports alone: a row that went into the table by hand would be missing there.
        if (flow.Publish is not null)
            throw Error.ReleaseRefused(flow.Name);
        var ids = Numbers(parsed);
        if (set.Count > 0 && ids is null)
            throw Error.BadArgument("ROW", "none", "the numbers of the rows that --set is for");
        var quarantine = workspace.Warehouse(flow, isReadOnly: false).Quarantine;
        var (released, superseded, kept) = await quarantine.ReleaseAsync(of, ids, new Mending(set, rules, flow.Source.Csv.ToDialect()), cancel);
        if (screen.IsJson)
            screen.Json(new ReleaseView(released, kept, 0), Views.Default.ReleaseView);
        screen.Say($"Loaded {Text.Rows(released)} from quarantine.{(kept > 0 ? $" {Text.Rows(kept)} still do not fit, or have the key of a later row, and stay." : "")}");
        if (superseded > 0)
            screen.Say($"{Text.Rows(superseded)} were not loaded: newer rows have replaced the table.");
        if (released + superseded + kept < (ids?.Distinct().Count() ?? 0))
            screen.Message("Some of these rows do not wait any more.");
        if (kept > 0)
            screen.Say($"Next:  headrace quarantine show {Shell.Word(of)}");
        return kept > 0 && released == 0 ? ExitCode.Stopped : ExitCode.Ok;
    }

    private static async Task<int> DiscardAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;
        var of = parsed.GetValue(Of)!;
        var quarantine = workspace.Warehouse(FlowOf(workspace, of), isReadOnly: false).Quarantine;
        var discarded = await quarantine.DiscardAsync(of, Numbers(parsed), parsed.GetValue(Reason), cancel);
        if (screen.IsJson)
            screen.Json(new ReleaseView(0, 0, discarded), Views.Default.ReleaseView);
        screen.Say($"Gave up {Text.Rows(discarded)}; they stay on record (headrace quarantine show {Shell.Word(of)} --all).");
        return ExitCode.Ok;
    }

    private static List<long>? Numbers(ParseResult parsed)
    {
        var words = (parsed.GetValue(Ids) ?? []).SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (words.Count == 0)
            return null;
        return [.. words.Select(word => long.TryParse(word, CultureInfo.InvariantCulture, out var id) ? id : throw Error.BadArgument("ROW", word, "numbers such as 1,2"))];
    }

    private static Configuration.Flow FlowOf(Workspace workspace, string of)
    {
        var name = of.Split('/')[0];
        return workspace.Project.Flows.TryGetValue(name, out var flow) ? flow : throw Error.UnknownFlow(name, [.. workspace.Project.Flows.Keys]);
    }
}
