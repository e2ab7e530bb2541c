namespace Headrace.DuckDb;

/// <summary>
/// The table <c>temp.staged</c>: rows on their way into a target. Its columns are <c>v0…</c>, one for each column of
/// the shape: under the names of a user a column could hide what the statements need, such as <c>rowid</c>.
/// </summary>
internal static class StagedTable
{
    public const string Name = "temp.staged";

    /// <summary>The staged column of a column of the shape.</summary>
    public static string Column(int column) => SnapshotColumns.Text($"v{column}");

    /// <summary>The staged column of the shape's column with this name.</summary>
    public static string Column(TableShape shape, string name) => Column(shape.IndexOf(name));

    /// <summary>
    /// True when no column of the table has the name under which DuckDB numbers rows: it has no other one for that.
    /// </summary>
    public static bool HasRowNumbers(ChangeSet changes, TableShape shape) =>
        !shape
            .Columns.Select(column => column.Name)
            .Concat(changes.From.Computed)
            .Contains("rowid", StringComparer.OrdinalIgnoreCase);
}
