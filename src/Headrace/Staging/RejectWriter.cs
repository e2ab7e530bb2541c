using System.Text;

namespace Headrace.Staging;

/// <summary>
/// Writes down the records that are no rows: line, reason, raw text. The file appears with the first one.
/// </summary>
/// <param name="isHidden">True when the text of a record is not to be kept: it may hold what a mask hides.</param>
internal sealed class RejectWriter(string folder, bool isHidden = false) : IDisposable
{
    /// <summary>In the place of a text that is not kept.</summary>
    public const string Hidden = "(not kept, since the flow has masks)";

    private const int RawBytes = 8 << 10;

    private SpoolFile? file;

    public string? Path => file?.Path;

    public long Count { get; private set; }

    public void Add(long line, string reason, ReadOnlySpan<byte> raw)
    {
        file ??= new SpoolFile(System.IO.Path.Combine(folder, "0.csv"), new byte[32 << 10]);
        file.WriteNumber(line);
        file.WriteQuoted(Encoding.UTF8.GetBytes(reason));
        file.Write((byte)',');
        file.WriteQuoted(Encoding.UTF8.GetBytes(isHidden ? Hidden : Show(raw)));
        file.Write((byte)'\n');
        Count++;
    }

    public void Close() => file?.Close();

    public void Dispose() => file?.Dispose();

    /// <summary>The first 8 KB as text, with bytes that are none as <c>\xNN</c>.</summary>
    private static string Show(ReadOnlySpan<byte> raw)
    {
        var cut = raw.Length > RawBytes;
        if (cut)
        {
            var end = RawBytes;
            for (var back = 0; back < 3 && (raw[end] & 0xC0) == 0x80; back++)
                end--;
            raw = raw[..end];
        }

        var text = new StringBuilder(raw.Length + 16);
        while (raw.Length > 0)
        {
            var valid =
                Rune.DecodeFromUtf8(raw, out var rune, out var length) == System.Buffers.OperationStatus.Done
                && rune.Value != 0;
            if (valid)
                text.Append(rune.ToString());
            else
                foreach (var b in raw[..length])
                    text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{b:X2}");
            raw = raw[length..];
        }

        return cut ? text.Append('…').ToString() : text.ToString();
    }
}
