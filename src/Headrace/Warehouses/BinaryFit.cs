namespace Headrace.Warehouses;

/// <summary>
/// Whether rows of a PostgreSQL table may go to a target of PostgreSQL as they are: every column has the same type on
/// both sides, so that no value can be a bad one, and no two rows have one key.
/// </summary>
public static class BinaryFit
{
    /// <summary>True when the rows of a change set may be, or are rightly, staged as PostgreSQL writes them.</summary>
    /// <param name="changes">Its files have their columns; rows are not looked at.</param>
    public static bool Holds(ChangeSet changes)
    {
        if (
            !changes.From.TakesBinary
            || changes.Rules.Checks.Any(check => check.Scope == Checks.CheckScope.Batch) // it looks at their values
            || !(
                changes.Operation is Operation.Append or Operation.Replace
                || (changes.Operation == Operation.Merge && changes.Rules.HasUniqueKeys)
            )
        )
            return false;
        var shape = new TableShape(changes, _ => throw Error.Bug("a Parquet file among the rows of a table."));
        return shape.Refused.Count == 0 && shape.Files.TrueForAll(file => file.IsBinaryFit(shape));
    }
}
