using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Headrace.Staging;

/// <summary>
/// Writes down the digest and the length of each record of a segment, in the order of the segments: who compares two
/// exports need not look at the rows that both have.
/// </summary>
/// <remarks>An entry is 20 bytes, little-endian: the digest (16), the bytes of the record in its segment (4).</remarks>
internal sealed class RowDigests(string folder, DigestKey key) : IDisposable
{
    public const int EntryBytes = 20;

    private readonly SpoolFile file = new(System.IO.Path.Combine(folder, "0.digests"), new byte[256 << 10]);
    private UInt128 layout;

    public string Path => file.Path;

    /// <summary>What records mean: the same bytes under other columns or another dialect are another row.</summary>
    public void SetLayout(IReadOnlyList<StagedColumn> columns, CsvDialect dialect)
    {
        var text = new StringBuilder();
        foreach (var part in (IEnumerable<string?>)[.. columns.Select(column => column.Name), null, $"{dialect.Delimiter}", $"{dialect.Quote}", $"{dialect.Escape}", $"{dialect.Decimal}", dialect.Encoding, .. dialect.Null])
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{part?.Length ?? -1}:{part}");
        layout = key.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt128 Of(ReadOnlySpan<byte> record) => key.Of(record, layout);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(UInt128 digest, long length)
    {
        Span<byte> entry = stackalloc byte[EntryBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(entry, digest);
        BinaryPrimitives.WriteInt32LittleEndian(entry[16..], checked((int)length));
        file.Write(entry);
    }

    public void Close() => file.Close();

    public void Dispose() => file.Dispose();
}
