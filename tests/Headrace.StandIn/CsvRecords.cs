namespace Headrace.StandIn;

/// <summary>Reads a CSV file record by record, as bytes.</summary>
public sealed class CsvRecords(Stream stream, byte delimiter, byte quote)
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly List<(int Start, int End)> fields = [];
    private byte[] record = new byte[4096];
    private int filled;
    private int at;
    private int length;

    /// <summary>The line on which the last record began; the first is 1.</summary>
    public long Line { get; private set; }

    private long nextLine = 1;

    public int Fields => fields.Count;

    /// <summary>A field of the last record, without its quotes.</summary>
    public ReadOnlySpan<byte> this[int index] => record.AsSpan(fields[index].Start..fields[index].End);

    /// <summary>The last record as it was found, as far as is kept for messages.</summary>
    public ReadOnlySpan<byte> Whole => record.AsSpan(..length);

    /// <summary>Was the last record an empty line?</summary>
    public bool Blank { get; private set; }

    /// <summary>
    /// Steps to the next record; false at the end. Throws <see cref="LoadError"/> for quotes that do not fit.
    /// </summary>
    public async Task<bool> NextAsync()
    {
        fields.Clear();
        length = 0;
        Line = nextLine;
        var (start, quoted, wasQuoted, any) = (0, false, false, false);
        while (true)
        {
            if (at == filled)
            {
                filled = await stream.ReadAsync(buffer);
                at = 0;
                if (filled == 0)
                {
                    if (quoted)
                        throw new LoadError(1212, "Invalid quote formatting for CSV");
                    if (!any)
                        return false;
                    break;
                }
            }

            var value = buffer[at++];
            any = true;
            if (value == '\n')
                nextLine++;
            if (quoted)
            {
                if (value != quote)
                {
                    Append(value);
                    continue;
                }

                if (at == filled)
                {
                    filled = await stream.ReadAsync(buffer);
                    at = 0;
                }

                if (at < filled && buffer[at] == quote)
                {
                    Append(quote);
                    at++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (value == quote && length == start && !wasQuoted)
            {
                quoted = wasQuoted = true;
            }
            else if (value == delimiter)
            {
                fields.Add((start, length));
                (start, wasQuoted) = (length, false);
            }
            else if (value == '\n')
            {
                break;
            }
            else if (value == '\r')
            {
                // Part of a line's end, else of the field.
                if (at == filled)
                {
                    filled = await stream.ReadAsync(buffer);
                    at = 0;
                }

                if (at < filled && buffer[at] != '\n')
                    Append(value);
            }
            else if (wasQuoted)
            {
                throw new LoadError(1212, "Invalid quote formatting for CSV. Unescaped quote character");
            }
            else
            {
                Append(value);
            }
        }

        Blank = fields.Count == 0 && length == 0 && !wasQuoted;
        fields.Add((start, length));
        return true;
    }

    private void Append(byte value)
    {
        if (length == record.Length)
            Array.Resize(ref record, record.Length * 2);
        record[length++] = value;
    }
}

/// <summary>A record that COPY cannot load, as its error tables tell it.</summary>
public sealed class LoadError(int code, string message, string? column = null) : Exception(message)
{
    public int Code => code;

    public string? Column => column;
}
