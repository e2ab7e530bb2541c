using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;

namespace Headrace.Hosting;

/// <summary>
/// What runs did, as numbers and traces for those who watch (meter and activity source <c>Headrace</c>).
/// </summary>
public static class Telemetry
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Headrace";

    /// <summary>The bounds of the buckets of durations, in seconds.</summary>
    public static readonly double[] Buckets = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];

    private static readonly Meter Meter = new(Name);
    private static readonly ActivitySource Traces = new(Name);

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "headrace.run.duration",
        "s",
        "How long runs took"
    );
    private static readonly Histogram<double> Phases = Meter.CreateHistogram<double>(
        "headrace.phase.duration",
        "s",
        "How long the parts of runs took"
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

    /// <summary>Counts runs that ended, and tells of each as a span.</summary>
    public static void Record(IReadOnlyList<Run> runs)
    {
        foreach (var run in runs)
        {
            Trace(run);
            var flow = KeyValuePair.Create<string, object?>("headrace.flow", run.Flow);
            Durations.Record(
                run.Duration.TotalSeconds,
                flow,
                new("headrace.outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()))
            );
            foreach (var phase in run.Phases)
                Phases.Record(phase.Duration.TotalSeconds, flow, new("headrace.phase", phase.Name));
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

    private static void Trace(Run run)
    {
        using var span = Traces.StartActivity(
            "headrace.run",
            ActivityKind.Internal,
            parentContext: default,
            startTime: run.StartedAt
        );
        if (span is null)
            return;
        span.SetTag("headrace.flow", run.Flow);
        span.SetTag("headrace.dataset", run.Dataset);
        span.SetTag("headrace.run", run.Id);
        span.SetTag("headrace.outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()));
        span.SetTag("headrace.rows", run.Inserted + run.Updated + run.Deleted);
        span.SetTag("db.collection.name", run.Target);
        if (run.Error is { } error)
        {
            span.SetTag("error.type", error.Code);
            span.SetStatus(ActivityStatusCode.Error, error.Code);
        }

        foreach (var phase in run.Phases)
            Trace(span, run, phase);
        span.SetEndTime((run.StartedAt + run.Duration).UtcDateTime);
    }

    // A part of a run below it; where there were several batches, the sum of them from the first on.
    private static void Trace(Activity above, Run run, RunPhase phase)
    {
        var begin = run.StartedAt + phase.After;
        using var span = Traces.StartActivity(
            $"headrace.{phase.Name}",
            ActivityKind.Internal,
            above.Context,
            startTime: begin
        );
        span?.SetTag("headrace.run", run.Id);
        span?.SetTag("db.collection.name", run.Target);
        span?.SetEndTime((begin + phase.Duration).UtcDateTime);
    }
}
