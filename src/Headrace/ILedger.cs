namespace Headrace;

/// <summary>
/// The history of runs, and who holds which dataset. It may lag behind a warehouse; it never leads one.
/// </summary>
public interface ILedger
{
    /// <summary>
    /// Takes the dataset for this process; null when another run holds it. Released on disposal or death.
    /// </summary>
    Task<IHold?> HoldAsync(Dataset dataset, CancellationToken cancel);

    /// <summary>Adds ended runs to the history.</summary>
    Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel);

    /// <summary>The newest runs first.</summary>
    Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel);

    /// <summary>The newest run of each dataset, in the order of their names.</summary>
    Task<IReadOnlyList<Run>> LatestAsync(CancellationToken cancel);

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
}
