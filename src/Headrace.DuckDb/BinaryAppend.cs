using System.Buffers.Binary;

namespace Headrace.DuckDb;

/// <summary>
/// Appends rows as PostgreSQL's COPY writes them with FORMAT binary: each value goes from the bytes into DuckDB's vectors, and never
/// through text or an object.
/// </summary>
/// <param name="columns">The columns of the table, in its order.</param>
/// <param name="fields">How many fields a row has.</param>
/// <remarks>https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; the bytes of a type are what its send function writes.</remarks>
internal sealed unsafe class BinaryAppend(IReadOnlyList<BinaryColumn> columns, int fields) : IDisposable
{
    private const int UsualBytes = 1 << 20;
    private const int Header = 19;
    private const short NoMore = -1;

    private readonly ulong most = Native.VectorSize();
    private byte[] buffer = GC.AllocateUninitializedArray<byte>(UsualBytes, pinned: true); // short texts are copied, long ones stay here until a chunk is appended
    private nint chunk;

    /// <summary>Appends all rows of a stream into a table of the open transaction.</summary>
    /// <returns>How many they are.</returns>
    /// <exception cref="UnfitValueException">A value is beyond what its type has in DuckDB; some rows may be in the transaction.</exception>
    public long Run(DuckDbConnection db, string catalog, TableName table, Stream rows, CancellationToken cancel)
    {
        using var appender = DuckDbAppender.Create(db, catalog, table.Schema, table.Table);
        chunk = NewChunk();
        var (start, end, total, isOver) = (0, Fill(rows, 0), 0L, false);
        start = Header + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(Header - 4));
        while (!isOver)
        {
            cancel.ThrowIfCancellationRequested();
            var taken = TakeRows(ref start, end, out isOver);
            total += taken;
            if (taken > 0)
                appender.Append(chunk, (ulong)taken);
            if (isOver || taken == (long)most)
                continue;

            // The next row is not whole: what is there of it goes to the front, and more comes behind it.
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
            if (end > buffer.Length / 2)
            {
                var larger = GC.AllocateUninitializedArray<byte>(checked(buffer.Length * 2), pinned: true);
                buffer.AsSpan(0, end).CopyTo(larger);
                buffer = larger;
            }

            var more = Fill(rows, end);
            if (more == end)
                throw Error.Bug("binary rows end early.");
            end = more;
        }

        appender.Close();
        return total;
    }

    public void Dispose()
    {
        if (chunk != 0)
            Native.DestroyChunk(ref chunk);
    }

    // At least one byte more, unless there are none; the first time the whole header.
    private int Fill(Stream rows, int end)
    {
        var enough = end == 0 ? Header : end + 1;
        for (int read; end < enough && (read = rows.Read(buffer, end, buffer.Length - end)) > 0;)
            end += read;
        return end;
    }

    private nint NewChunk()
    {
        var types = new nint[columns.Count];
        for (var i = 0; i < types.Length; i++)
            types[i] = columns[i].CreateType();
        fixed (nint* first = types)
        {
            var made = Native.CreateChunk(first, (ulong)types.Length);
            for (var i = 0; i < types.Length; i++)
                Native.DestroyType(ref types[i]);
            return made;
        }
    }

    // The rows that are whole in the buffer, at most as many as a chunk holds.
    private long TakeRows(ref int start, int end, out bool isOver)
    {
        Native.ResetChunk(chunk);
        for (var i = 0; i < columns.Count; i++)
            columns[i].Begin(Native.ChunkVector(chunk, (ulong)i));
        var byField = new BinaryColumn?[fields];
        foreach (var column in columns)
            if (column.Field >= 0)
                byField[column.Field] = column;

        isOver = false;
        fixed (byte* bytes = buffer)
            for (var row = 0; ; row++)
            {
                var at = start;
                if (end - at < sizeof(short))
                    return row;
                var count = BinaryPrimitives.ReadInt16BigEndian(new ReadOnlySpan<byte>(bytes + at, sizeof(short)));
                if (count == NoMore)
                {
                    isOver = true;
                    return row;
                }

                if (row == (int)most)
                    return row;
                if (count != fields)
                    throw Error.Bug($"a row has {count} fields where {fields} are expected.");
                at += sizeof(short);
                foreach (var column in byField)
                {
                    if (end - at < sizeof(int))
                        return row;
                    var length = BinaryPrimitives.ReadInt32BigEndian(new ReadOnlySpan<byte>(bytes + at, sizeof(int)));
                    at += sizeof(int);
                    if (length > end - at)
                        return row;
                    column?.Set(row, bytes + at, length);
                    at += Math.Max(0, length); // -1 is NULL
                }

                foreach (var column in columns)
                    if (column.Field < 0)
                        column.Set(row, null, -1);
                start = at;
            }
    }
}

/// <summary>A value that DuckDB's type does not have: infinity, NaN, a year that has not four digits, 24:00.</summary>
internal sealed class UnfitValueException(string column) : Exception($"a value of {column} is beyond its type");
