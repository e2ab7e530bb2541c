using System.Buffers;
using System.Runtime.CompilerServices;

namespace Headrace.Staging;

/// <summary>
/// Writes records into numbered segments of about 32 MB, which an engine reads in parallel. A record never spans two.
/// </summary>
/// <param name="digests">Where the digests of records go; null when nobody will ask.</param>
internal sealed class SegmentWriter(string folder, long segmentBytes, RowDigests? digests = null) : IDisposable
{
    private readonly List<string> paths = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
    private SpoolFile? current;
    private long start;
    private UInt128 digest;

    public IReadOnlyList<string> Paths => paths;

    public long Records { get; private set; }

    /// <summary>Bytes of the longest record.</summary>
    public long Longest { get; private set; }

    /// <summary>The segment for the next record, with the line number already written.</summary>
    public SpoolFile Begin(long line)
    {
        if (current is null)
        {
            current = new SpoolFile(System.IO.Path.Combine(folder, $"{paths.Count + 1}.csv"), buffer);
            paths.Add(current.Path);
        }

        start = current.Length;
        current.WriteNumber(line);
        return current;
    }

    /// <summary>The same with the digest of the record behind the line number, when digests are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public SpoolFile Begin(long line, ReadOnlySpan<byte> record, int[] starts)
    {
        var segment = Begin(line);
        if (digests is not null)
        {
            digest = digests.Of(record, starts);
            if (digests.IsInline)
            {
                segment.WriteNumber((long)(digest >> 64));
                segment.WriteNumber((long)digest);
            }
        }

        return segment;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void End()
    {
        current!.Write((byte)'\n');
        Records++;
        Longest = Math.Max(Longest, current.Length - start);
        digests?.Add(digest, current.Length - start);
        if (current.Length >= segmentBytes)
            CloseSegment();
    }

    public void Close() => CloseSegment();

    public void Dispose()
    {
        current?.Dispose();
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void CloseSegment()
    {
        if (current is null)
            return;
        current.Close();
        current = null;
        Failpoint.Hit("segment_written");
    }
}
