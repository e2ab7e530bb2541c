namespace Headrace;

public static partial class Error
{
    /// <summary>A column is not in the file: one that the flow names, or one that the export before had.</summary>
    public static HeadraceException ColumnGone(string source, string column, IEnumerable<string> found) =>
        ColumnGone(
            source,
            column,
            found,
            "is gone from the source",
            "file",
            "put it back, or set schema_changes: evolve for this flow"
        );

    /// <summary>An export lacks a column that the one before had.</summary>
    public static HeadraceException ColumnGoneFromExport(string source, string column, IEnumerable<string> found) =>
        ColumnGone(
            source,
            column,
            found,
            "is gone from the source",
            "export",
            "put it back, or set missing_columns: allow for this flow"
        );

    /// <summary>A column that the flow lists is in no file, and never was.</summary>
    /// <param name="near">The name in the files that may be meant; null when none is near.</param>
    public static HeadraceException ColumnNeverThere(
        string source,
        string column,
        string? near,
        IReadOnlyList<string> found
    ) =>
        ColumnGone(
            source,
            column,
            found,
            "is listed in the flow and is not in the source",
            "file",
            (near is null ? "" : $"did you mean '{near}'? ")
                + Beginning(
                    found,
                    "correct the name under columns:, or its from:; if files may lack it, write nullable: true"
                )
        );

    private static HeadraceException ColumnGone(
        string source,
        string column,
        IEnumerable<string> found,
        string how,
        string what,
        string next
    ) =>
        new("HDR-103", $"Column '{column}' {how}; nothing of the {what} was loaded.", next)
        {
            Facts = Facts(("source", source), ("found", string.Join(", ", found))),
        };

    /// <summary>The file has a column that the frozen table lacks.</summary>
    public static HeadraceException ColumnNew(string source, string column, IEnumerable<string> expected) =>
        new(
            "HDR-104",
            $"Column '{column}' is new in the source and the flow is frozen; nothing of the file was loaded.",
            "take it out, or set schema_changes: evolve for this flow"
        )
        {
            Facts = Facts(("source", source), ("expected", string.Join(", ", expected))),
        };

    /// <summary>
    /// No name of the header is a column of the table: most often a file without a header, or another file's.
    /// </summary>
    public static HeadraceException HeaderMismatch(
        string source,
        IReadOnlyList<string> expected,
        IReadOnlyList<string> found
    ) =>
        new(
            "HDR-105",
            "No column of the file is a column of the table; nothing of the file was loaded.",
            Delimiter(expected, found) is { } other
                ? $"the header is divided by {other}: write the file with the delimiter of the others, or set csv: "
                    + $"{{ delimiter: {other} }} when all files are so"
                : Beginning(
                    found,
                    "give the file its header, set csv: { skip: … } when other lines come before it, or set csv: "
                        + "{ header: false } and name the columns"
                )
        )
        {
            Facts = Facts(
                ("source", source),
                ("expected", string.Join(", ", expected)),
                ("found", string.Join(", ", found))
            ),
        };

    private static readonly (char Letter, string? Word)[] Delimiters =
    [
        (';', "\";\""),
        ('\t', "tab"),
        ('|', "\"|\""),
        (',', "\",\""),
    ];

    // What divides the one name that was found into names of the table, as csv: { delimiter: … } has it.
    private static string? Delimiter(IReadOnlyList<string> expected, IReadOnlyList<string> found) =>
        found is not [var line]
            ? null
            : Delimiters
                .FirstOrDefault(one =>
                    line.Split(one.Letter) is { Length: > 1 } names
                    && names.Any(name => expected.Contains(name.Trim(' ', '"'), StringComparer.OrdinalIgnoreCase))
                )
                .Word;

    /// <summary>A key column is not among the columns.</summary>
    public static HeadraceException KeyMissing(string source, string column, IReadOnlyList<string> found) =>
        new(
            "HDR-106",
            $"The primary key '{column}' is not a column of the file; nothing of the file was loaded.",
            Beginning(found, "correct primary_key, or put the column back")
        )
        {
            Facts = Facts(
                ("source", source),
                ("found", found.Any() ? string.Join(", ", found) : "no column at all: it is empty")
            ),
        };

    /// <summary>The file has a column under the name that the flow gives to another one.</summary>
    public static HeadraceException ColumnClash(string source, string column, string from) =>
        new(
            "HDR-107",
            $"The file has a column '{column}', and the flow gives that name to its column '{from}'; nothing "
                + "of the file was loaded.",
            $"give '{column}' of the file a name of its own under columns:, with from: {column}"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A Parquet column has a name that the engine keeps for itself.</summary>
    public static HeadraceException ColumnNameTaken(string source, string column) =>
        new(
            "HDR-108",
            $"A Parquet file cannot have a column named '{column}'; nothing of the file was loaded.",
            "have the sender rename the column"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A soft delete needs the column's name for itself.</summary>
    public static HeadraceException DeletedAtTaken(string source) =>
        new(
            "HDR-109",
            $"The export has a column '{RowChanges.DeletedAt}', which deletes: soft keeps for itself; nothing "
                + "of it was loaded.",
            "rename the column in columns:, with from:, or choose deletes: hard"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A column to compare by is not among the columns.</summary>
    public static HeadraceException CompareMissing(string column, IEnumerable<string> found) =>
        new(
            "HDR-115",
            $"The column '{column}' of compare is not a column of the export; nothing of it was loaded.",
            "correct compare, or put the column back"
        )
        {
            Facts = Facts(("found", string.Join(", ", found))),
        };

    /// <summary>The file has a column that the flow adds.</summary>
    public static HeadraceException AddedColumnTaken(string source, string column) =>
        new(
            "HDR-118",
            $"The file has a column '{column}', and the flow adds one of that name; nothing of the file was loaded.",
            "give the added column another name under add_columns:"
        )
        {
            Facts = Facts(("source", source)),
        };
}
