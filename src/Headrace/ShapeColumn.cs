namespace Headrace;

/// <summary>A target column and where each file has it.</summary>
/// <param name="Name">In the target, as the target spells it.</param>
/// <param name="Type">Null until it is inferred.</param>
/// <param name="IsNew">The target lacks it.</param>
/// <param name="Length">The most characters that a text may have in it; null for any number.</param>
public sealed record ShapeColumn(
    string Name,
    ColumnType? Type,
    bool Nullable,
    bool IsNew,
    bool HasDefault = false,
    int? Length = null
)
{
    /// <summary>What of a change the column holds; null for a column of the files.</summary>
    public EventFact? Fact { get; init; }

    /// <summary>
    /// True when the table has the type and nobody declared it: a value that the type would change is bad.
    /// </summary>
    public bool IsKept { get; init; }
}
