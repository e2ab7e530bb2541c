using System.Buffers;
using System.Runtime.CompilerServices;

namespace Headrace.Staging;

/// <summary>
/// Writes records into numbered segments of at most about 32 MB, which an engine reads in parallel. A record never
/// spans two.
/// </summary>
/// <param name="digests">Where the digests of records go; null when nobody will ask.</param>
/// <param name="unlinked">Holds the segments when they are to have no name; else null.</param>
internal sealed class SegmentWriter(
    string folder,
    long segmentBytes,
    RowDigests? digests = null,
    Unlinked? unlinked = null
) : IDisposable
{
    // DuckDB writes rows in groups of this many. A segment that ends where a group does is written as it is read; else
    // what is left over of each is put together afterwards, which takes half as long again.
    private const int RowGroup = 122_880;
    private const int MostGroups = 2;

    private readonly List<string> paths = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
    private SpoolFile? current;
    private long start;
    private int rows;
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
            current = new SpoolFile(System.IO.Path.Combine(folder, $"{paths.Count + 1}.csv"), buffer, unlinked);
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
        if (current.Length >= segmentBytes || (++rows % RowGroup == 0 && IsFull(rows / RowGroup)))
            CloseSegment();
    }

    private bool IsFull(int groups) => groups == MostGroups || current!.Length + current.Length / groups > segmentBytes;

    public void Close() => CloseSegment();

    /// <summary>Gives each record of a closed segment as many fields as there are columns now.</summary>
    public void Pad(int segment, int columns) =>
        paths[segment] = SegmentPadding.Pad(
            paths[segment],
            System.IO.Path.Combine(folder, $"{segment + 1}.padded"),
            columns,
            unlinked
        );

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
        (current, rows) = (null, 0);
        Failpoint.Hit("segment_written");
    }
}
