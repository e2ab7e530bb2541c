using System.Buffers;

namespace Headrace.Staging;

/// <summary>The bytes that were read and not yet cut into records.</summary>
internal sealed class ByteWindow : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(2 << 20);
    private int start;
    private int end;

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(start, end - start);

    /// <summary>True when nothing more will be appended.</summary>
    public bool IsFinal { get; set; }

    public void Advance(int count) => start += count;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > buffer.Length - end)
        {
            var kept = Bytes;
            var former = buffer;
            if (kept.Length + bytes.Length > buffer.Length)
                buffer = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, kept.Length + bytes.Length));
            kept.CopyTo(buffer);
            (start, end) = (0, kept.Length);
            if (former != buffer)
                ArrayPool<byte>.Shared.Return(former);
        }

        bytes.CopyTo(buffer.AsSpan(end));
        end += bytes.Length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
