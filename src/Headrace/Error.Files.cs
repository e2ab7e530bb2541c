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
            $"{(near is null ? "" : $"did you mean '{near}'? ")}{Beginning(found, "correct the name under columns:, or its from:; if files may lack it, write nullable: true")}"
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
        IEnumerable<string> expected,
        IReadOnlyList<string> found
    ) =>
        new(
            "HDR-105",
            "No column of the file is a column of the table; nothing of the file was loaded.",
            Beginning(
                found,
                "give the file its header, set csv: { skip: … } when other lines come before it, or set csv: { header: false } and name the columns"
            )
        )
        {
            Facts = Facts(
                ("source", source),
                ("expected", string.Join(", ", expected)),
                ("found", string.Join(", ", found))
            ),
        };

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
            $"The file has a column '{column}', and the flow gives that name to its column '{from}'; nothing of the file was loaded.",
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
            $"The export has a column '{RowChanges.DeletedAt}', which deletes: soft keeps for itself; nothing of it was loaded.",
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

    /// <summary>A file is to be read again, and rows of it are in a table among others.</summary>
    public static HeadraceException RowsNotKnown(string key, TableName target, long rows, string flow) =>
        new(
            "HDR-116",
            $"The file is not read again: {rows} {(rows == 1 ? "row" : "rows")} of it {(rows == 1 ? "is" : "are")} in {target}, nothing tells which, and they would be doubled; nothing was loaded.",
            $"delete its rows from {target}, put it into the lake again under another name, and set same_content: load for {flow}; flows with write: merge or replace read a file again by themselves"
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
            $"{(rows == 1 ? "The only record" : $"All {rows} records")} of {source} {(rows == 1 ? "was" : "were")} set aside; nothing of it was loaded.",
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

    /// <summary>A file is to be read again that a table was made of together with others, which are gone.</summary>
    public static HeadraceException PartsGone(string key, TableName target, IReadOnlyList<string> gone) =>
        new(
            "HDR-119",
            $"The file is not read again: {target} holds rows of {gone.Count} other {(gone.Count == 1 ? "file" : "files")} too, which would be lost, since the lake does not have them any more; nothing was loaded.",
            "put them back into the lake under their names, or deliver all of the table's files anew"
        )
        {
            Facts = Facts(("source", key), ("gone", string.Join(", ", gone.Take(5)))),
        };

    /// <summary>A dropped file's columns are not those of the table's schema document.</summary>
    public static HeadraceException ColumnsDiffer(string source, SchemaDocument schema, IReadOnlyList<string> found) =>
        new(
            "HDR-141",
            "The columns of the file are not those of the schema; nothing of the file was loaded.",
            Beginning(found, "mend the file, or drop a schema file with these columns; the file is loaded then")
        )
        {
            Facts = Facts(
                ("source", source),
                (
                    "schema",
                    $"version {schema.Version}: {string.Join(", ", schema.Columns.Select(column => column.Name))}"
                ),
                ("found", string.Join(", ", found))
            ),
        };

    /// <summary>A schema document cannot be read.</summary>
    public static HeadraceException BadSchemaDocument(string source, string found) =>
        new(
            "HDR-142",
            "The schema file is not a schema document; the table was not changed.",
            "write {\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\", \"nullable\": false}]}"
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };

    /// <summary>The schema document does not allow the action of the file's path.</summary>
    public static HeadraceException ActionNotAllowed(string source, string action, SchemaDocument schema) =>
        new(
            "HDR-143",
            $"The schema does not allow '{action}' for this table; nothing of the file was loaded.",
            $"add \"{action}\" to allowed_operations, raise schema_version, and drop the schema file again; the file is loaded then"
        )
        {
            Kind = ErrorKind.ActionNotAllowed,
            Facts = Facts(
                ("source", source),
                ("schema", $"version {schema.Version} allows {string.Join(", ", schema.AllowedOperations)}")
            ),
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

    /// <summary>The target's schema is Headrace's or the database's own.</summary>
    public static HeadraceException ReservedSchema(TableName target, string dataset) =>
        new(
            "HDR-148",
            $"The schema '{target.Schema}' is not for users' tables; nothing was loaded.",
            "move the files to a folder of another name, or give the flow another target schema"
        )
        {
            Facts = Facts(("dataset", dataset), ("target", target)),
        };

    /// <summary>The table has no schema and the flow does not infer one.</summary>
    public static HeadraceException NoSchema(string source, string flow) =>
        new(
            "HDR-146",
            "The table has no schema and the flow does not infer one; nothing of the file was loaded.",
            "drop a schema file for the table, or set infer: true for the flow"
        )
        {
            Facts = Facts(("flow", flow), ("source", source)),
        };

    /// <summary>A schema document would lose data.</summary>
    public static HeadraceException SchemaLosesData(string source, string found) =>
        new(
            "HDR-147",
            "The schema would lose or break data that is in the table; the table was not changed.",
            "keep the column as it is, or copy what you need and drop the table first"
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };

    /// <summary>A loaded file came again with new content, and the table has no key to merge it by.</summary>
    public static HeadraceException FileChanged(string source, string flow, string key) =>
        new(
            "HDR-211",
            "The file was loaded before and has new content now; the rows of the old version are in the table, nothing of the new one was loaded.",
            $"headrace run {Shell.Word(flow)} --accept {Shell.Word(key)}   (adds the rows of the new version too), or set changed_files: append"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>An export that was applied has a new file, or other content in one of its files.</summary>
    public static HeadraceException ExportChanged(string source, string version, string flow, string key) =>
        new(
            "HDR-212",
            $"The export {version} was applied before and has another content now; nothing of it was loaded again.",
            $"have it delivered as a new version; or, to compare it again as it is now: headrace run {Shell.Word(flow)} --accept {Shell.Word(key)}"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A file of an export cannot be read: what it lacks would look like deleted rows.</summary>
    public static HeadraceException ExportUnreadable(string source, string version, HeadraceException why) =>
        new(
            "HDR-213",
            $"The export {version} cannot be read whole; nothing of it was loaded.",
            "have the sender deliver the export again, whole",
            why
        )
        {
            Facts = Facts(("source", source), ("found", why.Message)),
        };

    /// <summary>A part of an export is empty where something is due.</summary>
    public static HeadraceException Blank(string source, bool isJson) =>
        Corrupt(
            source,
            isJson
                ? "The file is empty, which cannot be told from one that was never written; without rows it holds []"
                : "The file is empty where a header is due"
        );

    /// <summary>An export has more files than the flow says.</summary>
    public static HeadraceException TooManyParts(string source, string version, int expected, int found) =>
        new(
            "HDR-214",
            $"The export {version} has {found} files where {expected} are expected; nothing of it was loaded.",
            "remove what does not belong to it, or correct complete_when: { parts }"
        )
        {
            Facts = Facts(("source", source)),
        };

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

    /// <summary>An export lacks more rows of the one before than the flow allows.</summary>
    public static HeadraceException TooManyDeleted(
        string flow,
        string dataset,
        string version,
        long deleted,
        long before,
        double? most
    ) =>
        new(
            "HDR-203",
            $"The export {version} would delete {deleted} of {before} rows, {(most is { } share ? $"more than limits: {{ max_deleted: {Share(share)} }}" : "more than half of them")}; nothing of it was loaded.",
            $"if it is right: headrace run {Shell.Word(flow)} --confirm {Shell.Word(dataset)}"
        )
        {
            Kind = ErrorKind.OverLimit,
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>A repair would delete more rows of a target than the flow allows.</summary>
    public static HeadraceException RepairTooLarge(
        string flow,
        string dataset,
        long deleted,
        long rows,
        double? most
    ) =>
        new(
            "HDR-206",
            $"The repair would delete {deleted} of {rows} rows of the target, {(most is { } share ? $"more than limits: {{ max_deleted: {Share(share)} }}" : "more than half of them")}; nothing was repaired.",
            $"look at the source first; if it is right, raise limits: {{ max_deleted: … }} of {flow}"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>An export changes more rows of the one before than the flow allows.</summary>
    public static HeadraceException TooManyChanged(
        string flow,
        string dataset,
        string version,
        long changed,
        long before,
        double most
    ) =>
        new(
            "HDR-204",
            $"The export {version} would update or delete {changed} of {before} rows, more than limits: {{ max_changed: {Share(most)} }}; nothing of it was loaded.",
            $"if it is right: headrace run {Shell.Word(flow)} --confirm {Shell.Word(dataset)}"
        )
        {
            Kind = ErrorKind.OverLimit,
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>An export has hardly a row.</summary>
    public static HeadraceException ShortExport(string dataset, string version, long rows, long least) =>
        new(
            "HDR-205",
            $"The export {version} has {rows} {(rows == 1 ? "row" : "rows")}, fewer than limits: {{ min_rows: {least} }}; nothing of it was loaded.",
            $"mend or remove it; if it is right, set limits: {{ min_rows: {rows} }} for this flow"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    private static string Share(double share) => Configuration.Binding.Quantity.Text(share);

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
            "mend the rows in the source, or set on_fail: quarantine to load the good ones"
        )
        {
            Facts =
            [
                new Fact("dataset", dataset),
                .. sample
                    .Take(3)
                    .Select(row => new Fact(
                        "found",
                        $"{row.File} line {row.Line}{(row.Column is null ? "" : $", column {row.Column}")}: {row.Reason}"
                    )),
            ],
        };

    /// <summary>A change set with hardly a row would replace a table that has rows.</summary>
    public static HeadraceException TooFewRows(
        string dataset,
        IEnumerable<string> files,
        long rows,
        long existing,
        long least
    ) =>
        new(
            "HDR-202",
            $"{rows} rows would replace {existing}; nothing was loaded.",
            $"mend or remove the file; if it is right, set limits: {{ min_rows: {rows} }} for this flow"
        )
        {
            Facts = Facts(
                ("dataset", dataset),
                ("source", string.Join(", ", files)),
                ("expected", $"at least {least} {(least == 1 ? "row" : "rows")}")
            ),
        };
}
