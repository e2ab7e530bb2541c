namespace Headrace.Cli;

/// <summary>What a run would do, for people.</summary>
internal sealed class PlanReport(Screen screen)
{
    /// <param name="off">Flows that are not enabled.</param>
    public void Write(IReadOnlyList<Run> runs, IReadOnlyList<string> off)
    {
        var name = runs.Select(run => run.Dataset.Length).DefaultIfEmpty().Max();
        foreach (var run in runs)
        {
            var indent = $"  {"".PadRight(name)}  ";
            screen.Say($"  {run.Dataset.PadRight(name)}  {Line(run)}");
            foreach (var ddl in run.Ddl)
                screen.Say($"{indent}{screen.Good("+")} {Plain.Line(ddl)}");
            foreach (var line in new ChangeLines(screen).Of(run.Changes))
                screen.Say($"{indent}{line}");
            foreach (var row in run.Sample)
                screen.Say(
                    $"{indent}{screen.Warn("!")} {Plain.Line(row.File)} line "
                        + $"{row.Line}{(row.Column is null ? "" : $", {Plain.Line(row.Column)}")}: "
                        + $"{Plain.Line(row.Reason)}"
                );
            foreach (var line in RunReport.Checks(run))
                screen.Say($"{indent}{screen.Warn("!")} {line}");
            foreach (var warning in run.Warnings)
                screen.Say($"{indent}{screen.Warn("note")}  {Plain.Line(warning)}");
        }

        screen.Errors(runs);

        var planned = runs.Where(run => run.Batches > 0).ToList();
        screen.Say();
        if (planned.Count == 0 && runs.All(run => run.Error is null))
        {
            screen.Say(
                RunReport.Open(runs, off) is { } open
                    ? $"No changes now: {open}."
                    : "No changes. Everything is up to date."
            );
            return;
        }

        var created = planned
            .SelectMany(run => run.Ddl)
            .Count(ddl => ddl.StartsWith("CREATE TABLE", StringComparison.Ordinal));
        screen.Say(
            $"Plan: {created} {(created == 1 ? "table" : "tables")} to create, "
                + $"{Text.Rows(planned.Sum(run => run.Inserted))} to insert, "
                + $"{Text.Count(planned.Sum(run => run.Updated))} to update, "
                + $"{Text.Count(planned.Sum(run => run.Deleted))} to delete, "
                + $"{Text.Count(planned.Sum(run => run.Quarantined))} to set aside."
        );
        screen.Say("Nothing has been written.");
        if (planned.Count > 0)
            screen.Say("Next:  headrace run");
    }

    private string Line(Run run) =>
        run.Outcome switch
        {
            Outcome.WouldLoad =>
                $"{(run.Ddl.Count > 0 ? screen.Good("+") : screen.Warn("~"))} {run.Target}  {RunReport.Changes(run)}",
            Outcome.UpToDate => $"{screen.Dim("=")} {screen.Dim(run.IsWaiting ? "waits" : "nothing to do")}",
            Outcome.Skipped => $"{screen.Warn("-")} would be skipped",
            Outcome.Stopped => $"{screen.Bad("✗")} would be stopped",
            _ => $"{screen.Bad("✗")} would fail",
        };
}
