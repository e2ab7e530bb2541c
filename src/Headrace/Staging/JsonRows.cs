using System.Text.Json;

namespace Headrace.Staging;

/// <summary>
/// Cuts JSON lines, or one array of objects, into records: each object is one. Which of the two it is, the first byte
/// that is not blank tells.
/// </summary>
internal sealed class JsonRows(FileLimits limits, string source, SegmentWriter rows, RejectWriter rejects) : IRecordCutter
{
    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private readonly JsonRow row = new(limits, source);
    private readonly List<int> columnsAtStart = []; // of each segment
    private bool? isArray;
    private JsonReaderState state = new(new JsonReaderOptions { MaxDepth = JsonRow.MaxDepth });
    private long line = 1;
    private long element;

    public IReadOnlyList<StagedColumn> Columns => row.Columns;

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
                SegmentPadding.Pad(rows.Paths[i], row.Columns.Count);
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
                throw Error.LimitPassed(source, "max_record_bytes", limits.MaxRecordBytes, $"a line of {text.Length} bytes or more", line);
            text = text.Trim(Blanks);
            if (text.Length > 0)
                Take(line, text);
            line++;
            start = length < 0 ? data.Length : start + length + 1;
        }

        return start;
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
            throw Error.Corrupt(source, $"The JSON array is broken after {element} elements", found: $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}", inner: e);
        }
    }

    private void Take(long number, ReadOnlySpan<byte> json)
    {
        if (row.Read(json, number) is { } reason)
        {
            rejects.Add(number, reason, json);
            return;
        }

        var segment = rows.Begin(number);
        if (columnsAtStart.Count < rows.Paths.Count)
            columnsAtStart.Add(row.Columns.Count);
        row.Write(segment);
        rows.End();
    }

    private HeadraceException TooLong(int found) =>
        Error.LimitPassed(source, "max_record_bytes", limits.MaxRecordBytes, $"element {element + 1} of the array: {found} bytes or more");
}
