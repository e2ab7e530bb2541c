namespace Headrace.Staging;

/// <summary>The bytes that were read and not yet cut into records.</summary>
internal sealed class ByteWindow
{
    private byte[] buffer = new byte[3 << 20];
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
            var target = kept.Length + bytes.Length > buffer.Length ? new byte[Math.Max(buffer.Length * 2L, kept.Length + bytes.Length)] : buffer;
            kept.CopyTo(target);
            (buffer, start, end) = (target, 0, kept.Length);
        }

        bytes.CopyTo(buffer.AsSpan(end));
        end += bytes.Length;
    }
}
