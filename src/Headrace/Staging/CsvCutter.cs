using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Headrace.Staging;

/// <summary>
/// Cuts CSV into records. A record that is in the canonical form already is copied as it is; the others are written
/// field by field. What is no row becomes a reject with its line, and the records after it are read as usual.
/// </summary>
internal sealed class CsvCutter : IRecordCutter
{
    private const byte Cr = (byte)'\r',
        Lf = (byte)'\n';

    private readonly FileLimits limits;
    private readonly string source;
    private readonly IReadOnlyList<string>? declared;
    private readonly SegmentWriter rows;
    private readonly RejectWriter rejects;
    private readonly RowDigests? digests;
    private readonly byte[] comment;
    private readonly CsvBeginning beginning = new();
    private CsvDialect dialect;
    private CsvScanner scanner;
    private CsvFields fields;
    private StagedColumn[]? columns;
    private long line = 1;
    private long suspectUntil;
    private int skip;
    private bool isPassing;
    private bool isQuoted;
    private bool isBegun;

    public CsvCutter(
        CsvDialect dialect,
        FileLimits limits,
        string source,
        IReadOnlyList<string>? declared,
        SegmentWriter rows,
        RejectWriter rejects,
        RowDigests? digests = null
    )
    {
        this.dialect = dialect;
        this.limits = limits;
        this.source = source;
        this.declared = declared;
        this.rows = rows;
        this.rejects = rejects;
        this.digests = digests;
        skip = dialect.Skip;
        comment = Encoding.ASCII.GetBytes(dialect.Comment ?? "");
        scanner = new CsvScanner(dialect);
        fields = new CsvFields(dialect, scanner);
    }

    /// <summary>
    /// True for rows of a database: a record that is too long is a row like any other, and is set aside alone.
    /// </summary>
    public bool IsTable { get; init; }

    /// <summary>True when the flow has masks: what looks like a header may be values.</summary>
    public bool IsHidden { get; init; }

    public IReadOnlyList<StagedColumn> Columns => columns ?? [];

    /// <inheritdoc/>
    public bool HasEmptyTexts => scanner.HasEmptyQuotes || fields.HasEmpty;

    public bool IsBlank => columns is null && dialect.Header;

    /// <summary>The character between fields, which the file itself may say.</summary>
    public char Delimiter => dialect.Delimiter;

    /// <summary>
    /// What the flow may have to say of the first lines, when most records do not have as many fields as they; null for
    /// nothing.
    /// </summary>
    public string? Hint => columns is null ? null : beginning.Hint(dialect, columns, rows.Records);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Cut(ReadOnlySpan<byte> data, bool isFinal)
    {
        var start = 0;
        if (!isBegun)
        {
            if (CsvBeginning.Separator(data, isFinal) is { } separator && dialect.Sep != SepLine.Line)
            {
                if (separator == CsvBeginning.NotKnownYet)
                    return 0;
                Separate(separator);
            }

            isBegun = true;
        }

        for (; skip > 0 && start < data.Length; skip--)
        {
            var taken = SkipLine(data[start..], isFinal);
            if (taken == 0)
                return start;
            start += taken;
        }

        // Every record up to the last line end is judged at once, and one by one only when something is wrong.
        var whole = isFinal ? data.Length : data.LastIndexOfAny(Cr, Lf) + 1;
        var isClean = start >= whole || (Utf8.IsValid(data[start..whole]) && !data[start..whole].Contains((byte)0));
        while (start < data.Length)
        {
            var taken = isPassing ? Pass(data[start..]) : CutRecord(data[start..], isFinal, isClean);
            if (taken == 0)
                break;
            start += taken;
        }

        return start;
    }

    public void Complete() { }

