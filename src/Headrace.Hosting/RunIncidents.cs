using System.Globalization;

namespace Headrace.Hosting;

/// <summary>What a run that ended has shown: incidents that began with it, and those that it ended.</summary>
/// <param name="wants">Whether somebody wants to hear of a condition.</param>
internal sealed class RunIncidents(ProjectHost host, Func<string, bool> wants)
{
    private const int Usual = 20;
    private const int LeastUsual = 5;
    private const int Unusual = 4;
    private const int Growing = 3;

    private static readonly TimeSpan LeastSlow = TimeSpan.FromSeconds(10);

    /// <summary>Incidents of one run.</summary>
    public async Task<IReadOnlyList<Incident>> OfAsync(Run run, CancellationToken cancel)
    {
        var incidents = new List<Incident>();
        void Add(string condition, bool isOpen, string text) =>
            incidents.Add(new Incident(condition, run.Flow, run.Dataset, isOpen, text) { Run = run });
        var isWell = run.Outcome is Outcome.Loaded or Outcome.UpToDate;
        if (run.Outcome == Outcome.Failed || isWell)
            Add("failed", !isWell, isWell ? $"{run.Dataset} runs again." : $"{run.Dataset} failed: {Why(run)}");
        if (run.Outcome == Outcome.Stopped || isWell)
            Add(
                "stopped",
                !isWell,
                isWell ? $"{run.Dataset} is loaded again." : $"{run.Dataset} was stopped: {Why(run)}"
            );
        if (run.Quarantined > 0)
            Add("quarantined", true, $"{run.Dataset} set {Rows(run.Quarantined)} aside.");
        else if (isWell && wants("quarantined") && !await WaitsAsync(run.Dataset, cancel))
            Add("quarantined", false, $"{run.Dataset} has no rows in quarantine any more.");
        if (run.Outcome != Outcome.Loaded || !(wants("unusual_size") || wants("slow") || wants("growing_quarantine")))
            return incidents;

        var before = await LoadsBeforeAsync(run, cancel);
        if (Median(before.Select(Size)) is { } usual)
        {
            var rows = Size(run);
            var isUnusual = rows * Unusual < usual || rows > usual * Unusual;
            Add(
                "unusual_size",
                isUnusual,
                $"{run.Dataset} loaded {Rows(rows)}; {(isUnusual ? "" : "as usual, ")}{Rows(usual)} are usual."
            );
        }

        if (Median(before.Select(one => one.Duration.Ticks)) is { } ticks)
        {
            var isSlow = run.Duration > LeastSlow && run.Duration.Ticks > ticks * Unusual;
            Add(
                "slow",
                isSlow,
                $"{run.Dataset} took {Time(run.Duration)}; {(isSlow ? "" : "as usual, ")}{Time(new TimeSpan(ticks))} "
                    + "is usual."
            );
        }

        if (run.Quarantined == 0)
            Add("growing_quarantine", false, $"{run.Dataset} was loaded and set no row aside.");
        else if (before.Take(Growing - 1).Count(one => one.Quarantined > 0) == Growing - 1)
            Add(
                "growing_quarantine",
                true,
                $"{run.Dataset} set rows aside in {Growing} loads in a row, "
                    + $"{Rows(run.Quarantined + before.Take(Growing - 1).Sum(one => one.Quarantined))} in all."
            );
        return incidents;
    }

    // Who runs has its warehouses open to write.
    private async Task<bool> WaitsAsync(string dataset, CancellationToken cancel) =>
        (await HeldRows.CountAsync(host.Warehouses.All(isReadOnly: false), cancel)).ContainsKey(dataset);

    private async Task<IReadOnlyList<Run>> LoadsBeforeAsync(Run run, CancellationToken cancel) =>
        [
            .. (await host.Ledger.RunsAsync(new RunQuery(run.Dataset, Usual + 1) { Outcome = Outcome.Loaded }, cancel))
                .Where(one => one.Dataset == run.Dataset && one.Id != run.Id)
                .Take(Usual),
        ];

    // Null while there are few.
    private static long? Median(IEnumerable<long> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count < LeastUsual ? null : sorted[sorted.Count / 2];
    }

    private static long Size(Run run) => run.Inserted + run.Updated + run.Deleted;

    private static string Rows(long rows) =>
        rows == 1 ? "1 row" : $"{rows.ToString("N0", CultureInfo.InvariantCulture)} rows";

    private static string Time(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMinutes} min {time.Seconds} s");

    private static string Why(Run run) => run.Error is { } error ? $"{error.Code}  {error.What}" : "see the run";
}
