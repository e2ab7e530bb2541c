namespace Headrace;

/// <summary>
/// A lake file copied into the spool: verified, decompressed and in one form, so that an engine can read it in
/// parallel and nothing can change underneath. Text formats become segments; Parquet stays Parquet.
/// </summary>
/// <remarks>
/// A segment is UTF-8 CSV without a header: <c>,</c> between fields, <c>"</c> around and doubled, LF after each record,
/// NULL where a field is unquoted and empty. Its first field is the line (for JSON and Parquet the row) of the record
/// in the source file, counted from 1; then one field for each of <see cref="Columns"/>, in that order.
/// </remarks>
public sealed record StagedFile
{
    public required LakeFile File { get; init; }

    /// <summary>SHA-256 of the stored bytes, lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes after decompression.</summary>
    public required long Bytes { get; init; }

    /// <summary>
    /// Records that the segments hold; -1 for Parquet, whose records the engine counts, and while rows arrive.
    /// </summary>
    public required long Records { get; init; }

    /// <summary>
    /// The columns of the file in file order; empty for Parquet, whose footer knows them, and for a file without a
    /// record.
    /// </summary>
    public required IReadOnlyList<StagedColumn> Columns { get; init; }

    /// <summary>
    /// Columns that the flow adds, with one value for all rows of the file; they are the last of <see cref="Columns"/>,
    /// where those are known.
    /// </summary>
    public IReadOnlyList<StagedColumn> Added { get; init; } = [];

    /// <summary>Absolute paths of the segments in order, or of the one Parquet file.</summary>
    public required IReadOnlyList<string> Segments { get; init; }

    public bool IsParquet { get; init; }

    /// <summary>Of a file of transactions how many records it has of each other table.</summary>
    public IReadOnlyDictionary<string, long> Others { get; init; } = new Dictionary<string, long>();

    /// <summary>
    /// Of a file of changes its place among others, as a text that sorts; empty for a file of the first copy, which
    /// comes before all; null for files of other flows.
    /// </summary>
    public string? Place { get; init; }

    /// <summary>How its objects hold the rows; null where they are the rows.</summary>
    public Envelope? Envelope { get; init; }

    /// <summary>
    /// What the footer of a Parquet file says beyond what an engine reads of it; null for Parquet of Headrace's own
    /// making.
    /// </summary>
    public Staging.ParquetSchema? Parquet { get; init; }

    /// <summary>
    /// True when some field may be an empty text that is NULL in a column of a type without an empty value (CSV).
    /// </summary>
    public bool HasEmptyTexts { get; init; }

    /// <summary>True for JSON lines and JSON arrays.</summary>
    public bool IsJson { get; init; }

    /// <summary>
    /// True when nothing is in the file where a header or a document is due: it cannot be told from one that was never
    /// written.
    /// </summary>
    public bool IsBlank { get; init; }

    /// <summary>The same with columns that the flow adds.</summary>
    public StagedFile With(IReadOnlyList<StagedColumn> added) =>
        added.Count == 0
            ? this
            : this with
            {
                Added = added,
                Columns = Columns.Count == 0 ? Columns : [.. Columns, .. added],
            };

    /// <summary>
    /// Masks of its columns. What is staged is as it came then, and who reads it masks it; so it lies in files that
    /// have no name any more (<see cref="Staging.Unlinked"/>), and <see cref="Rejects"/> holds no text of a record.
    /// </summary>
    public IReadOnlyList<Mask> Masks { get; init; } = [];

    /// <summary>The mask of a column; null when it has none.</summary>
    public Mask? MaskOf(StagedColumn column) =>
        column.IsAdded ? null : Masks.FirstOrDefault(mask => mask.Hides(column.Name));

    /// <summary>
    /// True for rows as PostgreSQL's COPY writes them with FORMAT binary, in one file; for warehouses that say they
    /// take them.
    /// </summary>
    public bool IsBinary { get; init; }

    /// <summary>For binary rows how they arrive, or arrived; else null.</summary>
    public Staging.RowStream? Stream { get; init; }

    /// <summary>Bytes of the longest record in the segments.</summary>
    public long LongestRecord { get; init; }

    /// <summary>
    /// Records that are no rows (ragged, not UTF-8, an open quote, a duplicate property): a segment file with the
    /// fields line, reason, raw text. Null when there are none.
    /// </summary>
    public string? Rejects { get; init; }

    public long RejectCount { get; init; }

    /// <summary>
    /// The character between the fields of a CSV file, which the file itself may have said; null for other formats.
    /// </summary>
    public char? Delimiter { get; init; }

    /// <summary>
    /// What the flow may have to say, when most of the file's records do not fit its first one; null for nothing.
    /// </summary>
    public string? Hint { get; init; }

    /// <summary>
    /// Where the digests of the records are (<see cref="Staging.RowDigests"/>); null when there are none.
    /// </summary>
    public string? Digests { get; init; }

    /// <summary>
    /// True when each record of the segments has its digest in two signed fields (the high and the low 64 bits) behind
    /// the line.
    /// </summary>
    public bool HasInlineDigests { get; init; }
}

/// <summary>A column as a file brings it.</summary>
/// <param name="Name">As in the file, or as declared for a file without a header.</param>
/// <param name="IsText">True when some value was a quoted JSON string, so that digits in it are not a number.</param>
/// <param name="IsJson">True when some value was a JSON object or array.</param>
/// <param name="ParquetType">The engine's name of the type of a Parquet column.</param>
/// <param name="Written">The type that a database has for it, when each of its values is one of that type, or one of
/// those beyond it that <see cref="TypeKind"/> does not have (NaN, infinity, a year that has not four digits, 24:00);
/// null when nobody
/// says.</param>
/// <param name="IsNotNull">True when a database keeps NULL out of it.</param>
public sealed record StagedColumn(
    string Name,
    bool IsText = false,
    bool IsJson = false,
    string? ParquetType = null,
    ColumnType? Written = null,
    bool IsNotNull = false
)
{
    /// <summary>
    /// For a column of Parquet how the engine reads it, in its SQL; null for the column itself.
    /// </summary>
    public string? Read { get; init; }

    /// <summary>
    /// The type that the file gives to a Parquet column, where the engine reads another one; a value that does not fit
    /// it is bad.
    /// </summary>
    public ColumnType? Holds { get; init; }

    /// <summary>True for a column that is not in the file: each of its rows has <see cref="Value"/>.</summary>
    public bool IsAdded { get; init; }

    /// <summary>
    /// For an added column its value as text, written as in ISO 8601 and with a point; null for NULL.
    /// </summary>
    public string? Value { get; init; }
}
