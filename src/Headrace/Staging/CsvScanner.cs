using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Headrace.Staging;

/// <summary>How the scan of a record ended.</summary>
internal enum CsvEnd
{
    /// <summary>At a line end or the end of the file.</summary>
    Whole,

    /// <summary>At the end of the bytes there are so far.</summary>
    Incomplete,

    /// <summary>At the end of the file, inside quotes.</summary>
    OpenQuote,

    /// <summary>At text between a closing quote and the next delimiter.</summary>
    TextAfterQuote,
}

/// <summary>The extent of one record.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Length">Bytes of the record without its line end.</param>
/// <param name="Next">Where the next record starts.</param>
/// <param name="Fields">How many fields it has.</param>
/// <param name="InnerLines">Line ends inside its quotes.</param>
/// <param name="IsPlain">False when an unquoted field holds a quote, so that the record is not canonical.</param>
internal readonly record struct CsvExtent(
    CsvEnd End,
    int Length = 0,
    int Next = 0,
    int Fields = 0,
    int InnerLines = 0,
    bool IsPlain = true
);

/// <summary>
/// Finds where records and fields of one dialect end. Stops only at bytes that mean something; vectors skip the rest.
/// </summary>
internal sealed class CsvScanner
{
    private const byte Cr = (byte)'\r',
        Lf = (byte)'\n';

    private readonly byte delimiter;
    private readonly bool hasQuote;
    private readonly byte quote;
    private readonly byte escape;

    /// <summary>True once a field was empty in its quotes.</summary>
    public bool HasEmptyQuotes { get; private set; }

    /// <summary>When it is set, it gets the places at which the first fields of each record start.</summary>
    public int[] Starts { get; set; } = [];

    public CsvScanner(CsvDialect dialect)
    {
        if (!char.IsAscii(dialect.Delimiter) || !char.IsAscii(dialect.Quote ?? '"') || !char.IsAscii(dialect.Escape))
            throw Error.Bug("A CSV dialect with characters beyond ASCII reached the reader.");
        delimiter = (byte)dialect.Delimiter;
        hasQuote = dialect.Quote is not null;
        quote = (byte)(dialect.Quote ?? '"');
        escape = (byte)dialect.Escape;
    }

    /// <summary>
    /// The first record of <paramref name="data"/>; <paramref name="isFinal"/> when the file ends with them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public CsvExtent Scan(ReadOnlySpan<byte> data, bool isFinal)
    {
        int at = 0,
            fields = 1,
            inner = 0;
        var isPlain = true;
        var starts = Starts;
        while (true)
        {
            int step;
            if (hasQuote && at < data.Length && data[at] == quote)
            {
                var open = at;
                at = CloseOf(data, at + 1, isFinal, ref inner);
                if (at == open + 2)
                    HasEmptyQuotes = true;
                if (at < 0)
                    return new CsvExtent(isFinal ? CsvEnd.OpenQuote : CsvEnd.Incomplete, InnerLines: inner);
                if (at < data.Length && data[at] != delimiter && data[at] is not (Cr or Lf))
                    return new CsvExtent(CsvEnd.TextAfterQuote, at, InnerLines: inner);
                step = at < data.Length ? 0 : -1;
            }
            else
            {
                step = IndexOfAny(data[at..], delimiter, hasQuote ? quote : delimiter, Cr, Lf);
                if (step >= 0 && hasQuote && data[at + step] == quote)
                {
                    isPlain = false;
                    step = IndexOfAny(data[at..], delimiter, delimiter, Cr, Lf);
                }
            }

            if (step < 0)
                return isFinal
                    ? new CsvExtent(CsvEnd.Whole, data.Length, data.Length, fields, inner, isPlain)
                    : new CsvExtent(CsvEnd.Incomplete, InnerLines: inner);
            at += step;
            if (data[at] == delimiter)
            {
                at++;
                if (fields < starts.Length)
                    starts[fields] = at;
                fields++;
                continue;
            }

            var next = AfterLine(data, at, isFinal);
            return next < 0
                ? new CsvExtent(CsvEnd.Incomplete, InnerLines: inner)
                : new CsvExtent(CsvEnd.Whole, at, next, fields, inner, isPlain);
        }
    }

    /// <summary>
    /// The extent of the field at <paramref name="at"/> of a whole record without its line end: from the opening quote
    /// to behind the closing one when it is quoted.
    /// </summary>
    public int FieldLength(ReadOnlySpan<byte> record, int at, out bool isQuoted)
    {
        isQuoted = hasQuote && at < record.Length && record[at] == quote;
        var inner = 0;
        if (isQuoted)
            return CloseOf(record, at + 1, isFinal: true, ref inner) - at;
        var length = record[at..].IndexOf(delimiter);
        return length < 0 ? record.Length - at : length;
    }

    /// <summary>
    /// The text between the quotes of a quoted field, with escapes resolved into <paramref name="scratch"/> when it has
    /// some.
    /// </summary>
    public ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> field, ref byte[] scratch)
    {
        field = field[1..^1];
        if (field.IndexOf(escape) < 0)
            return field;
        if (scratch.Length < field.Length)
            scratch = new byte[field.Length];
        var length = 0;
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == escape && i + 1 < field.Length && (field[i + 1] == quote || field[i + 1] == escape))
                i++;
            scratch[length++] = field[i];
        }

        return scratch.AsSpan(0, length);
    }

    /// <summary>
    /// Where the next line starts, given that one ends at <paramref name="at"/>; -1 when a CR is the last byte so far.
    /// </summary>
    public static int AfterLine(ReadOnlySpan<byte> data, int at, bool isFinal)
    {
        if (data[at] == Lf)
            return at + 1;
        if (at + 1 < data.Length)
            return data[at + 1] == Lf ? at + 2 : at + 1;
        return isFinal ? at + 1 : -1;
    }

    // The framework's own search is as fast, but only a while after the start: what it is made of is compiled twice on
    // a processor with wide vectors, and a file is half read by then.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IndexOfAny(ReadOnlySpan<byte> data, byte a, byte b, byte c, byte d)
    {
        ref var first = ref MemoryMarshal.GetReference(data);
        var at = 0;
        for (; at <= data.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
        {
            var block = Vector256.LoadUnsafe(ref first, (nuint)at);
            var found =
                Vector256.Equals(block, Vector256.Create(a))
                | Vector256.Equals(block, Vector256.Create(b))
                | Vector256.Equals(block, Vector256.Create(c))
                | Vector256.Equals(block, Vector256.Create(d));
            if (found != Vector256<byte>.Zero)
                return at + BitOperations.TrailingZeroCount(found.ExtractMostSignificantBits());
        }

        for (; at < data.Length; at++)
            if (data[at] == a || data[at] == b || data[at] == c || data[at] == d)
                return at;
        return -1;
    }

    /// <summary>The place behind the closing quote; -1 when there is none, or when that cannot be known yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CloseOf(ReadOnlySpan<byte> data, int at, bool isFinal, ref int lines)
    {
        while (true)
        {
            var step = IndexOfAny(data[at..], quote, escape, Cr, Lf);
            if (step < 0)
                return -1;
            at += step;
            var here = data[at];
            if (here is Cr or Lf && here != escape)
            {
                at = AfterLine(data, at, isFinal);
                if (at < 0)
                    return -1;
                lines++;
                continue;
            }

            if (at + 1 == data.Length && !isFinal)
                return -1;
            var isPair = here == escape && at + 1 < data.Length && (data[at + 1] == quote || data[at + 1] == escape);
            if (!isPair && here == quote)
                return at + 1;
            at += isPair ? 2 : 1;
        }
    }
}
