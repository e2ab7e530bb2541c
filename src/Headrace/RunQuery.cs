namespace Headrace;

/// <summary>Which runs are asked for, the newest first; what is not said holds for all.</summary>
/// <param name="Of">A flow, a dataset, or the beginning of a run's identifier.</param>
/// <param name="Most">How many at most.</param>
public sealed record RunQuery(string? Of, int Most)
{
    public Outcome? Outcome { get; init; }

    /// <summary>False leaves out the runs that found nothing to do.</summary>
    public bool WithIdle { get; init; } = true;

    /// <summary>True for those alone that made or changed a table.</summary>
    public bool WithDdl { get; init; }

    /// <summary>The last run of the page before; null for the first page.</summary>
    public (DateTimeOffset StartedAt, string Id)? Before { get; init; }
}
