using System.Buffers;
using System.Text;
using System.Threading.Channels;

namespace Headrace.Staging;

/// <summary>
/// Reads and decompresses on a task of its own, a few blocks ahead of the thread that cuts them, so that on two cores a
/// file takes about as long as its decompression alone. The blocks go round; memory stays as it is.
/// </summary>
internal sealed class BlockPump : IAsyncDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int Blocks = 4;

    private readonly Channel<(byte[] Buffer, int Length)> full = Channel.CreateBounded<(byte[], int)>(
        new BoundedChannelOptions(Blocks) { SingleReader = true, SingleWriter = true }
    );
    private readonly Channel<byte[]?> empty = Channel.CreateBounded<byte[]?>(
        new BoundedChannelOptions(Blocks) { SingleReader = true, SingleWriter = true }
    );
    private readonly CancellationTokenSource stop;
    private readonly Task pumping;

    public BlockPump(Stream text, string source, CancellationToken cancel)
    {
        for (var i = 0; i < Blocks; i++)
            empty.Writer.TryWrite(null); // rented when a file is long enough to need it
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        pumping = Task.Run(() => PumpAsync(text, source, stop.Token), CancellationToken.None);
    }

    /// <summary>
    /// Appends the next block to <paramref name="window"/>, or marks its end; throws what the reading task met.
    /// </summary>
    public async ValueTask FillAsync(ByteWindow window, CancellationToken cancel)
    {
        if (!await full.Reader.WaitToReadAsync(cancel) || !full.Reader.TryRead(out var block))
        {
            window.IsFinal = true;
            return;
        }

        window.Append(block.Buffer.AsSpan(0, block.Length));
        empty.Writer.TryWrite(block.Buffer);
    }

    /// <summary>Ends the reading task and waits for it, so that the streams below it may be closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await pumping;
        stop.Dispose();
        while (empty.Reader.TryRead(out var buffer))
            if (buffer is not null)
                ArrayPool<byte>.Shared.Return(buffer);
    }

    private async Task PumpAsync(Stream text, string source, CancellationToken cancel)
    {
        Exception? failure = null;
        try
        {
            for (var more = true; more; )
            {
                var buffer = await empty.Reader.ReadAsync(cancel) ?? ArrayPool<byte>.Shared.Rent(BlockBytes);
                var length = 0;
                while (more && length < buffer.Length)
                {
                    var read = await text.ReadAsync(buffer.AsMemory(length), cancel);
                    length += read;
                    more = read > 0;
                }

                if (length == 0)
                    empty.Writer.TryWrite(buffer);
                else
                    await full.Writer.WriteAsync((buffer, length), cancel);
            }
        }
        catch (DecoderFallbackException e)
        {
            failure = Error.Corrupt(
                source,
                "The text is not in the encoding that csv: {encoding: …} names",
                found: e.Message,
                inner: e
            );
        }
        catch (Exception e)
        {
            failure = e; // thrown again where the blocks are taken
        }

        full.Writer.Complete(failure);
    }
}
