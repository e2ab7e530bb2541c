namespace Headrace;

public static partial class Error
{
    /// <summary>Redshift keeps the name of a column for itself.</summary>
    public static HeadraceException ReservedColumn(TableName target, string column) =>
        new("HDR-314", $"Redshift has no column '{column}' in a table of users; nothing was loaded.", $"give it another name: columns: {{ {column}_: {{ from: {column} }} }}")
        {
            Facts = Facts(("table", target)),
        };

    /// <summary>COPY refused staged rows.</summary>
    /// <param name="details">What Redshift says of single rows: file, line, column, why.</param>
    public static HeadraceException CopyRefused(string warehouse, string table, string found, IReadOnlyList<string> details, Exception? inner = null) =>
        new("HDR-315", $"COPY into {table} failed; nothing of the batch was loaded.", "read what was found; staging: { keep: true } keeps the files of the next attempt", inner)
        {
            Facts = [.. Facts(("warehouse", warehouse), ("found", found)), .. details.Select(detail => new Fact("row", detail))],
        };

    /// <summary>Files cannot be put where Redshift reads them, or removed from there.</summary>
    public static HeadraceException StagingFailed(string staging, string found, Exception inner, bool transient) =>
        new("HDR-316", "Staged files cannot be written or read; nothing of the batch was loaded.", "read what was found; docs/redshift.md has the rights that are needed", inner)
        {
            Facts = Facts(("staging", staging), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>A change of a table that Redshift does not make, or not in a transaction.</summary>
    /// <param name="statement">One that makes it outside of a transaction; null when there is none.</param>
    public static HeadraceException RedshiftCannot(string warehouse, TableName target, string what, string? statement = null) =>
        new("HDR-317", $"Redshift cannot {what}; {target} was not changed.", statement is null
            ? "make the table anew by hand with the columns of the schema (docs/redshift.md has the statements), then run again" : $"{statement} by hand, then run again")
        {
            Facts = Facts(("warehouse", warehouse)),
        };

    /// <summary>Other rows came out of the staging place than Redshift says it has put there.</summary>
    public static HeadraceException UnloadIncomplete(string database, string table, long written, long arrived) =>
        new("HDR-158", $"Not all rows of '{table}' came out of the staging place; nothing of the batch was loaded.", "run it again; staging: { path } must be nobody else's, and no rule of the bucket may remove files there")
        {
            Facts = Facts(("database", database), ("unloaded", written), ("arrived", arrived)),
            IsTransient = true,
        };

    /// <summary>A table is to be distributed or sorted by a column that it does not have.</summary>
    public static HeadraceException LayoutColumnMissing(TableName target, string column, IEnumerable<string> found) =>
        new("HDR-319", $"The table {target} is to be distributed or sorted by '{column}', which is none of its columns; nothing was loaded.", "correct distribution or sort of the target")
        {
            Facts = Facts(("found", string.Join(", ", found))),
        };

    /// <summary>IAM lends no login to Redshift.</summary>
    /// <param name="to">The cluster or workgroup.</param>
    public static HeadraceException LoginRefused(string to, string found, Exception? inner, bool transient) =>
        new("HDR-321", "IAM gives no login to Redshift; nothing was loaded.", "read what was found; docs/redshift.md has the policy that is needed, and where credentials are looked for", inner)
        {
            Facts = Facts(("redshift", to), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>Redshift has no type for a column.</summary>
    public static HeadraceException NoRedshiftType(TableName target, string column, ColumnType type) =>
        new("HDR-318", $"Redshift has no {type}, which the column '{column}' of {target} is to be; nothing was loaded.", "declare another type under columns: at most 38 digits, and at most 37 behind the point")
        {
            Facts = Facts(("table", target)),
        };
}
