namespace Headrace.Redshift;

/// <summary>The errors that only Redshift has, a factory for each code.</summary>
internal static class RedshiftError
{
    /// <summary>Redshift keeps the name of a column for itself.</summary>
    public static HeadraceException ReservedColumn(TableName target, string column) =>
        new(
            "HDR-314",
            $"Redshift has no column '{column}' in a table of users; nothing was loaded.",
            $"give it another name: columns: {{ {column}_: {{ from: {column} }} }}"
        )
        {
            Facts = [new Fact("table", target.ToString())],
        };

    /// <summary>COPY refused staged rows.</summary>
    /// <param name="details">What Redshift says of single rows: file, line, column, why.</param>
    public static HeadraceException CopyRefused(
        string warehouse,
        string table,
        string found,
        IReadOnlyList<string> details,
        Exception? inner = null
    ) =>
        new(
            "HDR-315",
            $"COPY into {table} failed; nothing of the batch was loaded.",
            "read what was found; staging: { keep: true } keeps the files of the next attempt",
            inner
        )
        {
            Facts =
            [
                new Fact("warehouse", warehouse),
                new Fact("found", found),
                .. details.Select(detail => new Fact("row", detail)),
            ],
        };

    /// <summary>A change of a table that Redshift does not make, or not in a transaction.</summary>
    /// <param name="statement">One that makes it outside of a transaction; null when there is none.</param>
    public static HeadraceException Cannot(string warehouse, TableName target, string what, string? statement = null) =>
        new(
            "HDR-317",
            $"Redshift cannot {what}; {target} was not changed.",
            statement is null
                ? "make the table anew by hand with the columns of the schema (docs/redshift.md has the "
                    + "statements), then run again"
                : $"{statement} by hand, then run again"
        )
        {
            Facts = [new Fact("warehouse", warehouse)],
        };

    /// <summary>Other rows came out of the staging place than Redshift says it has put there.</summary>
    public static HeadraceException UnloadIncomplete(string database, string table, long written, long arrived) =>
        new(
            "HDR-158",
            $"Not all rows of '{table}' came out of the staging place; nothing of the batch was loaded.",
            "run it again; staging: { path } must be nobody else's, and no rule of the bucket may remove files there"
        )
        {
            Facts =
            [
                new Fact("database", database),
                new Fact("unloaded", Text(written)),
                new Fact("arrived", Text(arrived)),
            ],
            IsTransient = true,
            Kind = ErrorKind.DatabaseFailed,
        };

    /// <summary>A table is to be distributed or sorted by a column that it does not have.</summary>
    public static HeadraceException LayoutColumnMissing(TableName target, string column, IEnumerable<string> found) =>
        new(
            "HDR-319",
            $"The table {target} is to be distributed or sorted by '{column}', which is none of its columns; "
                + "nothing was loaded.",
            "correct distribution or sort of the target"
        )
        {
            Facts = [new Fact("found", string.Join(", ", found))],
        };

    /// <summary>Redshift has no type for a column.</summary>
    public static HeadraceException NoType(TableName target, string column, ColumnType type) =>
        new(
            "HDR-318",
            $"Redshift has no {type}, which the column '{column}' of {target} is to be; nothing was loaded.",
            "declare another type under columns: at most 38 digits, and at most 37 behind the point"
        )
        {
            Facts = [new Fact("table", target.ToString())],
        };

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
