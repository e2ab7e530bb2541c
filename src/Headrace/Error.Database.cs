namespace Headrace;

public static partial class Error
{
    /// <summary>No connection to the database, or it was lost.</summary>
    public static HeadraceException DatabaseUnreachable(string database, string found, Exception inner, bool transient = true) =>
        new("HDR-151", "The database does not answer, or not as it should; nothing was loaded.", "headrace doctor", inner)
        {
            Facts = Facts(("database", database), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>The table of a source is not there, or may not be read.</summary>
    public static HeadraceException SourceTableMissing(string database, string table, string found, Exception? inner = null) =>
        new("HDR-152", $"'{table}' cannot be read; nothing was loaded.", "correct table: or query: of the flow, or grant SELECT to the connection's user", inner)
        {
            Facts = Facts(("database", database), ("found", found)),
        };

    /// <summary>A column named as key or cursor is not there, or cannot serve as one.</summary>
    public static HeadraceException CursorUnfit(string database, string table, string column, string why, string next) =>
        new("HDR-153", $"The column '{column}' of '{table}' {why}; nothing was loaded.", next)
        {
            Facts = Facts(("database", database)),
        };

    /// <summary>The position was read from another database or another table of that name.</summary>
    public static HeadraceException SourceReplaced(string database, string table, string dataset, string before, string now) =>
        new("HDR-154", $"'{table}' is another table than the one that was read before, on this server or on another one; nothing was loaded.",
            $"correct the connection; if the source was moved on purpose, read it again from the start: headrace run --confirm {dataset}")
        {
            Facts = Facts(("database", database), ("before", before), ("now", now)),
        };

    /// <summary>The source's clock, sequence or transaction counter stands before the position: it was restored to an earlier time.</summary>
    public static HeadraceException SourceRewound(string database, string table, string dataset, string position, string now) =>
        new("HDR-155", $"'{table}' stands at an earlier time than it was read to; nothing was loaded.",
            $"if the source was restored on purpose, read it again from the start: headrace run --confirm {dataset}")
        {
            Facts = Facts(("database", database), ("position", position), ("now", now)),
        };

    /// <summary>The columns of the source changed between the look at them and the first row.</summary>
    public static HeadraceException SourceChanged(string database, string table) =>
        new("HDR-157", $"'{table}' was changed while it was about to be read; nothing of the batch was loaded.", "run it again")
        {
            Facts = Facts(("database", database)),
            IsTransient = true,
        };

    /// <summary>The database answered a question with an error.</summary>
    public static HeadraceException DatabaseRefused(string database, string found, bool transient, Exception inner) =>
        new("HDR-156", "The database answered with an error; nothing of the batch was loaded.", "read what was found; -v shows where", inner)
        {
            Facts = Facts(("database", database), ("found", found)),
            IsTransient = transient,
        };
}
