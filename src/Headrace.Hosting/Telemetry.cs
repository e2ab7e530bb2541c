using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Headrace.Hosting;

/// <summary>
/// What runs did, as numbers for those who watch (<c>System.Diagnostics.Metrics</c>, meter <c>Headrace</c>).
/// </summary>
public static class Telemetry
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Headrace";

    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "headrace.run.duration",
        "s",
        "How long runs took"
    );
    private static readonly Counter<long> Loaded = Meter.CreateCounter<long>(
        "headrace.rows.loaded",
        "{row}",
        "Rows that were inserted, updated or deleted"
    );
    private static readonly Counter<long> Quarantined = Meter.CreateCounter<long>(
        "headrace.rows.quarantined",
        "{row}",
        "Rows that were set aside"
    );
    private static readonly Counter<long> Checks = Meter.CreateCounter<long>(
        "headrace.check.results",
        "{check}",
        "Results of checks"
    );

    /// <summary>Counts runs that ended.</summary>
    public static void Record(IReadOnlyList<Run> runs)
    {
        foreach (var run in runs)
        {
            var flow = KeyValuePair.Create<string, object?>("headrace.flow", run.Flow);
            Durations.Record(
                run.Duration.TotalSeconds,
                flow,
                new("headrace.outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()))
            );
            Add(run.Inserted, "insert");
            Add(run.Updated, "update");
            Add(run.Deleted, "delete");
            if (run.Quarantined > 0)
                Quarantined.Add(run.Quarantined, flow);
            foreach (var check in run.Checks)
                Checks.Add(
                    1,
                    flow,
                    new(
                        "headrace.result",
                        check.IsPassed ? "pass"
                            : check.IsWarned ? "warn"
                            : "fail"
                    )
                );

            void Add(long rows, string change)
            {
                if (rows > 0)
                    Loaded.Add(rows, flow, new("headrace.change", change));
            }
        }
    }
}
