namespace Headrace.Staging;

/// <summary>
/// The bytes of a file after decompression: counted, held to the limits, and told what they are by their first bytes.
/// </summary>
internal sealed class PlainBytes : ForwardStream
{
    private const long RatioFrom = 64 << 20;

    private readonly StoredBytes stored;
    private readonly Stream inner;
    private readonly FileLimits limits;
    private ReadOnlyMemory<byte> head;

    private PlainBytes(StoredBytes stored, Stream inner, FileLimits limits)
    {
        this.stored = stored;
        this.inner = inner;
        this.limits = limits;
    }

    /// <summary>Bytes that came out of the decompressor.</summary>
    public long Count { get; private set; }

    public bool IsCompressed => inner != stored;

    public string Source => stored.Source;

    /// <summary>Looks at the first stored bytes; the name of the file says nothing.</summary>
    public static async Task<PlainBytes> OpenAsync(StoredBytes stored, FileLimits limits, CancellationToken cancel)
    {
        var magic = (await stored.PeekAsync(4, cancel)).ToArray();
        Stream inner = stored;
        if (magic is [0x1f, 0x8b, ..] or [0x1f])
            inner = new GzipReader(stored);
        // Zstandard: a frame of it, or one to be skipped.
        else if (magic is [0x28, 0xb5, 0x2f, 0xfd] or [>= 0x50 and <= 0x5f, 0x2a, 0x4d, 0x18])
            inner = new ZstdStream(stored);
        else if (magic is [0x28] or [0x28, 0xb5] or [0x28, 0xb5, 0x2f])
            throw Error.Corrupt(stored.Source, "The zstd data end early", magic.Length);
        else if (Archive((await stored.PeekAsync(10, cancel)).Span) is { } kind)
            throw Error.UnknownCompression(stored.Source, kind);
        return new PlainBytes(stored, inner, limits);
    }

    // Forms that senders use and nobody reads here. No text begins with these bytes.
    private static string? Archive(ReadOnlySpan<byte> first) =>
        first switch
        {
            [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..] => "a ZIP archive (or an office file)",
            [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => "xz",
            [(byte)'7', (byte)'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "7-Zip",
            [(byte)'B', (byte)'Z', (byte)'h', _, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => "bzip2",
            [0x04, 0x22, 0x4d, 0x18, ..] => "lz4",
            [0xff, 0x06, 0, 0, (byte)'s', (byte)'N', (byte)'a', (byte)'P', ..] => "snappy",
            _ => null,
        };

    /// <summary>
    /// The first bytes, up to <paramref name="count"/>, without taking them. Called before the first read.
    /// </summary>
    public async Task<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancel)
    {
        var first = new byte[count];
        var length = 0;
        while (length < count)
        {
            var read = await NextAsync(first.AsMemory(length), cancel);
            if (read == 0)
                break;
            length += read;
        }

        head = first.AsMemory(0, length);
        return head;
    }

    /// <summary>Takes bytes that were looked at, such as a byte order mark.</summary>
    public void Skip(int count) => head = head[count..];

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (head.Length == 0)
            return await NextAsync(buffer, cancellationToken);
        var taken = Math.Min(head.Length, buffer.Length);
        head[..taken].CopyTo(buffer);
        head = head[taken..];
        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        if (IsCompressed)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> NextAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        var read = await inner.ReadAsync(buffer, cancel);
        Count += read;
        if (Count > limits.MaxFileBytes)
            throw Error.LimitPassed(
                Source,
                "max_file_bytes",
                limits.MaxFileBytes,
                $"more than {Count} bytes after decompression"
            );
        if (IsCompressed && Count > RatioFrom && Count / limits.MaxRatio > stored.Count)
            throw Error.LimitPassed(
                Source,
                "max_ratio",
                limits.MaxRatio,
                $"{Count} bytes out of {stored.Count} stored ones"
            );
        return read;
    }
}
