namespace Headrace;

/// <summary>
/// The columns that a change set brings and those that its target has, matched by name without regard to case.
/// Files that break the flow's rules on columns are refused; the others are not held up.
/// </summary>
public sealed partial class TableShape
{
    private readonly ChangeSet changes;
    private readonly List<ShapeColumn> columns = [];
    private readonly bool isNew;

    /// <param name="read">The columns of a file whose footer knows them (Parquet).</param>
    /// <exception cref="HeadraceException">HDR-327 when the target computes a column of the key.</exception>
    public TableShape(ChangeSet changes, Func<StagedFile, IReadOnlyList<StagedColumn>> read)
    {
        this.changes = changes;
        if (changes.Rules.PrimaryKey.FirstOrDefault(IsComputed) is { } key)
            throw Error.KeyIsComputed(changes.Target, key);
        isNew = changes.From.Table is null;
        Seed();
        var fixedColumns = columns.Count;
        var matched = new List<(StagedFile File, IReadOnlyList<StagedColumn> Columns)>();
        foreach (var file in changes.Files)
        {
            IReadOnlyList<StagedColumn> found;
            try
            {
                found = file.IsParquet ? read(file) : file.Columns;
            }
            catch (HeadraceException unreadable)
            {
                Refused.Add(
                    new FileNote(
                        file.File,
                        file.Sha256,
                        changes.Action,
                        FileOutcome.Refused,
                        unreadable.What,
                        unreadable
                    )
                );
                continue;
            }

            // The first file of a new table sets what the others are compared with.
            var known = fixedColumns > 0 ? columns.Take(fixedColumns).ToList() : columns.ToList();
            if (found.Count > 0 && Check(file, found, known) is { } error)
            {
                Refused.Add(
                    new FileNote(file.File, file.Sha256, changes.Action, FileOutcome.Refused, error.What, error)
                );
                continue;
            }

            Extend(found);
            matched.Add((file, found));
        }

        if (!AreThere(matched) || !AreMasked(matched))
            matched.Clear();
        foreach (var (name, fact) in EventFacts.Columns(changes))
            columns.Add(
                new ShapeColumn(
                    name,
                    ColumnType.Text,
                    true,
                    changes.From.Table?.Any(column => Same(column.Name, name)) != true
                )
                {
                    Fact = fact,
                }
            );

        foreach (var (file, found) in matched)
            Files.Add(
                new ShapedFile(
                    file,
                    found,
                    [
                        .. columns.Select(column =>
                            column.Fact is null && !IsMade(column.Name) ? IndexOf(found, Source(column.Name)) : -1
                        ),
                    ]
                )
            );
        Warn();
        WarnOfHeaders();
    }

    /// <summary>The target's columns in order, new ones last.</summary>
    public IReadOnlyList<ShapeColumn> Columns => columns;

    public List<ShapedFile> Files { get; } = [];

    public List<FileNote> Refused { get; } = [];

