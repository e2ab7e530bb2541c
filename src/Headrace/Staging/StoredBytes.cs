using System.Buffers;
using System.Security.Cryptography;

namespace Headrace.Staging;

/// <summary>The bytes of a lake file as they are stored: counted and hashed while they pass.</summary>
internal sealed class StoredBytes(Stream inner, string source) : ForwardStream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
    private int start;
    private int end;

    /// <summary>The lake address and key, for messages.</summary>
    public string Source => source;

    /// <summary>Bytes handed out.</summary>
    public long Count { get; private set; }

    /// <summary>The first bytes, up to <paramref name="count"/>, without taking them.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken cancel)
    {
        while (end - start < count)
        {
            var read = await FillAsync(cancel);
            if (read == 0)
                break;
        }

        return buffer.AsMemory(start, Math.Min(count, end - start));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (start == end)
        {
            start = end = 0;
            if (await FillAsync(cancellationToken) == 0)
                return 0;
        }

        var taken = Math.Min(buffer.Length, end - start);
        this.buffer.AsMemory(start, taken).CopyTo(buffer);
        start += taken;
        Count += taken;
        return taken;
    }

    /// <summary>SHA-256 of all that was read, in lower-case hexadecimal.</summary>
    public string Sha256() => Convert.ToHexStringLower(hash.GetCurrentHash());

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAsync(CancellationToken cancel)
    {
        try
        {
            var read = await inner.ReadAsync(buffer.AsMemory(end), cancel);
            hash.AppendData(buffer, end, read);
            end += read;
            return read;
        }
        catch (IOException e)
        {
            throw Error.FileUnreadable(source, e.Message, e);
        }
    }
}
