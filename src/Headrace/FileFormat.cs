namespace Headrace;

/// <summary>How the bytes of a lake file are to be read.</summary>
public enum FormatKind
{
    Csv,
    Jsonl,
    Parquet,

    /// <summary>An export of DynamoDB: JSON lines whose values say their types.</summary>
    DynamodbExport,
}

/// <summary>
/// A file format with its options. Compression (gzip, zstd) is told by the first bytes, never by the name.
/// </summary>
/// <param name="Kind">CSV; JSON lines or one JSON array of objects; Parquet.</param>
/// <param name="Csv">Only for CSV.</param>
public sealed record FileFormat(FormatKind Kind, CsvDialect? Csv = null)
{
    /// <summary>True where a line of JSON that is <c>null</c> is no record, such as a tombstone of a log.</summary>
    public bool SkipsNull { get; init; }

    /// <summary>How objects of JSON hold the rows; null where they are the rows.</summary>
    public Envelope? Envelope { get; init; }

    /// <summary>For an export of DynamoDB what columns take of an item; empty for all attributes.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>
    /// For a file of transactions whose records count, as <c>schema.table</c>; null for files of one table.
    /// </summary>
    public string? Table { get; init; }

    /// <summary>The same with the delimiter that a staged file was read with.</summary>
    public FileFormat Of(StagedFile file) =>
        Csv is not null && file.Delimiter is { } said ? this with { Csv = Csv with { Delimiter = said } } : this;
}

/// <summary>A CSV dialect. Records end with LF, CRLF or CR; a record may span lines inside quotes (RFC 4180).</summary>
public sealed record CsvDialect
{
    /// <summary>One ASCII character between fields.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>One ASCII character around quoted fields; null when the file knows no quotes.</summary>
    public char? Quote { get; init; } = '"';

    /// <summary>The character before a quote that is part of the text; the quote itself when it is doubled.</summary>
    public char Escape { get; init; } = '"';

    /// <summary>Whether the first record holds the column names.</summary>
    public bool Header { get; init; } = true;

    /// <summary>Unquoted fields with one of these texts are NULL.</summary>
    public IReadOnlyList<string> Null { get; init; } = [""];

    /// <summary>
    /// A column that a file without a header may have before the declared ones; any other number of fields refuses it.
    /// Null for none.
    /// </summary>
    public string? Leading { get; init; }

    /// <summary>A name .NET knows, for example utf-8, windows-1252, utf-16.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary>The decimal separator, <c>.</c> or <c>,</c>.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>The format of dates in DuckDB's strptime notation; null for ISO 8601.</summary>
    public string? Date { get; init; }

    /// <summary>The format of timestamps in DuckDB's strptime notation; null for ISO 8601.</summary>
    public string? Timestamp { get; init; }

    /// <summary>Lines before the header (or the first record) that are not data.</summary>
    public int Skip { get; init; }

    /// <summary>Lines that begin with this text are no records; null for none.</summary>
    public string? Comment { get; init; }

    /// <summary>What a first line such as <c>sep=;</c> means, by which spreadsheets tell the delimiter.</summary>
    public SepLine Sep { get; init; }
}

/// <summary>What a first line such as <c>sep=;</c> means.</summary>
public enum SepLine
{
    /// <summary>It is a line like any other.</summary>
    Line,

    /// <summary>It is no record, and says which character is between fields.</summary>
    Obeyed,

    /// <summary>It is no record; which character is between fields is known.</summary>
    Skipped,
}

/// <summary>Bounds on what one dropped file may cost; each is named in the error that it raises.</summary>
public sealed record FileLimits
{
    /// <summary>Decompressed bytes of one file.</summary>
    public long MaxFileBytes { get; init; } = 200L << 30;

    /// <summary>Decompressed bytes for each stored byte, once more than 64 MiB came out.</summary>
    public int MaxRatio { get; init; } = 200;

    /// <summary>Bytes of one record.</summary>
    public int MaxRecordBytes { get; init; } = 32 << 20;

    /// <summary>Columns of one file.</summary>
    public int MaxColumns { get; init; } = 4096;
}
