using Microsoft.Win32.SafeHandles;

namespace Headrace.DuckDb;

/// <summary>Copies some records of segments into new segments; neighbours go in one piece.</summary>
internal sealed class SegmentCopy(IReadOnlyList<string> segments, string path) : IDisposable
{
    private FileStream to = Create(path);

    private readonly byte[] buffer = new byte[1 << 18];
    private int next;
    private SafeFileHandle? from;
    private long length;
    private long at;
    private long start;

    /// <summary>Goes over the next record, of <paramref name="bytes"/> bytes.</summary>
    public void Next(int bytes, bool isTaken)
    {
        if (at == length)
        {
            Flush();
            from?.Dispose();
            from = File.OpenHandle(segments[next++]);
            length = RandomAccess.GetLength(from);
            (at, start) = (0, 0);
        }

        if (!isTaken)
            Flush();
        at += bytes;
        if (!isTaken)
            start = at;
    }

    /// <summary>Goes on in another new segment.</summary>
    public void Turn(string path)
    {
        Close();
        to.Dispose();
        to = Create(path);
    }

    public void Close()
    {
        Flush();
        to.Flush();
    }

    public void Dispose()
    {
        from?.Dispose();
        to.Dispose();
    }

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 18);

    private void Flush()
    {
        while (start < at)
        {
            var read = RandomAccess.Read(from!, buffer.AsSpan(0, (int)Math.Min(buffer.Length, at - start)), start);
            to.Write(buffer, 0, read);
            start += read;
        }
    }
}
