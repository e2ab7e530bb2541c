namespace Headrace;

/// <summary>
/// A file of a change set, matched to the target: the index of each target column among the file's, or -1.
/// </summary>
public sealed record ShapedFile(StagedFile File, IReadOnlyList<StagedColumn> Columns, IReadOnlyList<int> Indexes)
{
    /// <summary>
    /// True when rows may go into the target as the database of the source writes them: each column has the same type
    /// on both sides.
    /// </summary>
    public bool IsBinaryFit(TableShape shape) =>
        Columns.Select((_, i) => i).All(Indexes.Contains)
        && shape
            .Columns.Select((column, i) => IsSame(column, Indexes[i] < 0 ? null : Columns[Indexes[i]]))
            .All(same => same);

    private static bool IsSame(ShapeColumn target, StagedColumn? source) =>
        source is null
            ? target.Nullable || target.HasDefault
            : source.Written is { } written
                && written == target.Type
                && target.Length is null
                && (target.Nullable || source.IsNotNull);
}
