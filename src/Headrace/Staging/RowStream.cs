using System.Threading.Channels;

namespace Headrace.Staging;

/// <summary>
/// Rows that are still on their way into one file of the spool. Whoever loads them reads along, and may commit once all
/// of them are there: they are one batch like any other, and reading and loading it take their time side by side.
/// </summary>
/// <remarks>One writer; until all are there, one reader.</remarks>
public sealed class RowStream(string path)
{
    private readonly Channel<long> written = Channel.CreateUnbounded<long>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
    );
    private readonly TaskCompletionSource<long> whole = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many rows there are, once all are; fails as their reading failed.</summary>
    public Task<long> Whole => whole.Task;

    /// <summary>
    /// True when the warehouse has no type for one of the values: the rows are staged again, as text.
    /// </summary>
    public bool IsRefused { get; private set; }

    /// <summary>Says that they are to be staged as text.</summary>
    public void Refuse() => IsRefused = true;

    /// <summary>
    /// The bytes from the first to the last; reads wait for what is still to come, and fail as the reading of the rows
    /// did.
    /// </summary>
    public Stream Open() =>
        whole.Task.IsCompletedSuccessfully
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1)
            : new Along(path, written.Reader);

    /// <summary>So many bytes more are in the file.</summary>
    internal void Wrote(long bytes) => written.Writer.TryWrite(bytes);

    /// <summary>All are there.</summary>
    internal void End(long rows)
    {
        whole.TrySetResult(rows);
        written.Writer.TryComplete();
    }

    /// <summary>Not all of them will come. Nothing happens when they are there.</summary>
    public void Fail(Exception error)
    {
        if (!whole.TrySetException(error))
            return;
        _ = whole.Task.Exception; // a reader gets it from the stream
        written.Writer.TryComplete(error);
    }

    private sealed class Along(string path, ChannelReader<long> written) : Stream
    {
        private readonly FileStream file = new(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete,
            1
        );
        private long ready;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel = default)
        {
            while (ready == 0)
            {
                if (!await written.WaitToReadAsync(cancel))
                    return 0;
                while (written.TryRead(out var bytes))
                    ready += bytes;
            }

            // What was just written is in memory.
            var read = file.Read(buffer.Span[..(int)Math.Min(buffer.Length, ready)]);
            ready -= read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancel) =>
            ReadAsync(buffer.AsMemory(offset, count), cancel).AsTask();

        // For the threads of an engine, which wait for nothing else.
        public override int Read(byte[] buffer, int offset, int count) =>
            ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            file.Dispose();
            base.Dispose(disposing);
        }
    }
}
