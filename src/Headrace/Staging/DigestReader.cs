using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Headrace.Staging;

/// <summary>Reads the digests of a staged file, in the order of its records.</summary>
public sealed class DigestReader(string path) : IDisposable
{
    private readonly FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    // How far ahead of its look-up the place of a digest in memory is best asked for.
    private const int AheadBytes = 16 * RowDigests.EntryBytes;

    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(RowDigests.EntryBytes * 16384);
    private int start;
    private int end;

    public UInt128 Digest { get; private set; }

    /// <summary>A digest that will be read soon, so that its place in memory can be fetched.</summary>
    public UInt128 Soon { get; private set; }

    /// <summary>Bytes of the record in its segment.</summary>
    public int Length { get; private set; }

    /// <summary>A hash of the key's text: rows of one key have one hash, and others may have it too.</summary>
    public ulong Key { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Read()
    {
        if (start == end)
        {
            start = 0;
            end = stream.ReadAtLeast(
                buffer.AsSpan(0, RowDigests.EntryBytes * 16384),
                RowDigests.EntryBytes * 16384,
                throwOnEndOfStream: false
            );
            if (end == 0)
                return false;
        }

        var entry = buffer.AsSpan(start, RowDigests.EntryBytes);
        Digest = BinaryPrimitives.ReadUInt128LittleEndian(entry);
        Length = BinaryPrimitives.ReadInt32LittleEndian(entry[16..]);
        Key = BinaryPrimitives.ReadUInt64LittleEndian(entry[20..]);
        var ahead = start + AheadBytes;
        if (ahead < end)
            Soon = BinaryPrimitives.ReadUInt128LittleEndian(buffer.AsSpan(ahead));
        start += RowDigests.EntryBytes;
        return true;
    }

    public void Dispose()
    {
        stream.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
