using System.Globalization;

namespace Headrace;

public static partial class Error
{
    /// <summary>An operation of a committed load is larger than a record of the stream may be.</summary>
    public static HeadraceException OperationTooLarge(Publication publication, string where, int bytes, int most) =>
        new(
            "HDR-322",
            $"{Operations(publication)} could not be published, since one is larger than the stream takes; the rows "
                + "are loaded, and those before it may be published.",
            "publish fewer columns (columns: { NAME: { drop: true } }), or to a connection of type jsonl"
        )
        {
            Facts = Facts(
                ("dataset", publication.Dataset.Name),
                ("version", publication.Version),
                ("where", where),
                ("bytes", bytes),
                ("most", most)
            ),
        };

    /// <summary>A stream does not say what is in it.</summary>
    public static HeadraceException StreamRefused(string stream, string found, Exception? inner, bool transient) =>
        new(
            "HDR-336",
            "The stream cannot be read; nothing of it was loaded.",
            "read what was found; headrace iam-policy prints the rights that are needed, and docs/kinesis.md says "
                + "where credentials are looked for",
            inner
        )
        {
            Facts = Facts(("stream", stream), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>A shard was not read for longer than the stream keeps records.</summary>
    public static HeadraceException StreamGap(
        string stream,
        string dataset,
        string shard,
        (string Last, DateTimeOffset ReadAt) known,
        TimeSpan retention,
        string flow
    ) =>
        new(
            "HDR-240",
            "There may be a gap: the stream was not read for longer than it keeps records; nothing was loaded.",
            $"make good what is missing (a new export of the source), then go on: headrace run {Shell.Word(flow)} "
                + $"--confirm {Shell.Word(dataset)}"
        )
        {
            Facts = Facts(
                ("dataset", dataset),
                ("stream", stream),
                ("shard", shard),
                ("read to", known.Last),
                ("read at", $"{known.ReadAt.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}"),
                ("kept for", $"{retention.TotalHours:0} hours")
            ),
        };

    /// <summary>The windows of two exports of DynamoDB do not join.</summary>
    /// <param name="fault"><c>gap</c> or <c>overlap</c>.</param>
    /// <param name="reached">What the table has; null before the first export.</param>
    public static HeadraceException ExportsDoNotJoin(
        string fault,
        string window,
        DateTimeOffset? reached,
        string source,
        string dataset,
        string flow
    ) =>
        new(
            "HDR-241",
            $"There is {(fault == "gap" ? "a gap" : "an overlap")} between two exports; nothing of the later one was "
                + "loaded.",
            $"{(
                fault == "gap"
                    ? "bring the export that is missing, or a full one, which makes the table anew"
                    : "remove the export whose window begins too early, or bring a full one"
            )}; or take it as it is: headrace run {Shell.Word(flow)} --confirm {Shell.Word(dataset)}"
        )
        {
            Facts = Facts(
                ("dataset", dataset),
                ("source", source),
                ("found", fault),
                ("window", window),
                (
                    "loaded to",
                    reached?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
                        ?? "nothing: no full export is there"
                )
            ),
        };

    /// <summary>A file is not what who wrote it says.</summary>
    public static HeadraceException ChecksumDiffers(string source, string expected, string found) =>
        new(
            "HDR-242",
            "The file is not the one that its manifest names: its MD5 is another; nothing of it was loaded.",
            "copy the file again, whole"
        )
        {
            Facts = Facts(("source", source), ("md5", expected), ("found", found)),
        };

    /// <summary>The manifest of an export of DynamoDB is none, or its export is not whole.</summary>
    public static HeadraceException BadManifest(string source, string found) =>
        new(
            "HDR-243",
            "The export is not whole, or its manifest cannot be read; nothing of it was loaded.",
            "bring all files of the export as AWS wrote them, in format DYNAMODB_JSON"
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };
}
