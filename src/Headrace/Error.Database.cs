namespace Headrace;

public static partial class Error
{
    /// <summary>What to do when something outside does not answer; doctor itself says more.</summary>
    public const string Doctor = "headrace doctor";

    /// <summary>What is read, where no table is known by name.</summary>
    public const string UnnamedSource = "the source";

    /// <summary>No connection to the database, or it was lost.</summary>
    public static HeadraceException DatabaseUnreachable(
        string database,
        string found,
        Exception inner,
        bool transient = true
    ) =>
        new("HDR-151", "The database does not answer, or not as it should; nothing was loaded.", Doctor, inner)
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>The table of a source is not there, or may not be read.</summary>
    public static HeadraceException SourceTableMissing(
        string database,
        string table,
        string found,
        string? next = null,
        Exception? inner = null
    ) =>
        new(
            "HDR-152",
            $"{(table == UnnamedSource ? "The source" : $"'{table}'")} cannot be read; nothing was loaded.",
            next ?? "correct table: or query: of the flow; in a query write the schema before each table",
            inner
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("found", found)),
        };

    /// <summary>A column named as key or cursor is not there, or cannot serve as one.</summary>
    public static HeadraceException CursorUnfit(
        string database,
        string table,
        string column,
        string why,
        string next
    ) =>
        new("HDR-153", $"The column '{column}' of '{table}' {why}; nothing was loaded.", next)
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database)),
        };

    /// <summary>The position was read from another database or another table of that name.</summary>
    public static HeadraceException SourceReplaced(
        string database,
        string table,
        string dataset,
        string before,
        string now
    ) =>
        new(
            "HDR-154",
            $"'{table}' is another table than the one that was read before, on this server or on another one; "
                + "nothing was loaded.",
            "correct the connection; if the source was moved on purpose, read it again from the start: "
                + $"headrace run --confirm {dataset}"
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("before", before), ("now", now)),
        };

    /// <summary>
    /// The source's clock, sequence or transaction counter stands before the position: it was restored to an earlier
    /// time.
    /// </summary>
    public static HeadraceException SourceRewound(
        string database,
        string table,
        string dataset,
        string position,
        string now
    ) =>
        new(
            "HDR-155",
            $"'{table}' stands at an earlier time than it was read to; nothing was loaded.",
            $"if the source was restored on purpose, read it again from the start: headrace run --confirm {dataset}"
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("position", position), ("now", now)),
        };

    /// <summary>The columns of the source changed between the look at them and the first row.</summary>
    public static HeadraceException SourceChanged(string database, string table) =>
        new(
            "HDR-157",
            $"'{table}' was changed while it was about to be read; nothing of the batch was loaded.",
            "run it again"
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database)),
            IsTransient = true,
        };

    /// <summary>The database answered a question with an error.</summary>
    public static HeadraceException DatabaseRefused(string database, string found, bool transient, Exception inner) =>
        new(
            "HDR-156",
            "The database answered with an error; nothing of the batch was loaded.",
            "read what was found; -v shows where",
            inner
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>
    /// Row level security would hide rows of a source: what is not seen would be missed, or deleted in the target.
    /// </summary>
    public static HeadraceException RowsHidden(string database, string table, string found, Exception inner) =>
        new(
            "HDR-159",
            $"Row level security hides rows of '{table}' from the connection's user; nothing was loaded.",
            "connect as a role that sees all rows (ALTER ROLE … BYPASSRLS, or the table's owner); or have "
                + "its owner make a view of the rows that are meant, and read that",
            inner
        )
        {
            Kind = ErrorKind.DatabaseFailed,
            Facts = Facts(("database", database), ("found", found)),
        };

    /// <summary>Row level security would hide rows of a target.</summary>
    public static HeadraceException TargetRowsHidden(string warehouse, string found, Exception inner) =>
        new(
            "HDR-160",
            "Row level security hides rows of the target from the connection's user; nothing of the batch was loaded.",
            "connect as a role that sees all rows (ALTER ROLE … BYPASSRLS, or the table's owner), or switch "
                + "it off: ALTER TABLE … DISABLE ROW LEVEL SECURITY",
            inner
        )
        {
            Facts = Facts(("warehouse", warehouse), ("found", found)),
        };

    /// <summary>Two columns of a source differ in nothing but case; targets have one place for them.</summary>
    public static HeadraceException ColumnsAlike(string database, string table, string first, string second) =>
        new(
            "HDR-161",
            $"The columns '{first}' and '{second}' of '{table}' differ in nothing but case; nothing was loaded.",
            "read the table by query:, and give one of the two another name there: SELECT id, \"ID\" AS "
                + "id_2, … FROM schema.table"
        )
        {
            Facts = Facts(("database", database)),
        };

    /// <summary>A text of a source cannot be written in UTF-8.</summary>
    public static HeadraceException SourceNotText(string database, string table, string found, Exception inner) =>
        new(
            "HDR-162",
            $"A text of '{table}' cannot be written in UTF-8; nothing of the batch was loaded.",
            "correct the value; or read the table by query: with "
                + "convert_from(convert_to(column, 'SQL_ASCII'), 'LATIN1') for the encoding that the text has",
            inner
        )
        {
            Facts = Facts(("database", database), ("found", found)),
        };

    /// <summary>A column has a name that the target's database keeps for columns of its own.</summary>
    public static HeadraceException SystemColumn(TableName target, string column, string database) =>
        new(
            "HDR-163",
            $"{target} can have no column '{column}': {database} keeps that name for itself; nothing was loaded.",
            $"give it another name under columns: {{ {column}_value: {{ from: {column} }} }}, or read the "
                + "table by query:"
        );
}
