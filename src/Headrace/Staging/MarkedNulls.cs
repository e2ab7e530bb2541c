namespace Headrace.Staging;

/// <summary>
/// CSV in which a text stands for NULL, and nothing for a text that is empty, as the CSV of segments: NULL where a
/// field is unquoted and empty, and an empty text in quotes. So the same row is the same bytes, whatever stood for
/// NULL.
/// </summary>
/// <remarks>Records end with LF; a field with a delimiter, a quote or a line end is quoted.</remarks>
internal sealed class MarkedNulls : ForwardStream
{
    private const byte Comma = (byte)',',
        Quote = (byte)'"',
        Cr = (byte)'\r',
        Lf = (byte)'\n';
    private const int Block = 1 << 17;

    private readonly Stream inner;
    private readonly byte[][] nothing;
    private readonly byte[] data;
    private readonly byte[] written;
    private int length;
    private int given;
    private int ready;
    private bool isOver;
    private bool isQuoted;
    private bool isStart = true; // of a field
    private bool isAfterComma;

    /// <param name="nothing">What stands for NULL: letters, digits and hyphens, quoted or not.</param>
    public MarkedNulls(Stream inner, string nothing)
    {
        this.inner = inner;
        this.nothing =
        [
            System.Text.Encoding.ASCII.GetBytes(nothing),
            System.Text.Encoding.ASCII.GetBytes($"\"{nothing}\""),
        ];
        data = new byte[Block];
        written = new byte[Block * 3 + 2]; // a field of no bytes becomes two
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (given == ready)
        {
            if (isOver && length == 0 && !isAfterComma)
                return 0;
            var read = isOver ? 0 : await inner.ReadAsync(data.AsMemory(length), cancellationToken);
            isOver |= read == 0;
            length += read;
            (given, ready) = (0, 0);
            var taken = Rewrite(data.AsSpan(0, length));
            data.AsSpan(taken, length - taken).CopyTo(data);
            length -= taken;
        }

        var count = Math.Min(buffer.Length, ready - given);
        written.AsMemory(given, count).CopyTo(buffer);
        given += count;
        return count;
    }

    /// <summary>Takes what can be told by now, and says how much that was.</summary>
    private int Rewrite(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var rest = bytes[at..];
            if (isStart)
            {
                if (rest.Length <= nothing[1].Length && !isOver)
                    return at;
                isStart = isAfterComma = false;
                if (NothingOf(rest) is > 0 and var skipped)
                    at += skipped;
                else if (rest[0] is Comma or Lf)
                    Give("\"\""u8);
                continue;
            }

            var step = isQuoted ? rest.IndexOf(Quote) : rest.IndexOfAny(Quote, Comma, Lf);
            if (step < 0)
            {
                Give(rest);
                return bytes.Length;
            }

            Give(rest[..(step + 1)]);
            at += step + 1;
            if (rest[step] == Quote)
                isQuoted = !isQuoted; // one that is doubled closes and opens again
            else
                (isStart, isAfterComma) = (true, rest[step] == Comma);
        }

        if (isOver && isAfterComma) // the last field of a file without a line end
        {
            isAfterComma = false;
            Give("\"\""u8);
        }

        return at;
    }

    private int NothingOf(ReadOnlySpan<byte> rest)
    {
        foreach (var text in nothing)
            if (rest.StartsWith(text) && (rest.Length == text.Length || rest[text.Length] is Comma or Lf or Cr))
                return text.Length;
        return 0;
    }

    private void Give(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(written.AsSpan(ready));
        ready += bytes.Length;
    }
}
