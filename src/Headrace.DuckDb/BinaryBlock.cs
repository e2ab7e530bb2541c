using System.Buffers.Binary;

namespace Headrace.DuckDb;

/// <summary>Whole rows as PostgreSQL's COPY writes them with FORMAT binary.</summary>
/// <param name="Bytes">Pinned, since texts are read where they lie.</param>
/// <param name="Start">Where the first row begins.</param>
/// <param name="End">Where the last one ends.</param>
internal readonly record struct BinaryBlock(byte[] Bytes, int Start, int End);

/// <summary>Cuts a stream into blocks of whole rows.</summary>
/// <param name="fields">How many fields a row has.</param>
/// <param name="rent">A pinned buffer that nobody else uses, of a megabyte.</param>
/// <remarks>https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".</remarks>
internal sealed class BinaryBlocks(Stream rows, int fields, Func<byte[]> rent)
{
    private const int Header = 19;
    private const short NoMore = -1;

    private byte[] buffer = rent();
    private int start;
    private int end;
    private bool isBegun;
    private bool isOver;

    /// <summary>How many rows were in the blocks so far.</summary>
    public long Rows { get; private set; }

    /// <summary>The next block; null after the last row.</summary>
    public BinaryBlock? Next()
    {
        if (!isBegun)
        {
            isBegun = true;
            Fill(Header);
            start = Header + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(Header - sizeof(int)));
        }

        while (!isOver)
        {
            var first = start;
            SkipWholeRows();
            if (start == first)
            {
                if (!isOver)
                    Fill(end + 1);
                continue;
            }

            // What is there of the row after them goes to the front of another buffer.
            var block = new BinaryBlock(buffer, first, start);
            buffer = rent();
            if (end - start > buffer.Length)
                buffer = Larger(end - start);
            Keep(block.Bytes);
            return block;
        }

        return null;
    }

    private void SkipWholeRows()
    {
        var bytes = buffer.AsSpan(0, end);
        while (bytes.Length - start >= sizeof(short))
        {
            var (at, count) = (start + sizeof(short), BinaryPrimitives.ReadInt16BigEndian(bytes[start..]));
            if (count == NoMore)
            {
                isOver = true;
                return;
            }

            if (count != fields)
                throw Error.Bug($"a row has {count} fields where {fields} are expected.");
            for (var field = 0; field < count; field++)
            {
                if (bytes.Length - at < sizeof(int))
                    return;
                var length = Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[at..])); // -1 is NULL
                at += sizeof(int);
                if (length > bytes.Length - at)
                    return;
                at += length;
            }

            start = at;
            Rows++;
        }
    }

    // As much as there is room for, but no less than that.
    private void Fill(int least)
    {
        if (start > 0)
        {
            least -= start;
            Keep(buffer);
        }

        if (end == buffer.Length)
        {
            var larger = Larger(end);
            buffer.CopyTo(larger, 0);
            buffer = larger;
        }

        while (end < buffer.Length)
        {
            var read = rows.Read(buffer, end, buffer.Length - end);
            end += read;
            if (read == 0 && end < least)
                throw Error.Bug("binary rows end early.");
            if (read == 0)
                return;
        }
    }

    private static byte[] Larger(int than) => GC.AllocateUninitializedArray<byte>(checked(than * 2), pinned: true);

    private void Keep(byte[] from)
    {
        from.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
    }
}
