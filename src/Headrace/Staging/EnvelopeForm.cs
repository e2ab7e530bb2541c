using System.Text.Json;

namespace Headrace.Staging;

/// <summary>A change in an <see cref="Envelope"/>: the operation and the order beside the row's values.</summary>
internal sealed class EnvelopeForm(Envelope envelope) : JsonForm
{
    protected override void Write(JsonElement json, Utf8JsonWriter row)
    {
        var around =
            envelope.Wrapper is { } wrapper
            && json.TryGetProperty(wrapper, out var inner)
            && inner.ValueKind == JsonValueKind.Object
                ? inner
                : json;
        Copy(around, [envelope.Operation], Envelope.OperationColumn, row);
        for (var part = 0; part < envelope.Order.Count; part++)
            Copy(around, envelope.Order[part], Envelope.OrderColumn(part), row);
        foreach (var name in envelope.Objects)
            if (around.TryGetProperty(name, out var values) && values.ValueKind == JsonValueKind.Object)
            {
                foreach (var value in values.EnumerateObject())
                    value.WriteTo(row);
                return;
            }
    }

    private static void Copy(JsonElement from, IReadOnlyList<string> path, string name, Utf8JsonWriter row)
    {
        foreach (var part in path)
            if (
                part != Envelope.AsText
                && !(from.ValueKind == JsonValueKind.Object && from.TryGetProperty(part, out from))
            )
                return;
        row.WritePropertyName(name);
        from.WriteTo(row);
    }
}
