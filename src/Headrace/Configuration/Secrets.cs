using System.Text.Encodings.Web;
using System.Text.Json;

namespace Headrace.Configuration;

/// <summary>
/// The values that came from <c>${secret:…}</c> and <c>${file:…}</c>, and what a run was lent. Every sink passes its
/// text through <see cref="Redact"/>.
/// </summary>
public sealed class Secrets
{
    /// <summary>
    /// Shorter values are not replaced: they would be found in text that has nothing to do with them.
    /// </summary>
    public const int ShortestRedacted = 4;

    // Longest first: a secret inside another one must not leave the rest of the longer one behind.
    volatile string[] values = [];

    readonly Lock adding = new();

    /// <summary>Replaces each secret by <c>***</c>, also where it was escaped for JSON or for an address.</summary>
    public string Redact(string text)
    {
        foreach (var value in values)
            text = text.Replace(value, "***", StringComparison.Ordinal);
        return text;
    }

    /// <summary>Adds one, also while others redact.</summary>
    public void Remember(string value)
    {
        if (value.Length < ShortestRedacted)
            return;
        lock (adding)
            Add(value);
    }

    void Add(string value)
    {
        if (values.Contains(value))
            return;
        values =
        [
            .. values
                .Append(value)
                .Append(Uri.EscapeDataString(value))
                .Append(JsonEncodedText.Encode(value).Value)
                .Append(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value)
                .Distinct()
                .OrderByDescending(one => one.Length),
        ];
    }
}
