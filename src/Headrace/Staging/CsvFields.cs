using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Headrace.Staging;

/// <summary>The fields of one record, for records whose bytes are not already what a segment holds.</summary>
internal sealed class CsvFields
{
    private static readonly SearchValues<byte> NeedQuotes = SearchValues.Create([
        (byte)',',
        (byte)'"',
        (byte)'\r',
        (byte)'\n',
    ]);

    private readonly CsvScanner scanner;
    private readonly byte[][] nulls;
    private byte[] scratch = [];

    public CsvFields(CsvDialect dialect, CsvScanner scanner)
    {
        this.scanner = scanner;
        nulls = [.. dialect.Null.Select(Encoding.UTF8.GetBytes)];
        IsCanonical = dialect is { Delimiter: ',', Quote: '"', Escape: '"', Null: [""] };
    }

    /// <summary>True when a regular record of this dialect is a record of a segment, byte for byte.</summary>
    public bool IsCanonical { get; }

    /// <summary>True once a field was empty that is not NULL in this dialect.</summary>
    public bool HasEmpty { get; private set; }

    /// <summary>Writes the fields of a whole record in the form of segments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<byte> record, SpoolFile segment)
    {
        for (var at = 0; ; at++)
        {
            var length = scanner.FieldLength(record, at, out var isQuoted);
            var field = record.Slice(at, length);
            if (isQuoted)
                segment.WriteQuoted(scanner.Unquote(field, ref scratch));
            else if (IsNull(field)) { }
            else if (length == 0 || field.ContainsAny(NeedQuotes))
            {
                HasEmpty |= length == 0;
                segment.WriteQuoted(field);
            }
            else
                segment.Write(field);
            at += length;
            if (at == record.Length)
                return;
            segment.Write((byte)',');
        }
    }

    /// <summary>The texts of a header.</summary>
    public List<string> Read(ReadOnlySpan<byte> record)
    {
        var texts = new List<string>();
        for (var at = 0; ; at++)
        {
            var length = scanner.FieldLength(record, at, out var isQuoted);
            var field = record.Slice(at, length);
            texts.Add(Encoding.UTF8.GetString(isQuoted ? scanner.Unquote(field, ref scratch) : field));
            at += length;
            if (at == record.Length)
                return texts;
        }
    }

    private bool IsNull(ReadOnlySpan<byte> field)
    {
        foreach (var text in nulls)
            if (field.SequenceEqual(text))
                return true;
        return false;
    }
}