    /// <summary>
    /// Takes one record, or one line of what is none. Returns the bytes taken; 0 when there are not enough yet.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CutRecord(ReadOnlySpan<byte> data, bool isFinal, bool isClean)
    {
        if (comment.Length > 0 && data[0] == comment[0] && line > suspectUntil)
        {
            if (data.StartsWith(comment))
                return SkipLine(data, isFinal);
            if (!isFinal && data.Length < comment.Length)
                return 0;
        }

        var extent = scanner.Scan(data, isFinal);
        var isOver =
            (extent.End is CsvEnd.Incomplete or CsvEnd.OpenQuote ? data.Length : extent.Length) > limits.MaxRecordBytes;
        switch (extent.End)
        {
            case var _ when isOver && IsTable:
                rejects.Add(line, $"a row of more than max_record_bytes ({limits.MaxRecordBytes})", data);
                isPassing = true;
                return Pass(data);
            case var _ when isOver:
                return RejectLine(
                    data,
                    isFinal,
                    $"a quote is opened and not closed within max_record_bytes ({limits.MaxRecordBytes})"
                );
            case CsvEnd.Incomplete:
                return 0;
            case CsvEnd.TextAfterQuote:
                return RejectLine(data, isFinal, "text follows a closing quote", line + extent.InnerLines);
            case CsvEnd.OpenQuote:
                return RejectLine(data, isFinal, "a quote is opened and never closed");
        }

        var record = data[..extent.Length];
        if (columns is null)
        {
            if (record.Length == 0 ? IsBlankSkipped() : StartsTable(record, extent))
            {
                line += extent.InnerLines + 1;
                return extent.Next;
            }

            scanner.Scan(data, isFinal); // where the fields of this first row start is asked only now
        }

        var expected = columns!.Length;
        if (extent.Fields != expected)
        {
            if (record.Length > 0)
                rejects.Add(line, beginning.Misfit(line, extent.Fields, expected, record, dialect), record);
        }
        else if (!isClean && FaultOf(record) is { } fault)
            rejects.Add(line, fault, record);
        else if (!extent.IsPlain && line <= suspectUntil)
            rejects.Add(line, "a quote within a field, after a line with an open quote", record);
        else
        {
            var segment = rows.Begin(line, record, scanner.Starts);
            if (fields.IsCanonical && extent.IsPlain)
                segment.Write(record);
            else
                fields.Write(record, segment);
            rows.End();
        }

        line += extent.InnerLines + 1;
        return extent.Next;
    }

    /// <summary>Takes a line that is no record; 0 when its end is not there yet.</summary>
    private int SkipLine(ReadOnlySpan<byte> data, bool isFinal)
    {
        var next = LineEnd(data, isFinal, out var length);
        if (length > limits.MaxRecordBytes)
            throw Error.LimitPassed(
                source,
                "max_record_bytes",
                limits.MaxRecordBytes,
                $"a line of {length} bytes or more",
                line
            );
        if (next < 0)
            return 0;
        line++;
        return next;
    }

    // The line counts among those that are skipped, and is none of them when none is.
    private void Separate(char delimiter)
    {
        skip = Math.Max(skip, 1);
        if (dialect.Sep == SepLine.Skipped || delimiter == dialect.Quote)
            return;
        dialect = dialect with { Delimiter = delimiter };
        scanner = new CsvScanner(dialect);
        fields = new CsvFields(dialect, scanner);
    }

    /// <summary>
    /// Rejects the line at which a record with an unmatched quote starts, and only that line: the next one may be a
    /// good record. It cannot go wrong often enough to be slow: a scan from a stray quote ends at the next one.
    /// </summary>
    private int RejectLine(ReadOnlySpan<byte> data, bool isFinal, string reason, long suspect = 0)
    {
        var next = LineEnd(data, isFinal, out var length);
        if (length > limits.MaxRecordBytes || (next < 0 && data.Length > limits.MaxRecordBytes))
            throw Error.LimitPassed(
                source,
                "max_record_bytes",
                limits.MaxRecordBytes,
                $"a line of {(next < 0 ? $"more than {data.Length}" : length)} bytes",
                line
            );
        if (next < 0)
            return 0;
        if (columns is null && dialect.Header)
            throw Error.Corrupt(source, $"The header cannot be read ({reason})").With("line", line);
        rejects.Add(line, reason, data[..length]);

        // A line inside what was meant as one quoted field must not pass as a record of its own because of a quote in
        // it.
        suspectUntil = Math.Max(suspectUntil, suspect);
        line++;
        return next;
    }

