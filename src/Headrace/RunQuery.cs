namespace Headrace;

/// <summary>Which runs are asked for, the newest first; what is not said holds for all.</summary>
/// <param name="Of">A flow, a dataset, or the beginning of a run's identifier.</param>
/// <param name="Most">How many at most.</param>
public sealed record RunQuery(string? Of, int Most)
{
    public Outcome? Outcome { get; init; }

    /// <summary>The last run of the page before; null for the first page.</summary>
    public (DateTimeOffset StartedAt, string Id)? Before { get; init; }
}
