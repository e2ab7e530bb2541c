using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Headrace.Server;

/// <summary>Where a page ended, as a word that a client gives back unread.</summary>
internal static class Place
{
    /// <summary>Of runs.</summary>
    public static string Of(Run run) => Write([$"{run.StartedAt.UtcTicks}", run.Id]);

    /// <summary>Of files, by warehouse.</summary>
    public static string Of(IReadOnlyList<FilePlace?> places) =>
        Write([
            .. places.Select(place =>
                place is null ? "" : $"{place.LandedAt.UtcTicks} {place.Sequence} {place.Dataset}"
            ),
        ]);

    /// <summary>Reads <see cref="Of(Run)"/>.</summary>
    public static (DateTimeOffset, string)? Run(string? text) =>
        text is null ? null
        : Read(text) is [var ticks, var id] && Time(ticks) is { } time ? (time, id)
        : throw Wrong();

    /// <summary>Reads <see cref="Of(IReadOnlyList{FilePlace})"/>.</summary>
    public static IReadOnlyList<FilePlace?>? Files(string? text) =>
        text is null
            ? null
            :
            [
                .. Read(text)
                    .Select(part =>
                        part.Length == 0 ? null
                        : part.Split(' ', 3) is [var ticks, var number, var dataset]
                        && Time(ticks) is { } time
                        && long.TryParse(number, CultureInfo.InvariantCulture, out var sequence)
                            ? new FilePlace(time, dataset, sequence)
                        : throw Wrong()
                    ),
            ];

    private static DateTimeOffset? Time(string ticks) =>
        long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number <= DateTimeOffset.MaxValue.Ticks
            ? new DateTimeOffset(number, TimeSpan.Zero)
            : null;

    private static string Write(IReadOnlyList<string> parts) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join('\n', parts)));

    private static string[] Read(string text) =>
        Base64Url.IsValid(text) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('\n') : throw Wrong();

    private static HeadraceException Wrong() =>
        Error.BadParameter("after", "is no place of an earlier answer", "give back its `next` as it came");
}
