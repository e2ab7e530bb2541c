namespace Headrace;

/// <summary>
/// The history of runs, and who holds which dataset. It may lag behind a warehouse; it never leads one.
/// </summary>
public interface ILedger
{
    /// <summary>
    /// Takes the dataset for this process; null when another run holds it. Released on disposal or death.
    /// </summary>
    /// <param name="run">What begins with it, so that others see it under way; null for what is no run.</param>
    Task<IHold?> HoldAsync(Dataset dataset, Run? run, CancellationToken cancel);

    /// <summary>
    /// The runs that have begun and not ended, the newest first; of one whose process died the outcome is failed.
    /// </summary>
    Task<IReadOnlyList<Run>> UnderWayAsync(CancellationToken cancel);

    /// <summary>Adds ended runs to the history.</summary>
    Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel);

    /// <summary>The newest runs first.</summary>
    Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel);

    /// <summary>The newest run of each dataset, in the order of their names.</summary>
    /// <param name="outcomes">Only of runs that ended so; of all when there is none.</param>
    Task<IReadOnlyList<Run>> LatestAsync(IReadOnlyList<Outcome> outcomes, CancellationToken cancel);

    /// <summary>
    /// The marks whose names begin so: small facts that outlive a process, such as when a schedule was due.
    /// </summary>
    Task<IReadOnlyDictionary<string, string>> MarksAsync(string prefix, CancellationToken cancel);

    /// <summary>
    /// Changes a mark from one value to another, of all who try it at once for one alone; null is no mark. False when
    /// it has another value.
    /// </summary>
    Task<bool> MarkAsync(string name, string? from, string? to, CancellationToken cancel);
}

/// <summary>A dataset that this process holds.</summary>
public interface IHold : IAsyncDisposable
{
    /// <summary>Cancelled when it holds the dataset no more, though it has not given it back.</summary>
    CancellationToken Lost { get; }

    /// <summary>The run of who held it before and died with it; null when nobody did.</summary>
    Run? Died { get; }
}
