using System.Globalization;

namespace Headrace;

public static partial class Error
{
    /// <summary>A stream does not say what is in it.</summary>
    public static HeadraceException StreamRefused(string stream, string found, Exception? inner, bool transient) =>
        new(
            "HDR-336",
            "The stream cannot be read; nothing of it was loaded.",
            "read what was found; docs/kinesis.md has the rights that are needed, and where credentials are looked for",
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
}
