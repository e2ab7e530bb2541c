using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Headrace.Staging;

/// <summary>
/// One JSON object as a record. Numbers keep their text, so that no digit is lost; strings are quoted, so that their
/// digits are no numbers; objects and arrays stay JSON. Columns are added as properties are first seen.
/// </summary>
internal sealed class JsonRow(FileLimits limits, string source)
{
    public const int MaxDepth = 512;

    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = MaxDepth,
        AllowDuplicateProperties = false,
    };

    private readonly List<StagedColumn> columns = [];
    private readonly List<byte[]> names = [];

    // As names of columns are told apart.
    private readonly Dictionary<string, int> places = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Field> fields = []; // one for each column; of the current record when Record says so
    private readonly ArrayBufferWriter<byte> texts = new(4096);
    private long records;

    private readonly ArrayBufferWriter<byte> unfolded = new(4096);

    private enum Kind
    {
        Bare,
        Text,
        Json,
    }

    private readonly record struct Field(long Record, int Start, int Length, Kind Kind);

    public IReadOnlyList<StagedColumn> Columns => columns;

    /// <summary>How objects hold the rows; null where they are the rows.</summary>
    public JsonForm? Form { get; set; }

    /// <summary>Reads one value; returns why it is no row, or null when it is one.</summary>
    public string? Read(ReadOnlySpan<byte> json, long line)
    {
        texts.ResetWrittenCount();
        records++;
        var known = columns.Count;
        string? fault;
        try
        {
            fault =
                !Utf8.IsValid(json) ? "not valid UTF-8"
                : Form?.Unfold(json, unfolded) == true ? ReadObject(unfolded.WrittenSpan, line)
                : ReadObject(json, line);
        }
        catch (JsonException e)
        {
            fault = $"not valid JSON at byte {e.BytePositionInLine + 1}";
        }
        catch (InvalidOperationException)
        {
            fault = "an escape that is no character (half of a surrogate pair)";
        }

        if (fault is not null)
        {
            Forget(known);
            return fault;
        }

        for (var i = 0; i < columns.Count; i++)
            if (fields[i].Record == records)
            {
                if (fields[i].Kind == Kind.Text && !columns[i].IsText)
                    columns[i] = columns[i] with { IsText = true };
                else if (fields[i].Kind == Kind.Json && !columns[i].IsJson)
                    columns[i] = columns[i] with { IsJson = true };
            }

        return null;
    }

    /// <summary>Writes the fields of the record that was read last.</summary>
    public void Write(SpoolFile segment)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            if (i > 0)
                segment.Write((byte)',');
            var field = fields[i];
            if (field.Record != records)
                continue;
            var text = texts.WrittenSpan.Slice(field.Start, field.Length);
            if (field.Kind == Kind.Bare)
                segment.Write(text);
            else
                segment.WriteQuoted(text);
        }
    }

    private string? ReadObject(ReadOnlySpan<byte> json, long line)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return reader.Read() ? "not valid JSON" : "not a JSON object";
        }

        var guess = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var place =
                guess < names.Count && reader.ValueTextEquals(names[guess])
                    ? guess
                    : PlaceOf(reader.GetString()!, line);
            if (place < 0)
                return "a property without a name, or with a NUL character in it";
            if (fields[place].Record == records)
                return reader.ValueTextEquals(columns[place].Name)
                    ? $"the property '{columns[place].Name}' stands twice"
                    : $"the properties '{columns[place].Name}' and '{reader.GetString()}' are one column "
                        + "(case does not count)";
            guess = place + 1;
            reader.Read();
            if (ReadValue(ref reader, json, place) is { } fault)
                return fault;
        }

        return reader.Read() ? "not valid JSON" : null; // reading on finds what follows the object
    }

    private string? ReadValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, int place)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                fields[place] = new Field(records, 0, 0, Kind.Bare);
                return null;
            case JsonTokenType.String:
                var start = texts.WrittenCount;
                texts.Advance(reader.CopyString(texts.GetSpan(reader.ValueSpan.Length)));
                var text = texts.WrittenSpan[start..];
                fields[place] = new Field(records, start, text.Length, Kind.Text);
                return text.Contains((byte)0) ? $"a NUL character in '{columns[place].Name}'" : null;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                var from = (int)reader.TokenStartIndex;
                reader.Skip();
                var raw = json[from..(int)reader.BytesConsumed];
                if (HasNul(raw))
                    return $"a NUL character in '{columns[place].Name}'";
                if (raw.Contains((byte)'{') && HasDuplicates(raw))
                    return $"a property within '{columns[place].Name}' stands twice";
                Keep(place, raw, Kind.Json);
                return null;
            default:
                Keep(place, reader.ValueSpan, Kind.Bare);
                return null;
        }
    }

    private void Keep(int place, ReadOnlySpan<byte> text, Kind kind)
    {
        fields[place] = new Field(records, texts.WrittenCount, text.Length, kind);
        texts.Write(text);
    }

    /// <summary>The place of a column; a name not seen before becomes one.</summary>
    private int PlaceOf(string name, long line)
    {
        if (places.TryGetValue(name, out var place))
            return place;
        if (string.IsNullOrWhiteSpace(name) || name.Contains('\0', StringComparison.Ordinal))
            return -1;
        if (columns.Count == limits.MaxColumns)
            throw Error.LimitPassed(source, "max_columns", limits.MaxColumns, $"one more property, '{name}'", line);
        places.Add(name, columns.Count);
        names.Add(Encoding.UTF8.GetBytes(name));
        columns.Add(new StagedColumn(name));
        fields.Add(default);
        return columns.Count - 1;
    }

    /// <summary>Takes back the columns that only a rejected record had.</summary>
    private void Forget(int known)
    {
        for (var i = columns.Count - 1; i >= known; i--)
        {
            places.Remove(columns[i].Name);
            columns.RemoveAt(i);
            names.RemoveAt(i);
            fields.RemoveAt(i);
        }
    }

    /// <summary>True when <c>\u0000</c> stands in the text, unless its backslash is itself escaped.</summary>
    private static bool HasNul(ReadOnlySpan<byte> raw)
    {
        for (int at, from = 0; (at = raw[from..].IndexOf("\\u0000"u8)) >= 0; from += at + 6)
        {
            var backslashes = 0;
            while (from + at - backslashes - 1 >= 0 && raw[from + at - backslashes - 1] == '\\')
                backslashes++;
            if (backslashes % 2 == 0)
                return true;
        }

        return false;
    }

    private static bool HasDuplicates(ReadOnlySpan<byte> raw)
    {
        try
        {
            // It was read once already, so nothing else can be wrong.
            JsonDocument.Parse(raw.ToArray(), Strict).Dispose();
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }
}
