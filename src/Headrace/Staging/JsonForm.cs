using System.Buffers;
using System.Text.Json;

namespace Headrace.Staging;

/// <summary>
/// A form of JSON in which an object is no row but holds one: it is unfolded into the row before it is staged. Values
/// keep their texts, so that no digit is lost.
/// </summary>
internal abstract class JsonForm
{
    /// <summary>The form of a format; null where objects are rows.</summary>
    public static JsonForm? Of(FileFormat format) =>
        format.Kind == FormatKind.DynamodbExport ? new DynamoForm(format.Paths)
        : format.Envelope is { } envelope ? new EnvelopeForm(envelope)
        : null;

    /// <summary>Writes the row that an object holds; false when it holds none, and then nothing was written.</summary>
    public bool Unfold(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> row)
    {
        row.ResetWrittenCount();
        try
        {
            using var whole = JsonDocument.Parse(
                json.ToArray(),
                new JsonDocumentOptions { MaxDepth = JsonRow.MaxDepth }
            );
            using var writer = new Utf8JsonWriter(row, new JsonWriterOptions { MaxDepth = JsonRow.MaxDepth });
            writer.WriteStartObject();
            Write(whole.RootElement, writer);
            writer.WriteEndObject();
            writer.Flush();
            return true;
        }
        catch (Exception error)
            when (error is JsonException or InvalidOperationException or ArgumentException or KeyNotFoundException)
        {
            row.ResetWrittenCount();
            return false;
        }
    }

    /// <summary>Writes the members of the row.</summary>
    /// <exception cref="JsonException">There is none.</exception>
    protected abstract void Write(JsonElement json, Utf8JsonWriter row);
}
