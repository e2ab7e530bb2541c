using Headrace.Configuration;
using Headrace.Sources;

namespace Headrace.Aws;

/// <summary>
/// A stream of Kinesis as source of changes. What is read of a shard is a chunk, which goes on like a file of changes:
/// its key is committed with its rows, so that after a crash each shard goes on behind its last committed record.
/// </summary>
public sealed class KinesisSource : ISource
{
    // Chunks are in memory until they are staged.
    private const long MostBytes = 32 << 20;

    private readonly Flow flow;
    private readonly KinesisStream stream;
    private readonly TimeProvider clock;
    private readonly StreamChunks chunks;
    private readonly ChangeFiles files;
    private readonly DateTimeOffset started;

    /// <param name="flow">With <c>read: cdc</c>.</param>
    /// <param name="spool">An absolute folder of its own.</param>
    public KinesisSource(Flow flow, KinesisStream stream, string spool, TimeProvider clock)
    {
        (this.flow, this.stream, this.clock) = (flow, stream, clock);
        chunks = new StreamChunks(stream.Address);
        files = new ChangeFiles(flow with { Source = flow.Source with { Path = "**" } }, chunks, spool, clock);
        started = clock.GetUtcNow();
    }

    public string Address => stream.Address;

    public Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<Dataset>>([new Dataset(flow.Name, flow.Name, new Dictionary<string, string>())]);

    public TableName Target(Dataset dataset) => files.Target(dataset);

    public Claim? ClaimOf(Dataset dataset) => files.ClaimOf(dataset);

    public async Task<Found> NextAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel)
    {
        Release(dataset);
        var (found, isLast) = await ReadAsync(dataset, from, attempt, cancel);
        chunks.Hold(found);
        if (found.Count == 0)
            return new Found(null, [], []) { IsLast = true };
        await files.DatasetsAsync(cancel);
        var next = await files.NextAsync(dataset, from, attempt, cancel);

        // What this batch has no room for is read again.
        var isWhole = next.Changes is null || next.Changes.Files.Count == found.Count;
        return next with { IsLast = isLast && isWhole };
    }

    public void Release(Dataset dataset) => files.Release(dataset);

    private async Task<(IReadOnlyList<StreamChunk> Chunks, bool IsLast)> ReadAsync(
        Dataset dataset,
        Position from,
        StageAttempt attempt,
        CancellationToken cancel
    )
    {
        try
        {
            var (position, now) = (StreamChunk.Position(from), clock.GetUtcNow());
            var shards = new KinesisShards(
                stream,
                position.ToDictionary(shard => shard.Key, shard => shard.Value.Last),
                started,
                clock
            );
            var retention = position.Count > 0 ? await shards.RetentionAsync(cancel) : TimeSpan.MaxValue;
            var records = await shards.NextAsync(Math.Min(MostBytes, flow.BatchBytes), cancel);
            foreach (var shard in records)
                if (
                    position.TryGetValue(shard.Shard, out var known)
                    && now - known.ReadAt > retention
                    && !attempt.IsConfirmed
                )
                    throw Error.StreamGap(stream.Address, dataset.Name, shard.Shard, known, retention, flow.Name);
            var found = records.Select(shard => StreamChunk.Of(shard, flow.Source.Dataset, now)).ToList();

            // That nothing came is worth knowing before the stream forgets what came since.
            if (found.Count == 0 && from.Table is not null)
                found.AddRange(
                    position
                        .Where(shard => now - shard.Value.ReadAt > retention / 3)
                        .Select(shard => StreamChunk.Nothing(shard.Key, shard.Value.Last, now))
                );
            return (found, shards.IsRead);
        }
        catch (AwsRefusal refusal)
        {
            throw Error.StreamRefused(stream.Address, refusal.Message, refusal, refusal.IsTransient);
        }
    }
}
