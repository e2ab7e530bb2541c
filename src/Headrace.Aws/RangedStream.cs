using System.Buffers;
using Headrace.Staging;

namespace Headrace.Aws;

/// <summary>
/// A file that is read in parts, of which a few are under way at once: one answer alone rarely fills the line.
/// </summary>
/// <param name="fetch">Fills a buffer with the bytes from a place on.</param>
/// <param name="size">Bytes of the file.</param>
/// <param name="partBytes">Bytes of a part.</param>
internal sealed class RangedStream(
    Func<long, Memory<byte>, CancellationToken, Task> fetch,
    long size,
    int partBytes,
    CancellationToken cancel
) : ForwardStream
{
    private const int Ahead = 4;

    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private readonly Queue<(Task Read, byte[] Buffer, int Length)> parts = new();
    private long asked;
    private int taken;
    private bool isClosed;

    /// <summary>Awaits the first part, so that a file that cannot be read is known.</summary>
    public async Task BeginAsync()
    {
        if (size == 0)
            await fetch(0, Memory<byte>.Empty, stop.Token);
        Ask();
        if (parts.TryPeek(out var first))
            await first.Read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!parts.TryPeek(out var part))
            return 0;
        await part.Read.WaitAsync(cancellationToken);
        var length = Math.Min(buffer.Length, part.Length - taken);
        part.Buffer.AsMemory(taken, length).CopyTo(buffer);
        taken += length;
        if (taken == part.Length)
        {
            parts.Dequeue();
            ArrayPool<byte>.Shared.Return(part.Buffer);
            taken = 0;
            Ask();
        }

        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isClosed)
        {
            isClosed = true;
            _ = EndAsync();
        }

        base.Dispose(disposing);
    }

    // Nobody waits for parts that are under way, nor asks how they end; their buffers are free once they have.
    private async Task EndAsync()
    {
        await stop.CancelAsync();
        while (parts.TryDequeue(out var part))
        {
            await part.Read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(part.Buffer);
        }

        stop.Dispose();
    }

    private void Ask()
    {
        while (parts.Count < Ahead && asked < size)
        {
            var length = (int)Math.Min(partBytes, size - asked);
            var (from, buffer) = (asked, ArrayPool<byte>.Shared.Rent(length));
            parts.Enqueue((fetch(from, buffer.AsMemory(0, length), stop.Token), buffer, length));
            asked += length;
        }
    }
}
