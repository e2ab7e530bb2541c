using ZstdSharp;

namespace Headrace.Staging;

/// <summary>Reads zstd, one frame or several, and refuses data that are damaged or end early.</summary>
internal sealed class ZstdStream(StoredBytes stored) : ForwardStream
{
    private readonly DecompressionStream plain = new(stored, 128 << 10, checkEndOfStream: true, leaveOpen: true);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await plain.ReadAsync(buffer, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw Error.Corrupt(stored.Source, "The zstd data end early", stored.Count);
        }
        catch (ZstdException e)
        {
            throw Error.Corrupt(stored.Source, "The zstd data are damaged before or", stored.Count, e.Message);
        }
    }

    protected override void Dispose(bool disposing)
    {
        plain.Dispose();
        base.Dispose(disposing);
    }
}
