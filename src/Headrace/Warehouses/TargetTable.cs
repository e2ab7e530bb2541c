namespace Headrace.Warehouses;

/// <summary>A column of a target as its database has it.</summary>
/// <param name="TypeName">As statements write it.</param>
/// <param name="Type">Null for a type that Headrace does not write, or not without a change of its values.</param>
/// <param name="Length">The most characters or bytes of a text or binary value; null for any number.</param>
public sealed record TargetColumn(
    string Name,
    string TypeName,
    ColumnType? Type,
    int? Length,
    bool Nullable,
    bool HasDefault
)
{
    /// <summary>True when the database makes its values; nobody else writes them.</summary>
    public bool IsComputed { get; init; }

    /// <summary>True when the database numbers it, unless an insertion says that it has numbers of its own.</summary>
    public bool IsNumbered { get; init; }
}

/// <summary>A target as its database has it; names are spelled as they are there.</summary>
/// <param name="Name">With the letters that the database has.</param>
public sealed record TargetTable(TableName Name, IReadOnlyList<TargetColumn> Found)
{
    /// <summary>True when triggers or rules of the table may keep rows out.</summary>
    public bool HasTriggers { get; init; }

    /// <summary>The columns whose values the database makes.</summary>
    public IReadOnlyList<string> Computed =>
        [.. Found.Where(column => column.IsComputed).Select(column => column.Name)];

    /// <summary>The columns that take values.</summary>
    public IEnumerable<TargetColumn> Taken => Found.Where(column => !column.IsComputed);

    /// <summary>The columns that take values, by their column types.</summary>
    /// <exception cref="HeadraceException">HDR-307 for a type that has none; HDR-131 for names that differ only in
    /// case.</exception>
    public IReadOnlyList<Column> Columns
    {
        get
        {
            if (
                Found
                    .GroupBy(column => column.Name, StringComparer.OrdinalIgnoreCase)
                    .FirstOrDefault(group => group.Count() > 1) is
                { } twice
            )
                throw Error.DuplicateColumn(Name.ToString(), twice.First().Name, twice.Last().Name, 0);
            return
            [
                .. Taken.Select(column =>
                    column.Type is { } type
                        ? new Column(column.Name, type, column.Nullable, column.HasDefault, column.Length)
                        : throw Error.UnknownTargetType(Name, column.Name, column.TypeName)
                ),
            ];
        }
    }

    /// <summary>The column of that name that takes values, whatever the case; null when there is none.</summary>
    public TargetColumn? Find(string name) => FindAny(name) is { IsComputed: false } column ? column : null;

    /// <summary>The column of that name, whatever the case; null when there is none.</summary>
    public TargetColumn? FindAny(string name) =>
        Found.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The column of that name, which must be there.</summary>
    public TargetColumn The(string name) => Find(name) ?? throw Error.Bug($"the table {Name} lacks the column {name}.");

    public bool IsSame(TargetTable? other) =>
        other is not null && other.Name == Name && other.Found.SequenceEqual(Found);
}
