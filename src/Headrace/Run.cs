using Headrace.Checks;

namespace Headrace;

/// <summary>One attempt to bring one dataset up to date; one or more batches, each committed on its own.</summary>
public sealed record Run
{
    public required string Id { get; init; }

    public required string Flow { get; init; }

    public required string Dataset { get; init; }

    public Outcome Outcome { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>What took the time.</summary>
    public IReadOnlyList<RunPhase> Phases
    {
        get => field ?? []; // a run of an earlier release has none
        init;
    }

    public int Batches { get; init; }

    public long Inserted { get; init; }

    public long Updated { get; init; }

    public long Deleted { get; init; }

    public long Unchanged { get; init; }

    public long Quarantined { get; init; }

    /// <summary>Rows that the flow's <c>where</c> does not want.</summary>
    public long Filtered { get; init; }

    public long Published { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? Target { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// Something is there that this run did not take and a later one may: files that are not settled, an export that is
    /// not complete.
    /// </summary>
    public bool IsWaiting { get; init; }

    /// <summary>There was nothing to do, and never had been: a flow whose source is still empty.</summary>
    public bool HadNothing { get; init; }

    /// <summary>For a plan: statements that would change the target's columns.</summary>
    public IReadOnlyList<string> Ddl { get; init; } = [];

    /// <summary>The first bad rows, to be shown; not kept in the ledger.</summary>
    public IReadOnlyList<BadRow> Sample { get; init; } = [];

    /// <summary>For a plan the first changed rows, to be shown; not kept in the ledger.</summary>
    public IReadOnlyList<RowChange> Changes { get; init; } = [];

    /// <summary>What the checks of all its loads found.</summary>
    public IReadOnlyList<CheckResult> Checks
    {
        get => field ?? []; // a run of an earlier release has none
        init;
    }

    public RunError? Error { get; init; }

    /// <summary>This run after one more batch.</summary>
    public Run Add(LoadResult result) =>
        this with
        {
            Batches = Batches + 1,
            Inserted = Inserted + result.Inserted,
            Updated = Updated + result.Updated,
            Deleted = Deleted + result.Deleted,
            Unchanged = Unchanged + result.Unchanged,
            Quarantined = Quarantined + result.Quarantined,
            Filtered = Filtered + result.Filtered,
            Warnings = [.. Warnings, .. result.Warnings.Except(Warnings)],
            Ddl = [.. Ddl, .. result.Ddl],
            Sample = [.. Sample, .. result.Sample.Take(5 - Math.Min(5, Sample.Count))],
            Changes = Changes.Count > 0 ? Changes : result.Changes,
            Checks = CheckResult.Sum(Checks, result.Checks),
            To = result.Position.ToString(),
        };

    /// <summary>This run after an error that ends it.</summary>
    public Run Add(HeadraceException error) =>
        this with
        {
            Error = RunError.Of(error),
            Outcome = error.Outcome,
            Checks = CheckResult.Sum(Checks, error.Checks),
        };

    /// <summary>This run, which had begun, once its process is gone.</summary>
    public Run Ended()
    {
        var died = Headrace.Error.RunDied(Dataset, StartedAt);
        return this with { Outcome = died.Outcome, Error = RunError.Of(died) };
    }

    /// <summary>The same run without secrets in its texts.</summary>
    public Run Redacted(Func<string, string> redact) =>
        this with
        {
            Target = Target is null ? null : redact(Target),
            Warnings = [.. Warnings.Select(redact)],
            Ddl = [.. Ddl.Select(redact)],
            Error = Error?.Redacted(redact),
        };
}

/// <summary>A <see cref="HeadraceException"/> as a run keeps and shows it.</summary>
public sealed record RunError(string Code, string What, IReadOnlyList<Fact> Facts, string Next)
{
    /// <summary>Where in the code it came from, for <c>-v</c> of the process that met it; kept nowhere.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Trace { get; init; }

    public static RunError Of(HeadraceException error) =>
        new(error.Code, error.What, error.Facts, error.Next) { Trace = TraceOf(error) };

    /// <summary>The same error without secrets.</summary>
    public RunError Redacted(Func<string, string> redact) =>
        this with
        {
            What = redact(What),
            Facts = [.. Facts.Select(fact => fact with { Value = redact(fact.Value) })],
            Next = redact(Next),
            Trace = Trace is null ? null : redact(Trace),
        };

    // Types, messages and places in the code. What a driver adds to its errors (where in a row, the whole row) may hold
    // values of rows.
    private static string TraceOf(Exception error)
    {
        var trace = new System.Text.StringBuilder();
        for (var one = error; one is not null; one = one.InnerException)
            trace
                .Append(one == error ? "" : "caused by ")
                .Append(one.GetType().FullName)
                .Append(": ")
                .Append(Plain.Line(one.Message))
                .Append('\n')
                .Append(one.StackTrace)
                .Append('\n');
        return trace.ToString().TrimEnd();
    }
}
