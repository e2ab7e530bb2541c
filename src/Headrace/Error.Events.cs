namespace Headrace;

public static partial class Error
{
    /// <summary>The flow names a column for the order of changes, or for a history, that is not there.</summary>
    public static HeadraceException EventColumnMissing(
        string key,
        string column,
        string? near,
        IEnumerable<string> found
    ) =>
        new(
            "HDR-230",
            $"The column '{column}' of {key} is not there; nothing of the batch was loaded.",
            near is null ? $"correct {key} in headrace.yaml" : $"did you mean '{near}'?"
        )
        {
            Facts = Facts(("found", string.Join(", ", found))),
        };

    /// <summary>A file of the first copy has other content than when it was loaded.</summary>
    public static HeadraceException SecondFullLoad(string source, string flow, string dataset) =>
        new(
            "HDR-231",
            "A file of the first copy came a second time with other content: it may be a new full load, after which "
                + "the table is another one; nothing of it was loaded.",
            $"to make the table anew from it: headrace run {Shell.Word(flow)} --confirm {Shell.Word(dataset)}"
        )
        {
            Kind = ErrorKind.OverLimit,
            Facts = Facts(("source", source), ("dataset", dataset)),
        };

    /// <summary>
    /// A file without a header has neither the listed columns nor these and the operation before them.
    /// </summary>
    public static HeadraceException NoChangeFile(
        string source,
        string operation,
        IReadOnlyList<string> names,
        int fields,
        long line
    ) =>
        new(
            "HDR-232",
            $"{fields} {(fields == 1 ? "field" : "fields")} are no change of a row with {names.Count} columns; "
                + "nothing of the file was loaded.",
            $"list the file's columns in their order under columns:, without '{operation}'"
        )
        {
            Facts = Facts(
                ("source", source),
                ("line", line),
                ("expected", $"{string.Join(", ", names)}, or {operation} and then these")
            ),
        };

    /// <summary>A column by which changes are ordered, or with their time, has a type that has no such order.</summary>
    public static HeadraceException EventColumnType(string key, string column, ColumnType type, string wanted) =>
        new(
            "HDR-233",
            $"The column '{column}' of {key} is {type}, and {wanted} is needed; nothing of the batch was loaded.",
            $"declare it under columns: as {wanted}, or name another column"
        )
        {
            Facts = Facts(("column", column)),
        };

    /// <summary>A file says that the table was emptied at its source.</summary>
    public static HeadraceException SourceEmptied(string source, long line, string flow, string dataset) =>
        new(
            "HDR-235",
            "The table was emptied at its source (TRUNCATE), between changes of its rows; nothing of the batch was "
                + "loaded.",
            "empty the target yourself, remove the line, and run again"
        )
        {
            Facts = Facts(("source", source), ("line", line), ("flow", flow), ("dataset", dataset)),
        };

    /// <summary>A history would have two versions of one row at one time.</summary>
    public static HeadraceException HistoryOverlaps(TableName table, long keys) =>
        new(
            "HDR-234",
            $"{keys} {(keys == 1 ? "row" : "rows")} of the history would have two versions at one time; nothing of "
                + "the batch was loaded.",
            "somebody else wrote to the table: look for versions that overlap, and remove those that are wrong"
        )
        {
            Facts = Facts(("table", table.ToString())),
        };

    /// <summary>A file has rows of all tables, in the order of their transactions.</summary>
    public static HeadraceException TransactionFile(string source, string flow) =>
        new(
            "HDR-236",
            "A file has whole transactions with rows of all tables (PreserveTransactions of AWS DMS), and the flow "
                + "does not say which of them it takes; nothing of it was loaded.",
            $"write cdc: {{ transactions: <path of CDC_TXN-*>, table: <schema.table> }} for '{flow}'"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A record of a file of transactions does not say whose it is.</summary>
    /// <param name="isWhole">It ends as a record does.</param>
    public static HeadraceException NoTransactionRecord(string source, long line, bool isWhole) =>
        new(
            "HDR-244",
            "A record of a file of transactions "
                + (isWhole ? "has no operation, table, schema and values" : "has a quote that does not end")
                + "; nothing of the file was loaded, for any table.",
            "look at this line: the file may be cut short, or may be no file of transactions; send it again whole"
        )
        {
            Facts = Facts(("source", source), ("line", line)),
        };
}