    /// <summary>What rows must meet beyond their types, or are set aside; settled once, after the types.</summary>
    public IReadOnlyList<Checks.RowCondition> Conditions { get; set; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>
    /// True when the table has to be created. Without a row or a declared column there are no types to create it with.
    /// </summary>
    public bool IsNew =>
        isNew
        && columns.Count > 0
        && (
            changes.Rules.Columns.Count > 0
            || changes.From.Schema is not null
            || Files.Exists(file => file.File.Records != 0)
        );

    /// <summary>True when the table is there, or will be.</summary>
    public bool HasTable => !isNew || IsNew;

    /// <summary>Columns that are made by expressions, and what the engine understood; once it has looked.</summary>
    public Dictionary<int, EngineExpression> Made { get; } = [];

    /// <summary>The condition of rows that are wanted, once the engine has looked; null for all rows.</summary>
    public EngineExpression? Wanted { get; set; }

    /// <summary>What the flow says of a column; null when it is not listed.</summary>
    public DeclaredColumn? Listed(int column) => Declared(columns[column].Name);

    /// <summary>True when some file brings the column.</summary>
    public bool Brings(int column) => Files.Exists(file => Brings(file, column));

    /// <summary>True when a file brings the column, or it is made of those that the file brings.</summary>
    public bool Brings(ShapedFile file, int column) =>
        file.Indexes[column] >= 0 || columns[column].Fact is not null || IsMade(columns[column].Name);

    /// <summary>True when a file's rows get a value for the column; else the table's default is theirs.</summary>
    public bool Fills(ShapedFile file, int column) => Brings(file, column) || Listed(column) is { Default: not null };

    /// <summary>True for a column by which rows are told apart.</summary>
    public bool IsKey(int column) =>
        changes.Rules.PrimaryKey.Contains(columns[column].Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The place of a target column; -1 when there is none of this name.</summary>
    public int IndexOf(string name) => columns.FindIndex(column => Same(column.Name, name));

    // No column of the target: what the operation is called in the files.
    private bool IsOperation(string source) =>
        (changes.Rules.Events?.Operation is { } operation && Same(operation, source))
        || (changes.Rules.Events?.Envelope is not null && source.StartsWith(Envelope.Aside, StringComparison.Ordinal));

    private bool IsComputed(string name) => changes.From.Computed.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Gives a column the type that was inferred for it.</summary>
    public void Settle(int column, ColumnType type) => columns[column] = columns[column] with { Type = type };

    private void Seed()
    {
        var known = changes.From.Table ?? changes.From.Schema?.Document.Columns;
        if (known is not null)
            foreach (
                var column in known.Where(column =>
                    !changes.Rules.IsOwn(column.Name) && EventFacts.Of(changes, column) is null
                )
            )
                columns.Add(
                    new ShapeColumn(
                        column.Name,
                        column.Type,
                        column.Nullable && (Declared(column.Name)?.Nullable ?? true),
                        isNew,
                        column.HasDefault,
                        column.Length
                    )
                    {
                        IsKept = changes.From.Schema is null && Declared(column.Name) is null or { Type: null },
                    }
                );
        if (changes.From.Schema is not null)
            return;
        foreach (var column in changes.Rules.Columns)
            if (!columns.Exists(seen => Same(seen.Name, column.Name)) && !IsComputed(column.Name))
                columns.Add(
                    new ShapeColumn(column.Name, column.Type ?? Masked(column.From), column.Nullable, IsNew: true)
                    {
                        IsKept = column.IsInferred,
                    }
                );
    }

    private HeadraceException? Check(StagedFile file, IReadOnlyList<StagedColumn> found, List<ShapeColumn> known)
    {
        var source = file.File.Key;
        var names = found.Select(column => column.Name).ToList();
        var missing = known
            .Where(column => !IsMade(column.Name) && IndexOf(found, Source(column.Name)) < 0)
            .Select(column => column.Name)
            .ToList();
        var added = file.Added.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        bool IsAdded(ShapeColumn column) => added.Contains(Source(column.Name)) || IsMade(column.Name);

        // What the flow adds it wants; only a table that is there may be frozen.
        var extra = names
            .Where(name =>
                !IsOperation(name)
                && !known.Exists(column => Same(Source(column.Name), name))
                && !IsComputed(Target(name))
                && !IsDropped(name)
            )
            .Where(name =>
                !added.Contains(name)
                || (!isNew && changes.Rules.SchemaChanges == SchemaChanges.Freeze && changes.From.Schema is null)
            )
            .ToList();

        if (new MaskedColumns(changes).Refusal(file, names, known) is { } unmasked)
            return unmasked;
        if (file.Masks.Any(mask => !names.Contains(mask.Column, StringComparer.OrdinalIgnoreCase)) && !file.IsJson)
            names = []; // what stands where the names should may be values
        if (found.FirstOrDefault(column => !column.IsAdded && added.Contains(column.Name)) is { } twice)
            return Error.AddedColumnTaken(source, twice.Name);
        if (Renamed(names) is { } clash)
            return Error.ColumnClash(source, clash.Name, clash.From);
        if (changes.From.Schema is { } schema)
            return missing.Count + extra.Count == 0 ? null : Error.ColumnsDiffer(source, schema.Document, names);
        if (known.Exists(column => !IsAdded(column)) && missing.Count == known.Count(column => !IsAdded(column)))
            return Error.HeaderMismatch(source, [.. known.Select(column => Source(column.Name))], names);
        foreach (var key in changes.Rules.PrimaryKey)
            if (!IsMade(key) && IndexOf(found, Source(key)) < 0)
                return Error.KeyMissing(source, key, names);
        var isFrozen = changes.Rules.SchemaChanges == SchemaChanges.Freeze;
        if (changes.Rules.Snapshot is { MissingColumns: MissingColumns.Stop } && missing.Count > 0)
            return Error.ColumnGoneFromExport(source, missing[0], names);
        if (isFrozen && missing.Count > 0)
            return Error.ColumnGone(source, missing[0], names);
        return (isFrozen || !changes.Rules.Infer) && extra.Count > 0 && known.Count > 0
            ? Error.ColumnNew(source, extra[0], known.Select(column => column.Name))
            : null;
    }

    /// <summary>
    /// Sees whether each declared column that the table does not have is in some file: a name that none has is a slip
    /// of the pen far more often than a column that is to come. False, with all files refused, when one is not.
    /// </summary>
    private bool AreThere(List<(StagedFile File, IReadOnlyList<StagedColumn> Columns)> matched)
    {
        var found = matched
            .SelectMany(file => file.Columns)
            .Select(column => column.Name)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (found.Count == 0 || changes.From.Schema is not null || changes.Cursor is not null)
            return true;
        foreach (var column in columns.Where(column => column.IsNew && Declared(column.Name) is { Expression: null }))
        {
            var declared = Declared(column.Name)!;
            if (found.Exists(name => Same(name, declared.From)))
                continue;

            // Objects bring what they have.
            var near = Configuration.Binding.Suggestion.For(
                declared.From,
                found.Where(name => !changes.Rules.Columns.Any(other => Same(other.From, name)))
            );
            if (
                !declared.IsOptional
                && changes.Rules.Snapshot?.MissingColumns != MissingColumns.Allow
                && (near is not null || changes.Format.Kind != FormatKind.Jsonl)
            )
            {
                foreach (var (file, names) in matched)
                {
                    var error = Error.ColumnNeverThere(
                        file.File.Key,
                        declared.From,
                        near,
                        [.. names.Select(name => name.Name)]
                    );
                    Refused.Add(
                        new FileNote(file.File, file.Sha256, changes.Action, FileOutcome.Refused, error.What, error)
                    );
                }

                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A declared column that takes its values from one column of the file while another one has its name.
    /// </summary>
    private DeclaredColumn? Renamed(List<string> names) =>
        changes.Rules.Columns.FirstOrDefault(column =>
            column.Expression is null
            && !Same(column.Name, column.From)
            && !IsDropped(column.Name)
            && names.Exists(name => Same(name, column.Name))
            && !changes.Rules.Columns.Any(other => Same(other.From, column.Name))
        );

    private void Extend(IReadOnlyList<StagedColumn> found)
    {
        foreach (var column in found)
            if (
                !columns.Exists(seen => Same(Source(seen.Name), column.Name))
                && !IsComputed(Target(column.Name))
                && !IsDropped(column.Name)
                && !IsOperation(column.Name)
            )
                columns.Add(new ShapeColumn(column.Name, Masked(column.Name), true, IsNew: true));
    }

    private DeclaredColumn? Declared(string name) =>
        changes.Rules.Columns.FirstOrDefault(column => Same(column.Name, name));

    private bool IsMade(string name) => Declared(name) is { Expression: not null };

    private bool IsDropped(string source) => changes.Rules.Dropped.Any(column => Same(column.From, source));

    /// <summary>The name in the file of a target column.</summary>
    private string Source(string name) => Declared(name)?.From ?? name;

    /// <summary>The name in the target of a file's column.</summary>
    private string Target(string source) =>
        changes.Rules.Columns.FirstOrDefault(column => Same(column.From, source))?.Name ?? source;

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static int IndexOf(IReadOnlyList<StagedColumn> columns, string name)
    {
        for (var i = 0; i < columns.Count; i++)
            if (Same(columns[i].Name, name))
                return i;
        return -1;
    }
}
