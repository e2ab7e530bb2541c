using Headrace.Checks;

namespace Headrace;

/// <summary>
/// The immutable, staged rows between two positions of one dataset, and what they do to its target. Rows stay in
/// files; a warehouse reads them with its own engine.
/// </summary>
public sealed record ChangeSet
{
    /// <summary>The identifier of its load; it is what a commit without an answer is recognised by.</summary>
    public required string Id { get; init; }

    public required Dataset Dataset { get; init; }

    public required TableName Target { get; init; }

    public required Operation Operation { get; init; }

    /// <summary>The position it starts from; a load is refused when the warehouse is no longer there.</summary>
    public required Position From { get; init; }

    /// <summary>The files whose rows are applied, in the order in which later rows win.</summary>
    public IReadOnlyList<StagedFile> Files { get; init; } = [];

    public required FileFormat Format { get; init; }

    /// <summary>For <see cref="Operation.Schema"/> the document and the file that brings it.</summary>
    public (SchemaDocument Document, LakeFile File, string Sha256)? Schema { get; init; }

    /// <summary>For <see cref="Operation.Changes"/> what happens to each row.</summary>
    public RowChanges? Rows { get; init; }

    /// <summary>For a model the query that makes its rows in the warehouse; there are no files then.</summary>
    public Models.ModelQuery? Model { get; init; }

    /// <summary>True when an engine types rows of files for it.</summary>
    public bool HasFiles => Operation != Operation.Schema && Model is null;

    /// <summary>True when the table may be gone that earlier loads made: it is made anew.</summary>
    public bool MakesTable => Schema is not null || (Model is not null && Operation == Operation.Replace);

    /// <summary>
    /// The columns of <see cref="Rows"/> that are written, with their places among all: the target computes the others.
    /// </summary>
    public IEnumerable<(Column Column, int Place)> Written =>
        Rows!
            .Columns.Select((column, i) => (column, i))
            .Where(one => !From.Computed.Contains(one.column.Name, StringComparer.OrdinalIgnoreCase));

    /// <summary>For an export of a snapshot its version.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// For rows of a table how far it has been read with this change set; its files are no lake files then.
    /// </summary>
    public string? Cursor { get; init; }

    /// <summary>
    /// Keys of files whose earlier versions this takes the place of: their bad rows wait no more, and the table is not
    /// made of them.
    /// </summary>
    public IReadOnlyList<string> Again { get; init; } = [];

    public required LoadRules Rules { get; init; }

    /// <summary>What the warehouse asks of values beyond their types; null for nothing.</summary>
    public ValueLimits? Limits { get; init; }

    /// <summary>
    /// Files of this machine without which the load must not be committed: what it publishes, what it remembers, what
    /// it has archived. Who
    /// clears up removes them only while nothing commits (<see cref="IWarehouse.WhileNothingCommitsAsync"/>).
    /// </summary>
    public IReadOnlyList<string> Kept { get; init; } = [];

    /// <summary>Says which of <see cref="Kept"/> is gone from where it outlives this machine; null for none.</summary>
    public Func<CancellationToken, Task<string?>>? MissingElsewhere { get; init; }

    /// <summary>What the ledger of files calls it: <c>load</c>, or the drop folder's action.</summary>
    public string Action { get; init; } = "load";

    /// <summary>
    /// True when its rows take the place of all that the target and the memory of it hold: a second full load.
    /// </summary>
    public bool IsRebuilt { get; init; }

    /// <summary>The numbers of the rows of the quarantine that it loads after all; null for rows of a source.</summary>
    public IReadOnlyList<long>? Released { get; init; }

    /// <summary>True for the changes that a comparison found and that go to a history.</summary>
    public bool IsComparedHistory => Operation == Operation.Changes && Rules.Events?.History is not null;

    /// <summary>The columns that its rows bring: those of the files, or those of the comparison.</summary>
    /// <param name="shape">Null for a comparison.</param>
    public IReadOnlyList<ShapeColumn> BroughtBy(TableShape? shape) =>
        shape?.Columns
        ?? [.. Rows!.Columns.Select(column => new ShapeColumn(column.Name, column.Type, column.Nullable, false))];

    /// <summary>Decompressed bytes of all files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>
    /// Sees to it that <see cref="Kept"/> is there. A load asks behind its fence, where nobody clears up any more.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-335.</exception>
    public async Task AssertKeptAsync(CancellationToken cancel)
    {
        if (
            (
                Kept.FirstOrDefault(file => !File.Exists(file))
                ?? (MissingElsewhere is null ? null : await MissingElsewhere(cancel))
            ) is
            { } missing
        )
            throw Error.KeptFileGone(Dataset.Name, missing);
    }
}

/// <summary>What a flow says about loading; the same for each of its change sets.</summary>
public sealed record LoadRules
{
    /// <summary>Columns the user declared, in order; types are inferred where they are null.</summary>
    public IReadOnlyList<DeclaredColumn> Columns { get; init; } = [];

    /// <summary>Columns that the flow adds to its files, by their names among those of a file.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Columns of the source that do not go to the target.</summary>
    public IReadOnlyList<DeclaredColumn> Dropped { get; init; } = [];

