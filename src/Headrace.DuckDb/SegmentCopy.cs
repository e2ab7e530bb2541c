using Microsoft.Win32.SafeHandles;

namespace Headrace.DuckDb;

/// <summary>
/// Copies some records of segments into new segments, each with its digest in two fields behind the line.
/// </summary>
/// <param name="hasDigests">True when the records have their digests already.</param>
internal sealed class SegmentCopy(IReadOnlyList<string> segments, bool hasDigests, string path) : IDisposable
{
    // Neighbours are read together; a record that stands alone is read by itself.
    private const int FewBytes = 2 << 10;
    private const int MostBytes = 256 << 10;

    private FileStream to = Create(path);
    private byte[] window = new byte[MostBytes];
    private long windowAt;
    private int windowBytes;
    private int step = FewBytes;
    private int next;
    private SafeFileHandle? from;
    private long length;
    private long at;

    /// <summary>Goes over the next record, of <paramref name="bytes"/> bytes.</summary>
    public void Next(int bytes, UInt128 digest, bool isTaken)
    {
        if (at == length)
        {
            from?.Dispose();
            from = File.OpenHandle(segments[next++]);
            length = RandomAccess.GetLength(from);
            (at, windowAt, windowBytes) = (0, 0, 0);
        }

        if (isTaken)
            Copy(Read(bytes), digest);
        at += bytes;
    }

    /// <summary>Goes on in another new segment.</summary>
    public void Turn(string path)
    {
        to.Dispose();
        to = Create(path);
    }

    public void Close() => to.Flush();

    public void Dispose()
    {
        from?.Dispose();
        to.Dispose();
    }

    private static FileStream Create(string path) =>
        new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 18);

    private ReadOnlySpan<byte> Read(int bytes)
    {
        if (at < windowAt || at + bytes > windowAt + windowBytes)
        {
            var isNear = at <= windowAt + windowBytes && windowBytes > 0;
            step = Math.Max(bytes, isNear ? Math.Min(step * 2, MostBytes) : FewBytes);
            if (window.Length < step)
                window = new byte[step];
            windowAt = at;
            windowBytes = 0;
            for (
                int read;
                windowBytes < step
                    && (
                        read = RandomAccess.Read(
                            from!,
                            window.AsSpan(windowBytes, step - windowBytes),
                            at + windowBytes
                        )
                    ) > 0;

            )
                windowBytes += read;
        }

        return window.AsSpan((int)(at - windowAt), bytes);
    }

    private void Copy(ReadOnlySpan<byte> record, UInt128 digest)
    {
        if (hasDigests)
        {
            to.Write(record);
            return;
        }

        var line = record.IndexOf((byte)',') + 1;
        to.Write(record[..line]);
        Span<byte> number = stackalloc byte[48];
        ((long)(digest >> 64)).TryFormat(
            number,
            out var high,
            default,
            System.Globalization.CultureInfo.InvariantCulture
        );
        number[high] = (byte)',';
        ((long)digest).TryFormat(
            number[(high + 1)..],
            out var low,
            default,
            System.Globalization.CultureInfo.InvariantCulture
        );
        number[high + 1 + low] = (byte)',';
        to.Write(number[..(high + low + 2)]);
        to.Write(record[line..]);
    }
}
