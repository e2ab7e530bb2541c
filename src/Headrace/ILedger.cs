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

    /// <summary>The newest runs first; of one flow or dataset when <paramref name="of"/> is given.</summary>
    Task<IReadOnlyList<Run>> RunsAsync(string? of, int most, CancellationToken cancel);

    /// <summary>The newest run of each dataset, in the order of their names.</summary>
    Task<IReadOnlyList<Run>> LatestAsync(CancellationToken cancel);
}

/// <summary>A dataset that this process holds.</summary>
public interface IHold : IAsyncDisposable
{
    /// <summary>Cancelled when it holds the dataset no more, though it has not given it back.</summary>
    CancellationToken Lost { get; }
}
