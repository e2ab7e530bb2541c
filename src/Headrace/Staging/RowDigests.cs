using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Headrace.Staging;

/// <summary>What digests of rows are for.</summary>
/// <param name="Key">The key that they are made with.</param>
/// <param name="KeyColumns">The columns of the primary key, of which a hash is kept as well; none when nobody asks for
/// it.</param>
/// <param name="IsInline">Whether the records of segments hold their digests, for an engine to read.</param>
public sealed record DigestOptions(DigestKey Key, IReadOnlyList<string> KeyColumns, bool IsInline)
{
    /// <summary>
    /// What else says what a text means, such as the flow's columns: under another one the same text is another row.
    /// </summary>
    public string Meaning { get; init; } = "";
}

/// <summary>
/// Writes down the digest and the length of each record of a segment, in the order of the segments: who compares two
/// exports need not look at the rows that both have.
/// </summary>
/// <remarks>
/// An entry is 28 bytes, little-endian: the digest (16), the bytes of the record in its segment (4), and a hash of the
/// texts of the key's columns (8), which only says that two rows may have one key; 0 when no key is named.
/// </remarks>
internal sealed class RowDigests(string folder, DigestOptions options) : IDisposable
{
    public const int EntryBytes = 28;

    private readonly SpoolFile file = new(System.IO.Path.Combine(folder, "0.digests"), new byte[256 << 10]);
    private UInt128 layout;
    private int[] keys = [];
    private int width;
    private ulong keyHash;

    public string Path => file.Path;

    /// <summary>True when the records of segments hold their digests, too.</summary>
    public bool IsInline => options.IsInline;

    /// <summary>
    /// What records mean: the same bytes under other columns or another dialect are another row. Gives the places of
    /// the key's columns.
    /// </summary>
    public int[] SetLayout(IReadOnlyList<StagedColumn> columns, CsvDialect dialect)
    {
        var text = new StringBuilder();
        foreach (
            var part in (IEnumerable<string?>)
                [
                    .. columns.Select(column => column.Name),
                    null,
                    $"{dialect.Delimiter}",
                    $"{dialect.Quote}",
                    $"{dialect.Escape}",
                    $"{dialect.Decimal}",
                    dialect.Encoding,
                    dialect.Date,
                    dialect.Timestamp,
                    options.Meaning,
                    .. dialect.Null,
                ]
        )
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{part?.Length ?? -1}:{part}");
        layout = options.Key.Of(Encoding.UTF8.GetBytes(text.ToString()));
        width = columns.Count;
        var places = options
            .KeyColumns.Select(name =>
                columns.ToList().FindIndex(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            )
            .ToArray();
        return keys = places.Contains(-1) ? [] : places;
    }

    /// <summary>The digest of a record, of which <paramref name="starts"/> says where its fields start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public UInt128 Of(ReadOnlySpan<byte> record, int[] starts)
    {
        keyHash = 0;
        foreach (var column in keys)
        {
            var end = column + 1 == width ? record.Length : starts[column + 1] - 1;
            keyHash = Mix(keyHash, record[starts[column]..end]);
        }

        return options.Key.Of(record, layout);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(UInt128 digest, long length)
    {
        var entry = file.Take(EntryBytes);
        BinaryPrimitives.WriteUInt128LittleEndian(entry, digest);
        BinaryPrimitives.WriteInt32LittleEndian(entry[16..], checked((int)length));
        BinaryPrimitives.WriteUInt64LittleEndian(entry[20..], keyHash);
    }

    // Quick, and good enough for a hint: what it cannot tell apart is looked at twice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong hash, ReadOnlySpan<byte> text)
    {
        hash = (hash ^ (ulong)text.Length) * 0x9E3779B97F4A7C15;
        for (; text.Length >= 8; text = text[8..])
            hash = BitOperations.RotateLeft(
                (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text)) * 0x9E3779B97F4A7C15,
                31
            );
        foreach (var letter in text)
            hash = (hash ^ letter) * 0x100000001B3;
        return hash ^ (hash >> 32);
    }

    public void Close() => file.Close();

    public void Dispose() => file.Dispose();
}
