using System.Text.Encodings.Web;
using System.Text.Json;

namespace Headrace.Configuration;

/// <summary>The values that came from <c>${secret:…}</c> and <c>${file:…}</c>. Every sink passes its text through <see cref="Redact"/>.</summary>
public sealed class Secrets
{
    /// <summary>Shorter values are not replaced: they would be found in text that has nothing to do with them.</summary>
    public const int ShortestRedacted = 4;

    // Longest first: a secret inside another one must not leave the rest of the longer one behind.
    string[] values = [];

    /// <summary>Replaces each secret by <c>***</c>, also where it was escaped for JSON or for an address.</summary>
    public string Redact(string text)
    {
        foreach (var value in values)
            text = text.Replace(value, "***", StringComparison.Ordinal);
        return text;
    }

    internal void Remember(string value)
    {
        if (value.Length < ShortestRedacted)
            return;
        values = [.. values
            .Append(value)
            .Append(Uri.EscapeDataString(value))
            .Append(JsonEncodedText.Encode(value).Value)
            .Append(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value)
            .Distinct()
            .OrderByDescending(one => one.Length)];
    }
}
