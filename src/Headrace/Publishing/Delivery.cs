using System.Globalization;

namespace Headrace.Publishing;

/// <summary>
/// Sends what waits in the outbox to where it is published, batch by batch, and sends again what was not taken.
/// </summary>
public sealed class Delivery(Outbox outbox, IPublisher publisher, TimeProvider clock)
{
    // About two minutes in all: a stream that is short of throughput takes more within seconds.
    private const int MostTries = 12;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    /// <summary>Publishes the operations of a load. May be called again for the same load.</summary>
    /// <exception cref="HeadraceException">HDR-310 when it cannot; HDR-311 when the operations are not in the
    /// outbox.</exception>
    public async Task PublishAsync(Publication publication, CancellationToken cancel)
    {
        var from = outbox.PathOf(publication.Dataset, publication.LoadId);
        if (!File.Exists(from))
            await outbox.FetchAsync(publication.Dataset, cancel);
        if (!File.Exists(from))
            throw Error.PublicationLost(publication, from);
        try
        {
            await using var publishing = publisher.Begin(publication);
            using var lines = new WaitingLines(from);
            var mark = publishing.KeepsWhatWasSent ? new SentMark(from) : null;
            lines.Skip(mark?.Sent ?? 0);
            while (await lines.NextAsync(publishing.MostOperations, cancel) is { Count: > 0 } batch)
            {
                await SendAsync(publishing, publication, batch, cancel);
                Failpoint.Hit("operations_sent");
                mark?.Write(lines.Read);
            }

            await publishing.CompleteAsync(cancel);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error.PublishFailed(publication, publisher.Address, error);
        }
    }

    /// <summary>
    /// Removes from the outbox what is published, and what was left by loads that will not be committed. The dataset
    /// must be held.
    /// </summary>
    /// <returns>What waits to be published now: something, when a load was committed meanwhile.</returns>
    public Task<IReadOnlyList<Publication>> CleanAsync(
        Dataset dataset,
        IWarehouse warehouse,
        CancellationToken cancel
    ) => outbox.CleanAsync(dataset, warehouse, [], cancel);

    private async Task SendAsync(
        IPublishing publishing,
        Publication publication,
        IReadOnlyList<ReadOnlyMemory<byte>> batch,
        CancellationToken cancel
    )
    {
        for (var (tries, pause) = (0, FirstPause); ; )
        {
            var unsent = await publishing.SendAsync(batch, cancel);
            if (unsent.Operations.Count == 0)
                return;
            // Some were sent: the stream takes more, and this is no further failure.
            tries = unsent.Operations.Count < batch.Count ? 0 : tries + 1;
            if (tries == MostTries)
                throw Error.PublishFailed(
                    publication,
                    publisher.Address,
                    new IOException(
                        string.Create(CultureInfo.InvariantCulture, $"{unsent.Why} ({MostTries} times in a row)")
                    )
                );
            batch = unsent.Operations;
            if (unsent.Why is null)
                continue;
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, cancel);
            pause = tries == 0 ? FirstPause : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
        }
    }
}
