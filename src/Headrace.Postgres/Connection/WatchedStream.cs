using Headrace.Staging;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows that a server sends; each piece of them is awaited under a <see cref="Watch"/>.</summary>
internal sealed class WatchedStream(NpgsqlConnection db, Stream rows) : ForwardStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Npgsql gives a row at a time, and most of them have come with the one before: neither a watch nor a
        // registration for each of a million rows.
        cancellationToken.ThrowIfCancellationRequested();
        var read = rows.ReadAsync(buffer, CancellationToken.None);
        return read.IsCompleted ? read : AwaitAsync(read, cancellationToken);
    }

    private async ValueTask<int> AwaitAsync(ValueTask<int> read, CancellationToken cancel)
    {
        await using var end = cancel.UnsafeRegister(_ => Watch.End(db, new OperationCanceledException(cancel)), null);
        try
        {
            return await Watch.AnswerAsync(db, read.AsTask);
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
    }

    /// <summary>What was not read is let go, which asks the server to end.</summary>
    public override async ValueTask DisposeAsync()
    {
        await Watch.AnswerAsync(db, () => rows.DisposeAsync().AsTask());
        await base.DisposeAsync();
    }
}
