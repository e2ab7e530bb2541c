using System.Text;

namespace Headrace.Staging;

/// <summary>
/// Of a file with records of all tables (operation, table, schema, values) those of one, as a file of that table has
/// them: operation, values. Each record of another table leaves its line ends, so that lines keep their numbers.
/// </summary>
/// <remarks>
/// PreserveTransactions of AWS DMS: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
/// </remarks>
internal sealed class TransactionRows(Stream inner, CsvDialect dialect, string table, string source, FileLimits limits)
    : ForwardStream
{
    // The operation, the table and the schema are before the values.
    private const int Before = 3;

    private readonly CsvScanner scanner = new(dialect) { Starts = new int[Before + 1] };
    private readonly Dictionary<string, long> others = new(StringComparer.Ordinal);
    private byte[] data = new byte[1 << 17];
    private byte[] written = new byte[(1 << 17) + 1]; // the last record may lack its line end
    private byte[] scratch = [];
    private int length;
    private int given;
    private int ready;
    private long line = 1;
    private bool isOver;

    /// <summary>How many records there are of each other table.</summary>
    public IReadOnlyDictionary<string, long> Others => others;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (given == ready)
        {
            while (!isOver && length < data.Length)
            {
                var read = await inner.ReadAsync(data.AsMemory(length), cancellationToken);
                isOver = read == 0;
                length += read;
            }

            if (length == 0)
                return 0;
            (given, ready) = (0, 0);
            var taken = Pick(data.AsSpan(0, length));
            data.AsSpan(taken, length - taken).CopyTo(data);
            length -= taken;
            if (taken == 0)
                Grow();
        }

        var count = Math.Min(buffer.Length, ready - given);
        written.AsMemory(given, count).CopyTo(buffer);
        given += count;
        return count;
    }

    /// <summary>Takes the whole records, and says how many bytes they were.</summary>
    private int Pick(ReadOnlySpan<byte> bytes)
    {
        var lookup = others.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> name = stackalloc char[512];
        for (var at = 0; ; )
        {
            if (at == bytes.Length)
                return at;
            var extent = scanner.Scan(bytes[at..], isOver);
            if (extent.End == CsvEnd.Incomplete)
                return at;
            var record = bytes.Slice(at, extent.Length);
            if (extent.End != CsvEnd.Whole || (record.Length > 0 && extent.Fields <= Before))
                throw Error.NoTransactionRecord(source, line, extent.End == CsvEnd.Whole);
            var lines = extent.InnerLines + 1;
            if (record.Length > 0)
            {
                ReadOnlySpan<char> of = name[..NameOf(record, name)];
                if (of.SequenceEqual(table))
                {
                    Give(record[..scanner.Starts[1]]);
                    Give(record[scanner.Starts[Before]..]);
                    lines = 1; // the others are in the record
                }
                else
                    lookup[of] = lookup.TryGetValue(of, out var count) ? count + 1 : 1;
            }

            for (; lines > 0; lines--)
                Give("\n"u8);
            line += extent.InnerLines + 1;
            at += extent.Next;
        }
    }

    // One that is too long for any database is taken for none.
    private int NameOf(ReadOnlySpan<byte> record, Span<char> name)
    {
        var end = Write(2, record, name[..(name.Length / 2)]);
        name[end++] = '.';
        return end + Write(1, record, name[end..]);
    }

    private int Write(int field, ReadOnlySpan<byte> record, Span<char> name)
    {
        var at = scanner.Starts[field];
        var text = record.Slice(at, scanner.FieldLength(record, at, out var isQuoted));
        Encoding.UTF8.TryGetChars(isQuoted ? scanner.Unquote(text, ref scratch) : text, name, out var count);
        return count;
    }

    private void Grow()
    {
        if (data.Length > limits.MaxRecordBytes)
            throw Error.LimitPassed(
                source,
                "max_record_bytes",
                limits.MaxRecordBytes,
                $"a record of more than {data.Length} bytes",
                line
            );
        Array.Resize(ref data, data.Length * 2);
        written = new byte[data.Length + 1];
    }

    private void Give(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(written.AsSpan(ready));
        ready += bytes.Length;
    }
}
