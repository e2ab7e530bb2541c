using System.Text;

namespace Headrace.DuckDb;

/// <summary>UTF-8 that fails where the usual one would put U+FFFD: text is handed on unchanged or not at all.</summary>
internal static class Text
{
    public static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>False when a surrogate is without its other half.</summary>
    public static bool IsWhole(string text)
    {
        for (
            var rest = text.AsSpan();
            rest.IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and var at;
            rest = rest[(at + 2)..]
        )
            if (!char.IsHighSurrogate(rest[at]) || at + 1 == rest.Length || !char.IsLowSurrogate(rest[at + 1]))
                return false;
        return true;
    }
}
