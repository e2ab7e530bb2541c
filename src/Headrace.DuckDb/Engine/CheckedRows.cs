using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// The rows that checks of a batch look at: those of staged files that fit their types, or changed ones.
/// </summary>
/// <param name="Columns">Of the target; a row has them as <c>v0…</c>.</param>
/// <param name="Groups">All rows, in as few parts as statements can read.</param>
/// <param name="Files">All rows, file by file, in the order in which later ones win.</param>
internal sealed record CheckedRows(
    IReadOnlyList<CheckedColumn> Columns,
    IReadOnlyList<CheckedPart> Groups,
    IReadOnlyList<CheckedPart> Files
)
{
    /// <summary>The rows of staged files; the types of <paramref name="shape"/> are settled.</summary>
    public static CheckedRows OfFiles(
        DuckDbConnection db,
        ChangeSet changes,
        TableShape shape,
        CancellationToken cancel
    )
    {
        List<CheckedPart> Parts(IEnumerable<List<ShapedFile>> groups) =>
            [
                .. groups
                    .Select(files => (Rows: new StagedRows(files, shape, changes), files[0].File.File))
                    .Where(one => one.Rows.HasRows)
                    .Select(one => new CheckedPart(one.File, one.Rows.Checked, one.Rows.Shown)),
            ];
        var inputs = new RowInputs(shape, changes.Rules);
        ColumnType? Came(ShapeColumn column, int i) =>
            inputs.Find(column.Name) is { } number && inputs[number].Column == i
                ? inputs.Came(inputs[number])
                : column.Type;
        return new CheckedRows(
            [
                .. shape.Columns.Select(
                    (column, i) => new CheckedColumn(column.Name, Came(column, i), StagedTable.Column(i))
                ),
            ],
            Parts(new GoodRows(db, changes, shape, cancel).Groups()),
            Parts(shape.Files.Select(file => new List<ShapedFile> { file }))
        );
    }

    /// <summary>Rows that are inserted or updated.</summary>
    public static CheckedRows OfChanges(ChangeSet changes)
    {
        var rows = changes.Rows!;
        string From(IEnumerable<int> columns) =>
            "(SELECT *, file_row_number + 1 AS line, true AS asked"
            + string.Concat(columns.Distinct().Select(i => $", {CsvText.Name(i)} AS {StagedTable.Column(i)}"))
            + $" FROM read_parquet({Sql.Literal(rows.Path)}, file_row_number = true) WHERE op <> 'D')";
        IReadOnlyList<CheckedPart> all = [new CheckedPart(null, From, i => $"CAST({CsvText.Name(i)} AS VARCHAR)")];
        return new CheckedRows(
            [.. rows.Columns.Select((column, i) => new CheckedColumn(column.Name, column.Type, StagedTable.Column(i)))],
            all,
            all
        );
    }

    /// <summary>The place of a column that is there.</summary>
    public int IndexOf(string name) =>
        Columns.ToList().FindIndex(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Some of the rows.</summary>
/// <param name="File">Where they came from; null when nobody knows their lines any more.</param>
/// <param name="From">They as SQL, with <c>line</c>, <c>asked</c> (false for one that checks do not look at), and
/// <c>v0…</c> for these columns.</param>
/// <param name="Shown">A column's value as text, to be looked at.</param>
internal sealed record CheckedPart(LakeFile? File, Func<IEnumerable<int>, string> From, Func<int, string> Shown)
{
    /// <summary>How a row is named.</summary>
    public string Place(long line) => File is null ? "" : $"{File.Key} line {line}: ";
}
