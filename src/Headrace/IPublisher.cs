namespace Headrace;

/// <summary>The operations of one committed load, to be published in one piece.</summary>
/// <param name="Generation">The batch's number in the dataset; batches are published in this order.</param>
public sealed record Publication(string LoadId, Dataset Dataset, string Version, long Generation, long Operations);

/// <summary>A stream or a folder that operations go to, after the load that made them is committed.</summary>
public interface IPublisher
{
    /// <summary>Where this is, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>
    /// Begins the operations of a load; again after a crash, then they are the same ones, with the same ids.
    /// </summary>
    IPublishing Begin(Publication publication);
}

/// <summary>The operations of one load on their way. What is not completed may have no effect.</summary>
public interface IPublishing : IAsyncDisposable
{
    /// <summary>The most operations of one batch.</summary>
    int MostOperations { get; }

    /// <summary>True when what was sent stays, so that after a crash only the rest is sent.</summary>
    bool KeepsWhatWasSent { get; }

    /// <summary>Sends operations, those of one key in their order.</summary>
    /// <param name="operations">Each one JSON object in UTF-8 (docs/snapshot.md), without a line's end.</param>
    /// <returns>Those that are still to be sent, in their order, and why; they may be sent at once again.</returns>
    /// <exception cref="IOException">Nothing can be sent. It may be tried again.</exception>
    /// <exception cref="HeadraceException">Nothing can be sent.</exception>
    Task<Unsent> SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> operations, CancellationToken cancel);

    /// <summary>Makes what was sent visible, whole.</summary>
    /// <exception cref="IOException">It cannot be done now.</exception>
    Task CompleteAsync(CancellationToken cancel);
}

/// <summary>What a batch left.</summary>
/// <param name="Why">What the stream says of those that it refused; null when it refused none.</param>
public sealed record Unsent(IReadOnlyList<ReadOnlyMemory<byte>> Operations, string? Why)
{
    /// <summary>All was sent.</summary>
    public static readonly Unsent None = new([], null);
}
