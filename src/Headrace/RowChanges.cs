namespace Headrace;

/// <summary>Staged rows with what happens to each, found by comparing two exports.</summary>
public sealed record RowChanges
{
    /// <summary>The name of the column that a soft delete sets.</summary>
    public const string DeletedAt = "deleted_at";

    /// <summary>
    /// An absolute path of a Parquet file: <c>op</c> (<c>I</c>, <c>U</c> or <c>D</c>), <c>c0…</c> for
    /// <see cref="Columns"/> in order with their types (of a deleted row only the key), and with before-images
    /// <c>b0…</c> for the same columns. Each key is there once.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>The same as a table of the engine, when the rows are in no file.</summary>
    public string? Relation { get; init; }

    /// <summary>The columns of the new export, those of the one before first.</summary>
    public required IReadOnlyList<Column> Columns { get; init; }

    /// <summary>True when the Parquet file has before-images.</summary>
    public bool HasBefore { get; init; }

    public required long Inserted { get; init; }

    public required long Updated { get; init; }

    public required long Deleted { get; init; }

    public required long Unchanged { get; init; }

    /// <summary>Rows of the export that the flow does not want; they count as not there.</summary>
    public long Filtered { get; init; }

    /// <summary>
    /// Rows for the quarantine, by file: Parquet files with <c>line</c>, <c>column</c>, <c>value</c>, <c>reason</c>,
    /// <c>row</c>.
    /// </summary>
    public IReadOnlyList<BadRowsFile> BadRows { get; init; } = [];

    /// <summary>
    /// Records that each file has, those that are no rows left out; in the order of the change set's files.
    /// </summary>
    public IReadOnlyList<long> Records { get; init; } = [];

    /// <summary>The first bad rows, to be shown.</summary>
    public IReadOnlyList<BadRow> Sample { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// Operations that wait in the outbox to be published once the load is committed; 0 when the flow publishes none.
    /// </summary>
    public long Operations { get; init; }

    public long Quarantined => BadRows.Sum(file => file.Rows);
}

/// <summary>Bad rows of one file of a change set.</summary>
public sealed record BadRowsFile(StagedFile File, string Path, long Rows);

/// <summary>A row of a plan: what would happen to it, column by column.</summary>
/// <param name="Op"><c>INSERT</c>, <c>UPDATE</c> or <c>DELETE</c>.</param>
/// <param name="Columns">For an update the columns that differ; for an insert all that are not NULL; none for a
/// delete.</param>
public sealed record RowChange(
    string Op,
    IReadOnlyDictionary<string, string?> Key,
    IReadOnlyList<ColumnChange> Columns
);

/// <summary>A value before and after.</summary>
public sealed record ColumnChange(string Column, string? Before, string? After);
