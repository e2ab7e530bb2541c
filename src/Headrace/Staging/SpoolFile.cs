using System.Globalization;

namespace Headrace.Staging;

/// <summary>A file in the spool that is being written; readable by this user only.</summary>
/// <remarks>
/// The buffer is the caller's; it may serve the next file when this one is closed. With <c>unlinked</c> the file has no
/// name in its folder.
/// </remarks>
internal sealed class SpoolFile : IDisposable
{
    private readonly FileStream stream;
    private readonly byte[] buffer;
    private int used;

    public SpoolFile(string path, byte[] buffer, Unlinked? unlinked = null)
    {
        Path = path;
        this.buffer = buffer;
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        stream = Try(() => new FileStream(path, options));
        if (unlinked is not null)
            Path = unlinked.Take(path);
    }

    public string Path { get; }

    /// <summary>Bytes written, those in the buffer included.</summary>
    public long Length { get; private set; }

    /// <summary>Writes a number and a comma.</summary>
    public void WriteNumber(long number)
    {
        if (buffer.Length - used < 24)
            Flush();
        number.TryFormat(buffer.AsSpan(used), out var length, default, CultureInfo.InvariantCulture);
        buffer[used + length] = (byte)',';
        used += length + 1;
        Length += length + 1;
    }

    /// <summary>
    /// Room for the next <paramref name="count"/> bytes, at most as many as the buffer holds; the caller fills all of
    /// it.
    /// </summary>
    public Span<byte> Take(int count)
    {
        if (count > buffer.Length - used)
            Flush();
        used += count;
        Length += count;
        return buffer.AsSpan(used - count, count);
    }

    public void Write(byte value)
    {
        if (used == buffer.Length)
            Flush();
        buffer[used++] = value;
        Length++;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (bytes.Length > buffer.Length - used)
        {
            Flush();
            if (bytes.Length > buffer.Length)
            {
                WriteThrough(bytes);
                return;
            }
        }

        bytes.CopyTo(buffer.AsSpan(used));
        used += bytes.Length;
    }

    /// <summary>Writes a field in quotes.</summary>
    public void WriteQuoted(ReadOnlySpan<byte> text)
    {
        Write((byte)'"');
        for (int at; (at = text.IndexOf((byte)'"')) >= 0; text = text[(at + 1)..])
        {
            Write(text[..(at + 1)]);
            Write((byte)'"');
        }

        Write(text);
        Write((byte)'"');
    }

    /// <summary>Hands everything to the operating system.</summary>
    public void Close()
    {
        Flush();
        Dispose();
    }

    public void Dispose() => stream.Dispose();

    private void Flush()
    {
        WriteThrough(buffer.AsSpan(0, used));
        used = 0;
    }

    private void WriteThrough(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
        }
        catch (IOException e)
        {
            throw Error.SpoolFailed(Path, e);
        }
    }

    private FileStream Try(Func<FileStream> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Error.SpoolFailed(Path, e);
        }
    }
}
