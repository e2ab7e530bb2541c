using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Headrace.Staging;

/// <summary>
/// The bytes of a lake file as they are stored: counted and hashed while they pass. They are hashed on a task of its
/// own, since the thread that reads decompresses too.
/// </summary>
/// <param name="md5">What their MD5 must be, in base64; null when nobody says.</param>
[SuppressMessage("Security", "CA5351", Justification = "DynamoDB says MD5; it is no protection here.")]
internal sealed class StoredBytes(Stream inner, string source, bool isHashed = true, string? md5 = null) : ForwardStream
{
    private readonly IncrementalHash? check = md5 is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
    private byte[] other = ArrayPool<byte>.Shared.Rent(256 << 10); // what is hashed while the first one is filled
    private Task hashing = Task.CompletedTask;
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
            (this.buffer, other) = (other, this.buffer);
            if (await FillAsync(cancellationToken) == 0)
                return 0;
        }

        var taken = Math.Min(buffer.Length, end - start);
        this.buffer.AsMemory(start, taken).CopyTo(buffer);
        start += taken;
        Count += taken;
        return taken;
    }

    /// <summary>SHA-256 of all that was read, in lower-case hexadecimal; empty when nobody asked for it.</summary>
    /// <exception cref="HeadraceException">HDR-242: the MD5 is another one than it must be.</exception>
    public async ValueTask<string> Sha256Async()
    {
        if (check is not null && Convert.ToBase64String(check.GetCurrentHash()) is var found && found != md5)
            throw Error.ChecksumDiffers(source, md5!, found);
        if (!isHashed)
            return "";
        await hashing;
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public override async ValueTask DisposeAsync()
    {
        await hashing;
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        check?.Dispose();
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<byte>.Shared.Return(other);
        }

        buffer = other = [];
        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAsync(CancellationToken cancel)
    {
        try
        {
            var read = await inner.ReadAsync(buffer.AsMemory(end), cancel);
            await hashing;
            var (bytes, from) = (buffer, end);
            hashing =
                read == 0 || !isHashed
                    ? Task.CompletedTask
                    : Task.Run(() => hash.AppendData(bytes, from, read), CancellationToken.None);
            check?.AppendData(buffer, end, read);
            end += read;
            return read;
        }
        catch (IOException e)
        {
            throw Error.FileUnreadable(source, e.Message, e);
        }
    }
}
