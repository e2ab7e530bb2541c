namespace Headrace;

public static partial class Error
{
    /// <summary>An export that was applied has a new file, or other content in one of its files.</summary>
    public static HeadraceException ExportChanged(string source, string version, string flow, string key) =>
        new(
            "HDR-212",
            $"The export {version} was applied before and has another content now; nothing of it was loaded again.",
            "have it delivered as a new version; or, to compare it again as it is now: headrace run "
                + $"{Shell.Word(flow)} --accept {Shell.Word(key)}"
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
            $"The export {version} would delete {deleted} of {before} rows, "
                + $"{MoreThan(most)}; nothing of it was loaded.",
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
            $"The repair would delete {deleted} of {rows} rows of the target, "
                + $"{MoreThan(most)}; nothing was repaired.",
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
            $"The export {version} would update or delete {changed} of {before} rows, more than limits: "
                + $"{{ max_changed: {Share(most)} }}; nothing of it was loaded.",
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
            $"The export {version} has {rows} {(rows == 1 ? "row" : "rows")}, fewer than limits: "
                + $"{{ min_rows: {least} }}; nothing of it was loaded.",
            $"mend or remove it; if it is right, set limits: {{ min_rows: {rows} }} for this flow"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    private static string Share(double share) => Configuration.Binding.Quantity.Text(share);

    private static string MoreThan(double? mostDeleted) =>
        mostDeleted is { } share ? $"more than limits: {{ max_deleted: {Share(share)} }}" : "more than half of them";
}
