using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Headrace.Archiving;

/// <summary>Masks fields of the records of a segment on their way into an archive.</summary>
/// <param name="skip">Fields of the spool's own before those of the columns; they are left out.</param>
internal sealed class MaskedFields(StagedFile file, int skip, Stream to)
{
    private readonly Mask?[] masks = [.. file.Columns.Select(file.MaskOf)];
    private readonly ArrayBufferWriter<byte> field = new(256);
    private bool isQuoted;
    private int place = -skip;

    /// <summary>Takes the next bytes of the segment.</summary>
    public void Pass(ReadOnlySpan<byte> block)
    {
        foreach (var letter in block)
        {
            if (letter == '"')
                isQuoted = !isQuoted; // a doubled quote turns it twice
            if (isQuoted || letter is not ((byte)',' or (byte)'\n'))
            {
                field.Write([letter]);
                continue;
            }

            if (place >= 0)
            {
                to.Write(masks[place] is { } mask ? Masked(mask, field.WrittenSpan) : field.WrittenSpan);
                to.WriteByte(letter);
            }

            field.ResetWrittenCount();
            place = letter == '\n' ? -skip : place + 1;
        }
    }

    private static byte[] Masked(Mask mask, ReadOnlySpan<byte> written)
    {
        if (written.Length == 0)
            return [];
        var text = Encoding.UTF8.GetString(written);
        if (text[0] == '"')
            text = text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal);
        return Apply(mask, text) is { } masked
            ? Encoding.UTF8.GetBytes($"\"{masked.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")
            : [];
    }

    private static string? Apply(Mask mask, string text) =>
        mask.Kind switch
        {
            MaskKind.Hmac => Convert.ToHexStringLower(
                HMACSHA256.HashData(Encoding.UTF8.GetBytes(mask.Key!), Encoding.UTF8.GetBytes(text))
            ),
            MaskKind.KeepLast when text.EnumerateRunes().Count() > mask.Kept => Mask.Shown
                + string.Concat(text.EnumerateRunes().TakeLast(mask.Kept)),
            MaskKind.KeepLast or MaskKind.Redact => Mask.Shown,
            MaskKind.Null => null,
            _ => Truncated(mask.Kind, text),
        };

    // As databases write dates and times: 2026-10-04 12:30:00.5+00.
    private static string Truncated(MaskKind kind, string text)
    {
        if (!DateOnly.TryParseExact(text.AsSpan(0, Math.Min(10, text.Length)), "yyyy-MM-dd", null, default, out _))
            return Mask.Shown;
        var kept = kind switch
        {
            MaskKind.Year => $"{text[..4]}-01-01",
            MaskKind.Month => $"{text[..7]}-01",
            _ => text[..10],
        };
        var zone = text.Length > 19 ? text.AsSpan(19).IndexOfAny('+', '-') : -1;
        return text.Length == 10 ? kept : $"{kept} 00:00:00{(zone < 0 ? "" : text[(19 + zone)..])}";
    }
}
