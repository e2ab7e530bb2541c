using Headrace.Staging;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows that a server sends; each piece of them is awaited under a <see cref="Watch"/>.</summary>
internal sealed class WatchedStream(NpgsqlConnection db, Stream rows) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer,
        CancellationToken cancellationToken = default
    ) => await Watch.AnswerAsync(db, () => rows.ReadAsync(buffer, cancellationToken).AsTask());

    /// <summary>What was not read is let go, which asks the server to end.</summary>
    public override async ValueTask DisposeAsync()
    {
        await Watch.AnswerAsync(db, () => rows.DisposeAsync().AsTask());
        await base.DisposeAsync();
    }
}
