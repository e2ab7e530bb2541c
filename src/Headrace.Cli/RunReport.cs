using Headrace.Checks;

namespace Headrace.Cli;

/// <summary>What a run did, for people: a line for each dataset, what went wrong, what to type next.</summary>
internal sealed class RunReport(Screen screen)
{
    /// <param name="off">Flows that are not enabled.</param>
    public void Write(IReadOnlyList<Run> runs, IReadOnlyList<string> off, TimeSpan took)
    {
        var name = runs.Select(run => run.Dataset.Length).DefaultIfEmpty().Max();
        var target = runs.Where(run => run.Outcome == Outcome.Loaded)
            .Select(run => run.Target?.Length ?? 0)
            .DefaultIfEmpty()
            .Max();
        foreach (var run in runs)
        {
            screen.Say($"  {run.Dataset.PadRight(name)}  {Line(run, target)}");
            foreach (var ddl in run.Ddl.Where(ddl => !ddl.StartsWith("CREATE SCHEMA", StringComparison.Ordinal)))
                screen.Say($"  {"".PadRight(name)}    {screen.Good("+")} {Plain.Line(ddl)}");
            foreach (var line in Checks(run))
                screen.Say($"  {"".PadRight(name)}    {screen.Warn("!")} {line}");
            foreach (var warning in run.Warnings)
                screen.Say($"  {"".PadRight(name)}    {screen.Warn("note")}  {Plain.Line(warning)}");
        }

        screen.Errors(runs);

        screen.Say();
        screen.Say(Summary(runs, off, took));
        foreach (var next in Next(runs))
            screen.Say($"Next:  {next}");
    }

    /// <summary>
    /// What is still open though nothing was to load, in one phrase; null when everything is up to date.
    /// </summary>
    public static string? Open(IReadOnlyList<Run> runs, IReadOnlyList<string> off)
    {
        var parts = new List<string>();
        void Add(int count, string one, string many)
        {
            if (count > 0)
                parts.Add($"{count} {(count == 1 ? one : many)}");
        }

        var skipped = runs.Count(run => run.Outcome == Outcome.Skipped && run.Warnings.Contains(Runner.IsHeld));
        var waiting = runs.Count(run => run is { IsWaiting: true, Outcome: not Outcome.Skipped });
        Add(waiting, "dataset waits", "datasets wait");
        Add(
            skipped,
            "dataset was skipped, since another run holds it",
            "datasets were skipped, since other runs hold them"
        );
        Add(
            runs.Count(run => run.Outcome == Outcome.Skipped) - skipped,
            "dataset was not run",
            "datasets were not run"
        );
        Add(
            runs.Count(run => run is { IsWaiting: false, Outcome: not Outcome.Skipped, Warnings.Count: > 0 }),
            "dataset has notes",
            "datasets have notes"
        );
        parts.AddRange(off.Select(Off));
        if (runs.Count == 0 && off.Count == 0)
            parts.Add("there is no flow");
        return parts.Count == 0 ? null : string.Join("; ", parts);
    }

    /// <summary>What is said of a flow that is not enabled.</summary>
    public static string Off(string flow) => $"flow '{flow}' is off (enabled: false)";

    /// <summary>Changes of rows in one phrase, for example "12 inserted, 3 updated".</summary>
    public static string Changes(Run run)
    {
        var parts = new List<string>();
        void Add(long rows, string what)
        {
            if (rows > 0)
                parts.Add($"{Text.Count(rows)} {what}");
        }

        Add(run.Inserted, "inserted");
        Add(run.Updated, "updated");
        Add(run.Deleted, "deleted");
        Add(run.Unchanged, "unchanged");
        Add(run.Filtered, "filtered out");
        Add(run.Quarantined, "in quarantine");
        Add(run.Published, "published");
        return parts.Count == 0 ? "no rows" : string.Join(", ", parts);
    }

    /// <summary>A line for each check that set rows aside or stopped the load; of others the notes tell.</summary>
    public static IEnumerable<string> Checks(Run run) =>
        run.Checks.Where(check => !check.IsPassed && !check.IsWarned).Select(Line);

    /// <summary>What a check found, in one line.</summary>
    public static string Line(CheckResult check) =>
        Plain.Line(
            $"check '{check.Name}' ({check.Kind}, {check.Scope}) {check.Outcome}: "
                + $"{Text.Count(check.Failed)} failed of {Text.Count(check.Checked)}"
        );

    private string Line(Run run, int width) =>
        run.Outcome switch
        {
            Outcome.Loaded => $"{(run.Quarantined > 0 ? screen.Warn("!") : screen.Good("✓"))} "
                + $"{(run.Target ?? "").PadRight(width)}  {Changes(run)}  "
                + $"{screen.Dim(Text.Duration(run.Duration))}",
            Outcome.UpToDate when run.Published > 0 =>
                $"{screen.Good("✓")} {Text.Count(run.Published)} published, which an earlier run had loaded",
            Outcome.UpToDate => $"{screen.Dim("=")} {screen.Dim(run.IsWaiting ? "waits" : "nothing to do")}",
            Outcome.Skipped => $"{screen.Warn("-")} skipped",
            Outcome.Stopped => $"{screen.Bad("✗")} stopped{Also(run)}",
            _ => $"{screen.Bad("✗")} failed{Also(run)}",
        };

    private static string Also(Run run) => run.Batches > 0 ? $"; before that {Changes(run)}" : "";

    private static string Summary(IReadOnlyList<Run> runs, IReadOnlyList<string> off, TimeSpan took)
    {
        var loaded = runs.Where(run => run.Batches > 0).ToList();
        var bad = runs.Count(run => run.Error is not null);
        var troubles = bad == 0 ? "" : $" {bad} of {runs.Count} need you.";
        if (loaded.Count == 0)
            return bad > 0 ? $"Nothing was loaded.{troubles}"
                : Open(runs, off) is { } open ? $"Nothing to load now: {open} ({Text.Duration(took)})."
                : $"Nothing to do: everything is up to date ({Text.Duration(took)}).";
        var rows = loaded.Sum(run => run.Inserted + run.Updated);
        var waiting = runs.Count(run => run.IsWaiting);
        troubles += waiting == 0 ? "" : $" {waiting} {(waiting == 1 ? "dataset waits" : "datasets wait")}.";
        var tables = loaded.Select(run => run.Target).Distinct().Count();
        return $"Loaded {Text.Rows(rows)} into {tables} {(tables == 1 ? "table" : "tables")} in "
            + $"{Text.Duration(took)}.{troubles}";
    }

    private static IEnumerable<string> Next(IReadOnlyList<Run> runs)
    {
        if (runs.FirstOrDefault(run => run.Quarantined > 0) is { } held)
            yield return $"headrace quarantine show {Shell.Word(held.Flow)}";
        if (runs.FirstOrDefault(run => run.Error is not null) is { } failed)
            yield return $"headrace show {failed.Id}";
        if (runs.FirstOrDefault(run => run.IsWaiting) is { } waiting)
            yield return $"headrace run {Shell.Word(waiting.Flow)} --wait";
    }
}