    // To the end of a record that was set aside, of which not all may be there yet.
    private int Pass(ReadOnlySpan<byte> data)
    {
        for (var taken = 0; data[taken..].IndexOfAny((byte)'"', Lf) is >= 0 and var at; )
        {
            taken += at + 1;
            if (data[taken - 1] == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted)
            {
                isPassing = false;
                line++;
                return taken;
            }
        }

        return data.Length;
    }

    /// <summary>The bytes up to the next line, its end included; -1 when the end is not there yet.</summary>
    private static int LineEnd(ReadOnlySpan<byte> data, bool isFinal, out int length)
    {
        length = data.IndexOfAny(Cr, Lf);
        if (length >= 0)
            return CsvScanner.AfterLine(data, length, isFinal);
        length = data.Length;
        return isFinal ? data.Length : -1;
    }

    /// <summary>A blank line before the columns are known is a record only where one column is declared.</summary>
    private bool IsBlankSkipped()
    {
        if (!dialect.Header && declared is { Count: 1 })
            Know([new StagedColumn(declared[0])]);
        return columns is null;
    }

    /// <summary>Learns the columns from the first record; true when it is a header and not a row.</summary>
    private bool StartsTable(ReadOnlySpan<byte> record, CsvExtent extent)
    {
        if (extent.Fields > limits.MaxColumns)
            throw Error.LimitPassed(source, "max_columns", limits.MaxColumns, $"{extent.Fields} columns", line);
        if (!dialect.Header)
        {
            Know(
                dialect.Leading is { } leading && declared is { Count: > 0 } ? Led(leading, declared, extent.Fields)
                : declared is { Count: > 0 } ? [.. declared.Select(name => new StagedColumn(name))]
                : [.. Enumerable.Range(1, extent.Fields).Select(number => new StagedColumn($"col_{number}"))]
            );
            return false;
        }

        if (FaultOf(record) is { } fault)
            throw Error.Corrupt(source, $"The header is no text ({fault})").With("line", line);
        var names = fields.Read(record);
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < names.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(names[i]))
                throw Error.EmptyColumn(source, i + 1, line, line + extent.InnerLines, IsHidden ? [] : names);
            if (names[i].Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')))
                throw Error.Corrupt(source, "The header is no text (it has control characters)").With("line", line);
            if (!seen.TryAdd(names[i], names[i]))
                throw Error.DuplicateColumn(source, Shown(seen[names[i]]), Shown(names[i]), line);
        }

        beginning.Line = line;
        Know([.. names.Select(name => new StagedColumn(name))]);
        return true;
    }

    private StagedColumn[] Led(string leading, IReadOnlyList<string> names, int fields) =>
        fields == names.Count ? [.. names.Select(name => new StagedColumn(name))]
        : fields == names.Count + 1 ? [new StagedColumn(leading), .. names.Select(name => new StagedColumn(name))]
        : throw Error.NoChangeFile(source, leading, names, fields, line);

    private string Shown(string name) => IsHidden ? Mask.Shown : name;

    private void Know(StagedColumn[] found)
    {
        columns = found;
        if (digests?.SetLayout(found, dialect) is { Length: > 0 } keys)
            scanner.Starts = new int[keys.Max() + 2];
    }

    private static string? FaultOf(ReadOnlySpan<byte> record)
    {
        var where = record.ContainsAny(Cr, Lf) ? "record" : "line";
        var nul = record.IndexOf((byte)0);
        if (nul >= 0)
            return $"a NUL byte at byte {nul + 1} of the {where}";
        if (Utf8.IsValid(record))
            return null;
        var at = 0;
        while (Rune.DecodeFromUtf8(record[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return $"not valid UTF-8 at byte {at + 1} of the {where}";
    }
}
