using System.Text;

namespace Headrace.Staging;

/// <summary>
/// Turns the text of a file into UTF-8 without a byte order mark. UTF-8 passes unchanged; it is judged record by
/// record.
/// </summary>
internal static class TextEncoding
{
    /// <summary>A stream of UTF-8. A byte order mark counts for more than <paramref name="declared"/>.</summary>
    public static async Task<Stream> OpenAsync(PlainBytes plain, string declared, CancellationToken cancel)
    {
        var head = (await plain.PeekAsync(4, cancel)).ToArray();
        var (length, name) = head switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (3, "utf-8"),
            [0xFF, 0xFE, 0, 0] => (4, "utf-32"),
            [0xFF, 0xFE, ..] => (2, "utf-16"),
            [0xFE, 0xFF, ..] => (2, "utf-16BE"),
            _ => (0, declared),
        };
        plain.Skip(length);
        var encoding = Find(name) ?? throw Error.UnknownEncoding(plain.Source, name);
        return encoding is UTF8Encoding
            ? plain
            : Encoding.CreateTranscodingStream(plain, encoding, new UTF8Encoding(false, true), leaveOpen: true);
    }

    private static Encoding? Find(string name)
    {
        if (name.Equals("utf8", StringComparison.OrdinalIgnoreCase))
            name = "utf-8";
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(
                    name,
                    EncoderFallback.ExceptionFallback,
                    DecoderFallback.ExceptionFallback
                ) ?? Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
