using Headrace.Staging;

namespace Headrace.Engines;

/// <summary>
/// How an engine writes and reads the CSV that goes to a warehouse and comes from it. A text always stands in quotes.
/// </summary>
/// <param name="Null">What stands for NULL.</param>
/// <param name="BytesPrefix">What a binary value begins with, before its hexadecimal digits.</param>
public sealed record CsvLayout(string Null, string BytesPrefix)
{
    /// <summary>Bytes of the longest text that <c>headrace.quarantine</c> takes; null for any.</summary>
    public int? LongestText { get; init; }
}

/// <summary>A file with rows for a table, as CSV.</summary>
/// <param name="Columns">The names of its columns, unquoted, in order.</param>
/// <param name="Rows">How many; -1 while they arrive.</param>
/// <param name="IsBinary">They are as PostgreSQL writes them for its like, and no CSV.</param>
/// <param name="Stream">For rows of which not all are there yet.</param>
public sealed record RowsFile(
    string Path,
    IReadOnlyList<string> Columns,
    long Rows,
    bool IsBinary = false,
    RowStream? Stream = null
)
{
    /// <summary>Their bytes from the first to the last.</summary>
    public Stream Open() =>
        Stream?.Open() ?? new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
}

/// <summary>Rows that a warehouse wrote as CSV, for an engine to read.</summary>
/// <param name="Columns">Their names and types.</param>
/// <param name="LongestRecord">Bytes of the longest record, or more.</param>
/// <param name="IsGzip">The files are compressed.</param>
public sealed record CsvRows(
    IReadOnlyList<string> Paths,
    IReadOnlyList<Column> Columns,
    CsvLayout Layout,
    long LongestRecord,
    bool IsGzip = false
);
