using System.IO.Compression;
using System.Security.Cryptography;

namespace Headrace.Staging;

/// <summary>
/// Reads gzip, one member or several, and refuses a file that is cut anywhere inside a member, damaged, or followed by
/// other bytes.
/// </summary>
/// <remarks>
/// .NET ignores what follows the last member, and by default takes a truncated one as whole. So one more member,
/// holding a random text that no file can know, is appended to the file: only when every byte before it belonged to a
/// complete member does that text come out at the end.
/// </remarks>
internal sealed class GzipReader : ForwardStream
{
    private static readonly byte[] Mark = RandomNumberGenerator.GetBytes(16);
    private static readonly byte[] MarkMember = Compress(Mark);

    // The decompressor's own words are about a compression method, whatever is wrong.
    private const string Damaged =
        "bytes that are no gzip data, or data that do not match their checksum (CRC) or length";

    private readonly StoredBytes stored;
    private readonly Feed feed;
    private readonly GZipStream gzip;
    private int marked;

    public GzipReader(StoredBytes stored)
    {
        this.stored = stored;
        feed = new Feed(stored);
        gzip = new GZipStream(feed, CompressionMode.Decompress);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                var read = await gzip.ReadAsync(buffer, cancellationToken);
                if (Failpoint.Planted("lenient-gzip"))
                    return read;
                if (!feed.MarkGiven)
                    return read > 0
                        ? read
                        : throw Error.Corrupt(
                            stored.Source,
                            "Other bytes follow the gzip data",
                            found: "bytes after the last member"
                        );

                // The decompressor asks for more only when it has given all it had, so this is the mark and nothing
                // else.
                if (read > Mark.Length - marked || !buffer.Span[..read].SequenceEqual(Mark.AsSpan(marked, read)))
                    throw EndsEarly();
                marked += read;
                if (read == 0)
                    return marked == Mark.Length ? 0 : throw EndsEarly();
            }
        }
        catch (InvalidDataException) when (Failpoint.Planted("lenient-gzip"))
        {
            return 0;
        }
        catch (InvalidDataException e)
        {
            throw feed.MarkGiven
                ? EndsEarly(e)
                : Error.Corrupt(stored.Source, "The gzip data are damaged before or", stored.Count, Damaged, e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await gzip.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        gzip.Dispose();
        base.Dispose(disposing);
    }

    private HeadraceException EndsEarly(Exception? inner = null) =>
        Error.Corrupt(
            stored.Source,
            "The gzip data end early, or their last bytes are damaged,",
            stored.Count,
            inner: inner
        );

    private static byte[] Compress(byte[] text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.NoCompression))
            gzip.Write(text);
        return compressed.ToArray();
    }

    /// <summary>The stored bytes and then, in a read of its own, the mark.</summary>
    private sealed class Feed(StoredBytes stored) : ForwardStream
    {
        private bool ended;
        private int given;

        /// <summary>True from the moment at which a byte of the mark was asked for.</summary>
        public bool MarkGiven => ended;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (!ended)
            {
                var read = await stored.ReadAsync(buffer, cancellationToken);
                if (read > 0)
                    return read;
                ended = true;
            }

            if (Failpoint.Planted("lenient-gzip"))
                return 0;
            var taken = Math.Min(buffer.Length, MarkMember.Length - given);
            MarkMember.AsMemory(given, taken).CopyTo(buffer);
            given += taken;
            return taken;
        }
    }
}
