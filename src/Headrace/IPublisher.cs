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
    /// Publishes the operations of a load from the outbox. May be called again for the same load, after a crash: the
    /// operations are the same ones then, with the same ids.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-310 when it cannot; HDR-311 when the operations are not in the
    /// outbox.</exception>
    Task PublishAsync(Publication publication, CancellationToken cancel);

    /// <summary>
    /// Removes from the outbox what is published, and what was left by loads that will not be committed. The dataset
    /// must be held.
    /// </summary>
    /// <returns>What waits to be published now: it is more than <paramref name="pending"/> when a load was committed
    /// meanwhile.</returns>
    Task<IReadOnlyList<Publication>> CleanAsync(
        Dataset dataset,
        IWarehouse warehouse,
        IReadOnlyList<Publication> pending,
        CancellationToken cancel
    );
}
