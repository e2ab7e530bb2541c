using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>All files of one version.</summary>
/// <param name="Files">Those that may be read, in the order of their keys.</param>
/// <param name="IsSettled">False while some file of it is still being written.</param>
internal sealed record Export(string Version, IReadOnlyList<LakeFile> Files, bool IsSettled)
{
    /// <summary>When the last of its files landed.</summary>
    public DateTimeOffset LandedAt { get; } = Files.Select(file => file.LandedAt).DefaultIfEmpty().Max();

    /// <summary>Compares two versions; both were given with the time at which they landed.</summary>
    /// <param name="date">Their form when they are dates; null when they are texts.</param>
    public static int Compare(
        (string Version, DateTimeOffset? LandedAt) a,
        (string Version, DateTimeOffset? LandedAt) b,
        VersionOrder order,
        PathDate? date
    )
    {
        var first = order switch
        {
            VersionOrder.Landed => Nullable.Compare(a.LandedAt, b.LandedAt),
            VersionOrder.Natural => NaturalOrder.Compare(a.Version, b.Version),
            _ => date?.Read(a.Version) is { } one && date.Read(b.Version) is { } other ? one.CompareTo(other) : 0,
        };
        return first != 0 ? first : string.CompareOrdinal(a.Version, b.Version);
    }
}
