using System.Text;

namespace Headrace.Archiving;

/// <summary>
/// Gives a gzip file a name: stands between a compressor, whose own header has none, and the file. A reader who does
/// not ask for it passes over it.
/// </summary>
internal sealed class NamedGzip : Stream
{
    private const int HeaderBytes = 10;
    private const byte HasName = 8;

    private readonly Stream file;
    private int passed;

    /// <param name="name">ASCII.</param>
    public NamedGzip(Stream file, string name)
    {
        this.file = file;
        file.Write([0x1f, 0x8b, 8, HasName, 0, 0, 0, 0, 0, 255, .. Encoding.ASCII.GetBytes(name), 0]);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // The compressor's header is what it writes first.
    public override void Write(ReadOnlySpan<byte> bytes)
    {
        var skipped = Math.Min(HeaderBytes - passed, bytes.Length);
        passed += skipped;
        file.Write(bytes[skipped..]);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }
}