    /// <summary>The masks, by the columns of the source.</summary>
    public IReadOnlyList<Mask> Masks { get; init; } = [];

    /// <summary>The condition of rows that are wanted, in the engine's SQL; null for all rows.</summary>
    public string? Where { get; init; }

    public IReadOnlyList<string> PrimaryKey { get; init; } = [];

    /// <summary>The column of the target that changes whenever its row does; null when nobody names one.</summary>
    public string? UpdateKey { get; init; }

    /// <summary>True when the source itself sees to it that no two rows have one key.</summary>
    public bool HasUniqueKeys { get; init; }

    /// <summary>False: a table without a schema document and without declared columns is refused.</summary>
    public bool Infer { get; init; } = true;

    public SchemaChanges SchemaChanges { get; init; } = SchemaChanges.Evolve;

    public OnFail OnFail { get; init; } = OnFail.Quarantine;

    /// <summary>The share of bad rows (0 to 1) above which a batch stops; null for any.</summary>
    public double? Allow { get; init; }

    /// <summary>What must hold for the rows, and for the table once they are in it.</summary>
    public IReadOnlyList<Check> Checks { get; init; } = [];

    /// <summary>The least rows that may replace a table that has rows, and the least rows of an export.</summary>
    public long MinRows { get; init; } = 1;

    /// <summary>
    /// How a table that is made is distributed, where that can be said: a word or a column; null for what the warehouse
    /// chooses.
    /// </summary>
    public string? Distribution { get; init; }

    /// <summary>
    /// The columns by which a table that is made is sorted, where that can be said; empty for what the warehouse
    /// chooses.
    /// </summary>
    public IReadOnlyList<string> Sort { get; init; } = [];

    /// <summary>What a flow says about rows that are changes of rows; null for other flows.</summary>
    public EventRules? Events { get; init; }

    /// <summary>What a snapshot flow says about comparing exports; null for other flows.</summary>
    public SnapshotRules? Snapshot { get; init; }

    /// <summary>True for a column of the target that Headrace itself fills: no source brings it.</summary>
    public bool IsOwn(string column) =>
        Events?.Own.Contains(column, StringComparer.OrdinalIgnoreCase) == true
        || (
            Snapshot is { Deletes: Deletes.Soft }
            && Events is null
            && column.Equals(RowChanges.DeletedAt, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>What is made of rows whose columns have these types, and nothing else.</summary>
    public LoadRules Shaping(IReadOnlyList<DeclaredColumn> columns) =>
        new()
        {
            Columns =
            [
                .. columns.Select(column =>
                    Columns.FirstOrDefault(one => one.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
                        is { } said
                        ? said with
                        {
                            Name = column.Name,
                            Type = column.Type,
                            Nullable = column.Nullable,
                            IsInferred = column.IsInferred,
                        }
                        : column
                ),
            ],
            Dropped = Dropped,
            Masks = Masks,
            Where = Where,
        };
}

/// <summary>What a flow says about comparing two exports.</summary>
public sealed record SnapshotRules
{
    /// <summary>The columns by which rows are compared; empty for all.</summary>
    public IReadOnlyList<string> Compare { get; init; } = [];

    public Deletes Deletes { get; init; }

    public MissingColumns MissingColumns { get; init; }

    /// <summary>
    /// The largest share (0 to 1) of the rows before that may go; null for half of them where that is more than a
    /// hundred.
    /// </summary>
    public double? MaxDeleted { get; init; }

    /// <summary>The largest share (0 to 1) of the rows before that may be updated or go; null for any.</summary>
    public double? MaxChanged { get; init; }

    /// <summary>Operations are published.</summary>
    public bool Publishes { get; init; }

    /// <summary>Operations carry the row as it was before.</summary>
    public bool Before { get; init; }
}

/// <summary>
/// What a warehouse asks of a value beyond its type: a condition in the engine's SQL that is never NULL for a value,
/// and what to say of a value that does not meet it. Null for nothing.
/// </summary>
/// <param name="column">The target's column.</param>
/// <param name="isParquet">The file may hold texts that a text file cannot.</param>
/// <param name="value">The value in the engine's SQL.</param>
public delegate (string Fits, string Reason)? ValueLimits(ShapeColumn column, bool isParquet, string value);

/// <summary>A column of the configuration: the name in the target, the name in the file, the type.</summary>
public sealed record DeclaredColumn(string Name, string From, ColumnType? Type, bool Nullable = true)
{
    /// <summary>True for a type that a table has and nobody declared.</summary>
    public bool IsInferred { get; init; }

    /// <summary>Files may lack it from the start.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The type of its values as they come, where a mask makes texts of them; else null.</summary>
    public ColumnType? Came { get; init; }

    /// <summary>What it is made of, in the engine's SQL over the row; null for a column of files.</summary>
    public string? Expression { get; init; }

    /// <summary>The value instead of NULL, as text; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>For a number that is a time what it counts.</summary>
    public TimeUnit? Unit { get; init; }
}
