namespace Headrace;

public static partial class Error
{
    /// <summary>The folder or bucket of a lake is not there.</summary>
    public static HeadraceException LakeMissing(string address) =>
        new("HDR-110", "The lake is not there; nothing was loaded.", "create it, or correct the connection")
        {
            Facts = Facts(("source", address)),
        };

    /// <summary>The file was written to, replaced or truncated between listing and the end of reading.</summary>
    public static HeadraceException FileChanging(string source) =>
        new(
            "HDR-111",
            "The file changed while it was read; nothing of it was loaded.",
            "nothing: the next run reads it again"
        )
        {
            Kind = ErrorKind.FileChanging,
            Facts = Facts(("source", source)),
            IsTransient = true,
        };

    /// <summary>The file was listed and then gone.</summary>
    public static HeadraceException FileGone(string source) =>
        new(
            "HDR-112",
            "The file disappeared before it was read; nothing of it was loaded.",
            "put it back; if it was removed on purpose, nothing"
        )
        {
            Kind = ErrorKind.FileGone,
            Facts = Facts(("source", source)),
        };

    /// <summary>The file is there and may not be read.</summary>
    public static HeadraceException FileDenied(string source) =>
        new(
            "HDR-113",
            "The file may not be read; nothing of it was loaded.",
            "give the user that runs headrace the right to read it"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>The lake failed in the middle of a file: a disk, a network.</summary>
    public static HeadraceException FileUnreadable(string source, string found, Exception? inner = null) =>
        new(
            "HDR-114",
            "The file could not be read to its end; nothing of it was loaded.",
            "nothing: the next run reads it again; if it fails again, check the disk or the network",
            inner
        )
        {
            Facts = Facts(("source", source), ("found", found)),
            IsTransient = true,
        };

    /// <summary>
    /// The bytes of the file are not what their format asks for; <c>what</c> has no full stop: "The gzip data end
    /// early".
    /// </summary>
    public static HeadraceException Corrupt(
        string source,
        string what,
        long? at = null,
        string? found = null,
        Exception? inner = null
    ) =>
        new(
            "HDR-121",
            $"{what}{(at is null ? "" : $" at byte {at}")}; nothing of the file was loaded.",
            "have the sender write the file again, whole",
            inner
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };

    /// <summary>
    /// The file passes one of <see cref="FileLimits"/>; the limit is named as the configuration names it.
    /// </summary>
    public static HeadraceException LimitPassed(
        string source,
        string limit,
        long allowed,
        string found,
        long? line = null
    ) =>
        new(
            "HDR-123",
            $"The file passes the limit {limit}: {allowed}; nothing of the file was loaded.",
            $"raise limits: {{{limit}: …}} if the file is what it should be"
        )
        {
            Facts = Facts(("source", source), ("line", line), ("found", found)),
        };

    /// <summary>The name of a character encoding means nothing.</summary>
    public static HeadraceException UnknownEncoding(string source, string name) =>
        new(
            "HDR-124",
            $"The encoding '{name}' is not known; nothing of the file was loaded.",
            "write one such as utf-8, utf-16 or windows-1252 as csv: {encoding: …}"
        )
        {
            Facts = Facts(("source", source), ("found", name)),
        };

    /// <summary>The copy of a file could not be written to the spool: a full disk, a right that is missing.</summary>
    public static HeadraceException SpoolFailed(string spool, Exception inner) =>
        new(
            "HDR-125",
            "The spool cannot be written; nothing of the file was loaded.",
            "make room in the spool's folder, or give headrace the right to write there",
            inner
        )
        {
            Kind = ErrorKind.SpoolFailed,
            Facts = Facts(("spool", spool), ("found", inner.Message)),
        };

    /// <summary>
    /// A Parquet column holds values that no type of the engine holds, so they would be read as other values.
    /// </summary>
    public static HeadraceException ParquetColumn(string source, string column, string type) =>
        new(
            "HDR-126",
            $"The values of the Parquet column '{column}' cannot be read exactly; nothing of the file was loaded.",
            "have the sender write the column as text, or with another type"
        )
        {
            Facts = Facts(("source", source), ("found", type)),
        };

    /// <summary>The file is compressed, or packed, in a form that is not read.</summary>
    public static HeadraceException UnknownCompression(string source, string form) =>
        new(
            "HDR-127",
            $"The file is {form}, which is not read; nothing of the file was loaded.",
            "have the sender write it plain, or compressed with gzip or zstd"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>A JSON document over several lines is broken: parts of it must not become rows.</summary>
    public static HeadraceException JsonDocument(string source, long line, string found) =>
        new(
            "HDR-128",
            $"The JSON document that begins in line {line} is broken; nothing of the file was loaded.",
            "have the sender write the file again: one object a line, or whole documents"
        )
        {
            Facts = Facts(("source", source), ("line", line), ("found", found)),
        };

    /// <summary>Two columns have one name, or names that differ only in case.</summary>
    public static HeadraceException DuplicateColumn(string source, string first, string second, long? line) =>
        new(
            "HDR-131",
            "Two columns have the same name (case does not count); nothing of the file was loaded.",
            "rename one of them in the file"
        )
        {
            Facts = Facts(("source", source), ("line", line), ("found", $"{first}, {second}")),
        };

    /// <summary>A column of a header has no name.</summary>
    /// <param name="lastLine">The line in which the header ends; null when the file has no lines.</param>
    public static HeadraceException EmptyColumn(
        string source,
        int number,
        long? line,
        long? lastLine,
        IReadOnlyList<string> found
    ) =>
        new(
            "HDR-132",
            $"Column {number} has no name; nothing of the file was loaded.",
            lastLine is null
                ? "name it in the file"
                : Beginning(
                    found,
                    "name it in the file; or, to name all columns in the flow, set csv: { header: false, "
                        + $"skip: {lastLine} }} and write columns:; if the table begins in a later line, set csv: "
                        + $"{{ skip: {lastLine} }}"
                )
        )
        {
            Facts = Facts(("source", source), ("line", line), ("found", $"an empty name in place {number}")),
        };

    /// <summary>
    /// Advice on the columns of a file, which begins with what its first line looks like when that is a comment.
    /// </summary>
    private static string Beginning(IEnumerable<string> found, string next) =>
        Staging.CsvBeginning.Mark(found.FirstOrDefault()) is { } mark
            ? $"set {Staging.CsvBeginning.Setting(mark)} if the first line is a comment; or {next}"
            : next;

    /// <summary>A path pattern that cannot be read.</summary>
    public static HeadraceException BadPattern(string pattern, string why) =>
        new(
            "HDR-521",
            $"The path '{pattern}' cannot be read: {why}; nothing was read or loaded.",
            "correct path: of the flow, for example {tenant}/{table}/*.csv"
        )
        {
            Facts = Facts(("found", pattern)),
        };
}
