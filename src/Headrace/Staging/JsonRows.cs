using System.Text.Json;

namespace Headrace.Staging;

/// <summary>
/// Cuts JSON lines, objects over several lines, or one array of objects, into records: each object is one. Whether it
/// is an array, the first byte that is not blank tells.
/// </summary>
/// <remarks>
/// An object that is open at the end of its line goes on in the next one, or it was cut short. It was cut short when
/// the lines up to where it breaks are whole values: then it alone is set aside. Else the document is broken, and no
/// part of it is a row.
/// </remarks>
internal sealed class JsonRows(FileLimits limits, string source, SegmentWriter rows, RejectWriter rejects)
    : IRecordCutter
{
    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private readonly JsonRow row = new(limits, source);
    private readonly List<int> columnsAtStart = []; // of each segment
    private bool? isArray;
    private JsonReaderState state = new(new JsonReaderOptions { MaxDepth = JsonRow.MaxDepth });
    private long line = 1;
    private long element;
    private long? openLine; // where an object began that was cut short

    /// <summary>True where a line that is <c>null</c> is no record.</summary>
    public bool SkipsNull { get; init; }

    /// <summary>How objects hold the rows; null where they are the rows.</summary>
    public JsonForm? Form
    {
        init => row.Form = value;
    }

    public IReadOnlyList<StagedColumn> Columns => row.Columns;

    /// <summary>A text without a letter is written on purpose here.</summary>
    public bool HasEmptyTexts => false;

    public bool IsBlank => isArray is null;

    public int Cut(ReadOnlySpan<byte> data, bool isFinal)
    {
        if (isArray is null)
        {
            var first = data.IndexOfAnyExcept(Blanks);
            if (first < 0)
            {
                line += data.Count((byte)'\n');
                return data.Length;
            }

            isArray = data[first] == '[';
        }

        return isArray.Value ? CutArray(data, isFinal) : CutLines(data, isFinal);
    }

    /// <summary>Records written before a property was first seen get an empty field for it.</summary>
    public void Complete()
    {
        for (var i = 0; i < columnsAtStart.Count; i++)
            if (columnsAtStart[i] < row.Columns.Count)
                rows.Pad(i, row.Columns.Count);
    }

    private int CutLines(ReadOnlySpan<byte> data, bool isFinal)
    {
        var start = 0;
        while (start < data.Length)
        {
            var length = data[start..].IndexOf((byte)'\n');
            if (length < 0 && !isFinal && data.Length - start <= limits.MaxRecordBytes)
                break;
            var text = length < 0 ? data[start..] : data.Slice(start, length);
            if (text.Length > limits.MaxRecordBytes)
                throw Error.LimitPassed(
                    source,
                    "max_record_bytes",
                    limits.MaxRecordBytes,
                    $"a line of {text.Length} bytes or more",
                    line
                );
            text = text.Trim(Blanks);
            if (text.Length > 0 && !(SkipsNull && text.SequenceEqual("null"u8)) && TakeLine(text) is { } open)
            {
                var taken = CutDocument(data[start..], isFinal, open);
                if (taken == 0)
                    break;
                start += taken;
                continue;
            }

            line++;
            start = length < 0 ? data.Length : start + length + 1;
        }

        return start;
    }

    /// <summary>Takes a line; when it opens an object and does not close it, says instead why it is no row.</summary>
    private string? TakeLine(ReadOnlySpan<byte> text)
    {
        if (text[0] is (byte)'}' or (byte)']' or (byte)',')
            throw Error.JsonDocument(source, openLine ?? line, $"line {line} begins with '{(char)text[0]}'");
        if (row.Read(text, line) is not { } reason)
            Write(line);
        else if (text[0] == '{' && IsOpen(text))
            return reason;
        else
            rejects.Add(line, reason, text);
        return null;
    }

    /// <summary>
    /// Takes an object over several lines, or the first line of what is none; 0 when there are not enough bytes yet.
    /// </summary>
    private int CutDocument(ReadOnlySpan<byte> data, bool isFinal, string reason)
    {
        var reader = new Utf8JsonReader(
            data,
            isFinalBlock: false,
            new JsonReaderState(new JsonReaderOptions { MaxDepth = JsonRow.MaxDepth })
        );
        long? broken = null;
        try
        {
            while (reader.Read())
                if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                {
                    var end = (int)reader.BytesConsumed;
                    if (end > limits.MaxRecordBytes)
                        throw TooLong(data, end);
                    Take(line, data[..end].Trim(Blanks));
                    line += data[..end].Count((byte)'\n');
                    return end;
                }
        }
        catch (JsonException e)
        {
            broken = e.LineNumber;
        }

        if (broken is null && !isFinal)
            return data.Length > limits.MaxRecordBytes ? throw TooLong(data, data.Length) : 0;
        var length = data.IndexOf((byte)'\n');
        if (length < 0)
            length = data.Length;
        var rest = data[Math.Min(length + 1, data.Length)..];
        for (var number = 1L; rest.Length > 0 && number <= (broken ?? long.MaxValue); number++)
        {
            var next = rest.IndexOf((byte)'\n');
            if (next < 0 && !isFinal)
                return data.Length > limits.MaxRecordBytes ? throw TooLong(data, data.Length) : 0;
            var text = (next < 0 ? rest : rest[..next]).Trim(Blanks);
            var isEarlyEnd = broken is null && rows.Records == 0; // nothing says that the file is one of lines
            if (text.Length > 0 && (isEarlyEnd || !IsWhole(text)))
                throw Error.JsonDocument(
                    source,
                    line,
                    broken is null ? "the file ends before the document does" : $"line {line + broken}"
                );
            rest = next < 0 ? [] : rest[(next + 1)..];
        }

        rejects.Add(line, reason, data[..length].Trim(Blanks));
        openLine = line++;
        return Math.Min(length + 1, data.Length);
    }

    private static bool IsOpen(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(
            text,
            isFinalBlock: false,
            new JsonReaderState(new JsonReaderOptions { MaxDepth = JsonRow.MaxDepth })
        );
        try
        {
            while (reader.Read())
                if (reader.CurrentDepth == 0 && reader.TokenType == JsonTokenType.EndObject)
                    return false;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonRow.MaxDepth });
        try
        {
            while (reader.Read()) { }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private int CutArray(ReadOnlySpan<byte> data, bool isFinal)
    {
        var reader = new Utf8JsonReader(data, isFinal, state);
        try
        {
            while (true)
            {
                var before = reader.CurrentState;
                var taken = (int)reader.BytesConsumed;
                var isRead = reader.Read();
                if (isRead && reader.CurrentDepth == 0)
                    continue; // the brackets of the array itself
                var start = (int)reader.TokenStartIndex;
                if (!isRead || !reader.TrySkip())
                {
                    if (!isRead && isFinal)
                        return data.Length;
                    if (data.Length - taken > limits.MaxRecordBytes)
                        throw TooLong(data.Length - taken);
                    state = before;
                    return taken;
                }

                var length = (int)reader.BytesConsumed - start;
                element++;
                if (length > limits.MaxRecordBytes)
                    throw TooLong(length);
                Take(element, data.Slice(start, length));
            }
        }
        catch (JsonException e)
        {
            throw Error.Corrupt(
                source,
                $"The JSON array is broken after {element} elements",
                found: $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}",
                inner: e
            );
        }
    }

    private void Take(long number, ReadOnlySpan<byte> json)
    {
        if (row.Read(json, number) is { } reason)
            rejects.Add(number, reason, json);
        else
            Write(number);
    }

    private void Write(long number)
    {
        var segment = rows.Begin(number);
        if (columnsAtStart.Count < rows.Paths.Count)
            columnsAtStart.Add(row.Columns.Count);
        row.Write(segment);
        rows.End();
    }

    private HeadraceException TooLong(ReadOnlySpan<byte> document, int found) =>
        Error.LimitPassed(
            source,
            "max_record_bytes",
            limits.MaxRecordBytes,
            $"a JSON document of {found} bytes or more, {document.Count((byte)'\n') + 1} lines",
            line
        );

    private HeadraceException TooLong(int found) =>
        Error.LimitPassed(
            source,
            "max_record_bytes",
            limits.MaxRecordBytes,
            $"element {element + 1} of the array: {found} bytes or more"
        );
}
