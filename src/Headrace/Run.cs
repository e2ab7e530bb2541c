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

    public int Batches { get; init; }

    public long Inserted { get; init; }

    public long Updated { get; init; }

    public long Deleted { get; init; }

    public long Unchanged { get; init; }

    public long Quarantined { get; init; }

    public long Published { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? Target { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>For a plan: statements that would change the target's columns.</summary>
    public IReadOnlyList<string> Ddl { get; init; } = [];

    /// <summary>The first bad rows, to be shown; not kept in the ledger.</summary>
    public IReadOnlyList<BadRow> Sample { get; init; } = [];

    /// <summary>For a plan the first changed rows, to be shown; not kept in the ledger.</summary>
    public IReadOnlyList<RowChange> Changes { get; init; } = [];

    public RunError? Error { get; init; }

    /// <summary>This run after one more batch.</summary>
    public Run Add(LoadResult result) => this with
    {
        Batches = Batches + 1,
        Inserted = Inserted + result.Inserted,
        Updated = Updated + result.Updated,
        Deleted = Deleted + result.Deleted,
        Unchanged = Unchanged + result.Unchanged,
        Quarantined = Quarantined + result.Quarantined,
        Warnings = [.. Warnings, .. result.Warnings.Except(Warnings)],
        Ddl = [.. Ddl, .. result.Ddl],
        Sample = [.. Sample, .. result.Sample.Take(5 - Math.Min(5, Sample.Count))],
        Changes = Changes.Count > 0 ? Changes : result.Changes,
        To = result.Position.ToString(),
    };
}

/// <summary>A <see cref="HeadraceException"/> as a run keeps and shows it.</summary>
public sealed record RunError(string Code, string What, IReadOnlyList<Fact> Facts, string Next)
{
    /// <summary>Where in the code it came from, for <c>-v</c> of the process that met it; kept nowhere.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Trace { get; init; }

    public static RunError Of(HeadraceException error) => new(error.Code, error.What, error.Facts, error.Next) { Trace = error.ToString() };
}
