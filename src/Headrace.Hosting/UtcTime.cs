using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headrace.Hosting;

/// <summary>
/// Times as ISO 8601 in UTC, ending in Z, with all the digits that they have, as RFC 3339 wants them.
/// </summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    /// <summary>A time as people and programs read it.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);

    /// <summary>Reads a time; one without a zone is in UTC. A + that a URL made a blank of is one again.</summary>
    public static bool TryRead(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(
            text.Length > 6 && text[^6] == ' ' && text[^3] == ':' ? $"{text[..^6]}+{text[^5..]}" : text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out time
        );

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Text(value));
}
