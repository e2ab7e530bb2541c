namespace Headrace.Publishing;

/// <summary>The operations of an outbox's file, some at a time.</summary>
internal sealed class WaitingLines(string path) : IDisposable
{
    private const int Most = 4 << 20;

    private readonly FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, useAsync: true);
    private byte[] bytes = new byte[1 << 20];
    private int start;
    private int end;
    private bool isRead;

    /// <summary>Bytes of the file before what is read next.</summary>
    public long Read => file.Position - (end - start);

    /// <summary>Begins behind so many bytes.</summary>
    public void Skip(long sent) => file.Position = Math.Min(sent, file.Length);

    /// <summary>The next operations, empty at the end. They are valid until the next call.</summary>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> NextAsync(int most, CancellationToken cancel)
    {
        // As many as may be: each batch is a call.
        while (!isRead && Unread.Count((byte)'\n') < most && await FillAsync(cancel)) { }
        var lines = new List<ReadOnlyMemory<byte>>();
        while (lines.Count < most && Unread.IndexOf((byte)'\n') is var length and >= 0)
        {
            lines.Add(bytes.AsMemory(start, length));
            start += length + 1;
        }

        // The file is written whole before its load is committed: what has no end of line is a whole line.
        if (isRead && lines.Count < most && start < end)
        {
            lines.Add(bytes.AsMemory(start, end - start));
            start = end;
        }

        return lines;
    }

    public void Dispose() => file.Dispose();

    private ReadOnlySpan<byte> Unread => bytes.AsSpan(start, end - start);

    // False when there is no more room, and a line.
    private async Task<bool> FillAsync(CancellationToken cancel)
    {
        Unread.CopyTo(bytes);
        (start, end) = (0, end - start);
        if (end == bytes.Length)
        {
            if (end >= Most && Unread.Contains((byte)'\n'))
                return false;
            Array.Resize(ref bytes, bytes.Length < Most ? Most : 2 * bytes.Length);
        }

        var read = await file.ReadAsync(bytes.AsMemory(end), cancel);
        (end, isRead) = (end + read, read == 0);
        return true;
    }
}
