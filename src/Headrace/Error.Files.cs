namespace Headrace;

public static partial class Error
{
    /// <summary>A file is to be read again, and rows of it are in a table among others.</summary>
    public static HeadraceException RowsNotKnown(string key, TableName target, long rows, string flow) =>
        new(
            "HDR-116",
            $"The file is not read again: {rows} {(rows == 1 ? "row" : "rows")} of it "
                + $"{(rows == 1 ? "is" : "are")} in {target}, nothing tells which, and they would be doubled; "
                + "nothing was loaded.",
            $"delete its rows from {target}, put it into the lake again under another name, and set "
                + $"same_content: load for {flow}; flows with write: merge or replace read a file again by "
                + "themselves"
        )
        {
            Facts = Facts(("source", key)),
        };

    /// <summary>Every record of a file was set aside.</summary>
    /// <param name="hint">What its first lines look like; null for nothing.</param>
    /// <param name="again">How it is read again; null when it is no file.</param>
    public static HeadraceException AllSetAside(
        string source,
        long rows,
        IEnumerable<BadRow> sample,
        string? hint,
        string flow,
        string? again
    ) =>
        new(
            "HDR-117",
            $"{(rows == 1 ? "The only record" : $"All {rows} records")} of {source} "
                + $"{(rows == 1 ? "was" : "were")} set aside; nothing of it was loaded.",
            (
                hint is null
                    ? $"headrace quarantine show {Shell.Word(flow)}"
                    : $"look at the settings of the flow: {hint}"
            )
                + (
                    again is null
                        ? ""
                        : $"; once the flow is right, headrace run {Shell.Word(flow)} --accept {Shell.Word(again)}"
                )
        )
        {
            Kind = ErrorKind.AllSetAside,
            Facts = Facts([
                ("source", source),
                .. sample
                    .Take(3)
                    .Select(row =>
                        (
                            "found",
                            (object?)
                                $"line {row.Line}{(row.Column is null ? "" : $", column {row.Column}")}: {row.Reason}"
                        )
                    ),
            ]),
        };

    /// <summary>A file is to be read again that a table was made of together with others, which are gone.</summary>
    public static HeadraceException PartsGone(string key, TableName target, IReadOnlyList<string> gone) =>
        new(
            "HDR-119",
            $"The file is not read again: {target} holds rows of {gone.Count} other "
                + $"{(gone.Count == 1 ? "file" : "files")} too, which would be lost, since the lake does not have "
                + "them any more; nothing was loaded.",
            "put them back into the lake under their names, or deliver all of the table's files anew"
        )
        {
            Facts = Facts(("source", key), ("gone", string.Join(", ", gone.Take(5)))),
        };

    /// <summary>The path names an action that there is not.</summary>
    public static HeadraceException UnknownAction(string source, string action) =>
        new(
            "HDR-144",
            $"'{action}' is no action of a drop folder; nothing of the file was loaded.",
            $"move the file to one of {string.Join(", ", SchemaDocument.Actions)}"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A file that would replace rows landed before rows that are in the table already.</summary>
    public static HeadraceException LateTruncate(string source, DateTimeOffset landed, DateTimeOffset newest) =>
        new(
            "HDR-145",
            "The file would replace rows that landed after it; nothing of it was loaded.",
            "remove it, or touch it to replace the table with its rows now"
        )
        {
            Facts = Facts(("source", source), ("landed", $"{landed:u}"), ("rows", $"landed until {newest:u}")),
        };

    /// <summary>A loaded file came again with new content, and the table has no key to merge it by.</summary>
    public static HeadraceException FileChanged(string source, string flow, string key) =>
        new(
            "HDR-211",
            "The file was loaded before and has new content now; the rows of the old version are in the "
                + "table, nothing of the new one was loaded.",
            $"headrace run {Shell.Word(flow)} --accept {Shell.Word(key)}   (adds the rows of the new version "
                + "too), or set changed_files: append"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A part of an export is empty where something is due.</summary>
    public static HeadraceException Blank(string source, bool isJson) =>
        Corrupt(
            source,
            isJson
                ? "The file is empty, which cannot be told from one that was never written; without rows it holds []"
                : "The file is empty where a header is due"
        );

    /// <summary>The paths of a drop folder name one table in two spellings.</summary>
    public static HeadraceException TableSpelledTwice(string source, TableName target, string dataset, string first) =>
        new(
            "HDR-215",
            $"'{dataset}' and '{first}' mean one table, {target}; nothing of the file was loaded.",
            $"move the file to the folder of '{first}'"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>Rows were set aside, and the flow says to stop then.</summary>
    public static HeadraceException BadRows(
        string dataset,
        long bad,
        long total,
        double? allow,
        IReadOnlyList<BadRow> sample
    ) =>
        new(
            "HDR-201",
            allow is { } share
                ? $"{bad} of {total} rows are bad, more than allow: {share:P2}; nothing of the batch was loaded."
                : $"{bad} of {total} rows are bad and the flow says on_fail: stop; nothing of the batch was loaded.",
            allow is null
                ? "correct the rows in the source, or set on_fail: quarantine to load the good ones"
                : "correct the rows in the source, or set a larger allow: for the flow"
        )
        {
            Facts =
            [
                new Fact("dataset", dataset),
                .. sample
                    .Take(3)
                    .Select(row => new Fact(
                        "found",
                        $"{row.File} line {row.Line}{(row.Column is null ? "" : $", column {row.Column}")}: "
                            + $"{row.Reason}"
                    )),
            ],
        };

    /// <summary>A change set with hardly a row would replace a table that has rows.</summary>
    public static HeadraceException TooFewRows(
        string dataset,
        IEnumerable<string> files,
        long rows,
        long existing,
        long least,
        string? next = null
    ) =>
        new(
            "HDR-202",
            $"{rows} rows would replace {existing}; nothing was loaded.",
            next ?? $"mend or remove the file; if it is right, set limits: {{ min_rows: {rows} }} for this flow"
        )
        {
            Facts = Facts(
                ("dataset", dataset),
                ("source", string.Join(", ", files)),
                ("expected", $"at least {least} {(least == 1 ? "row" : "rows")}")
            ),
        };
}
