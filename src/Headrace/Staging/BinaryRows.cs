using System.Buffers.Binary;

namespace Headrace.Staging;

/// <summary>
/// Counts the rows of what COPY writes with FORMAT binary, while it passes: a header with an extension of some length,
/// for each row the number of its fields and each field with its length, and at the end a row of -1 fields.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".</remarks>
internal sealed class BinaryRows(int columns, long longest = long.MaxValue)
{
    /// <summary>Bytes that are read at once.</summary>
    public const int BlockBytes = 1 << 18;

    private const int Header = 15;
    private const short NoMore = -1;

    // A number that two pieces share.
    private readonly byte[] shared = new byte[4];
    private int have;

    private long skip = Header;
    private int fields = 1; // lengths that are still to come in this row; the header ends with one of its own
    private bool isOver;
    private long length;

    /// <summary>Rows that have passed.</summary>
    public long Rows { get; private set; }

    /// <summary>True once a row was longer than the longest that is allowed.</summary>
    public bool HasLong { get; private set; }

    /// <summary>True once the last row has passed, and nothing after it.</summary>
    public bool IsWhole => isOver;

    /// <summary>Takes the next bytes, cut anywhere.</summary>
    /// <exception cref="InvalidDataException">These are no rows of so many columns.</exception>
    public void Pass(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (skip > 0)
            {
                var over = (int)Math.Min(skip, bytes.Length);
                skip -= over;
                bytes = bytes[over..];
                continue;
            }

            if (have == 0 && fields == 0 && WholeRows(bytes) is > 0 and var passed)
            {
                bytes = bytes[passed..];
                continue;
            }

            var want = fields > 0 ? sizeof(int) : sizeof(short);
            if (have == 0 && bytes.Length >= want)
            {
                Take(bytes);
                bytes = bytes[want..];
                continue;
            }

            shared[have++] = bytes[0];
            bytes = bytes[1..];
            if (have == want)
            {
                have = 0;
                Take(shared);
            }
        }
    }

    // The bytes of the whole rows that come next: most rows are, and nothing of them has to be remembered.
    private int WholeRows(ReadOnlySpan<byte> bytes)
    {
        var whole = 0;
        while (
            bytes.Length - whole >= sizeof(short)
            && BinaryPrimitives.ReadInt16BigEndian(bytes[whole..]) == columns
            && !isOver
        )
        {
            var (at, row) = (whole + sizeof(short), 0L);
            for (var field = 0; field < columns; field++)
            {
                if (bytes.Length - at < sizeof(int))
                    return whole;
                var value = Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[at..])); // -1 is NULL
                at += sizeof(int);
                if (value > bytes.Length - at)
                    return whole;
                at += value;
                row += value;
            }

            HasLong |= row > longest;
            (whole, Rows) = (at, Rows + 1);
        }

        return whole;
    }

    private void Take(ReadOnlySpan<byte> number)
    {
        if (isOver)
            throw new InvalidDataException("bytes follow the last row");
        if (fields > 0)
        {
            fields--;
            skip = Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(number)); // -1 is NULL
            length += skip;
            HasLong |= length > longest;
            return;
        }

        var count = BinaryPrimitives.ReadInt16BigEndian(number);
        isOver = count == NoMore;
        length = 0;
        if (!isOver && count != columns)
            throw new InvalidDataException($"a row has {count} fields where {columns} are expected");
        fields = isOver ? 0 : columns;
        Rows += isOver ? 0 : 1;
    }
}
