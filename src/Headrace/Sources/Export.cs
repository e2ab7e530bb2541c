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
    public static int Compare((string Version, DateTimeOffset? LandedAt) a, (string Version, DateTimeOffset? LandedAt) b, VersionOrder order)
    {
        var first = order switch
        {
            VersionOrder.Landed => Nullable.Compare(a.LandedAt, b.LandedAt),
            VersionOrder.Natural => Natural(a.Version, b.Version),
            _ => 0,
        };
        return first != 0 ? first : string.CompareOrdinal(a.Version, b.Version);
    }

    // Runs of digits are numbers of any length; everything else is compared letter by letter.
    private static int Natural(string a, string b)
    {
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (!char.IsAsciiDigit(a[i]) || !char.IsAsciiDigit(b[j]))
            {
                if (a[i] != b[j])
                    return a[i].CompareTo(b[j]);
                i++;
                j++;
                continue;
            }

            var x = Digits(a, ref i);
            var y = Digits(b, ref j);
            var first = x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.SequenceCompareTo(y);
            if (first != 0)
                return first;
        }

        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
