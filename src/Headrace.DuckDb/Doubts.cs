namespace Headrace.DuckDb;

/// <summary>What a comparison by key cannot say, and what it found where a key is not there once.</summary>
/// <param name="Source">Rows of the new side that were not compared: a value that does not fit, no key, or a key that
/// is there more than once.</param>
/// <param name="Target">The same of the old side.</param>
/// <param name="Copies">Of the keys that a table has more than once, its rows beyond the first ones: they are
/// differences.</param>
/// <param name="SourceTwice">The first keys that the new side has more than once.</param>
/// <param name="TargetTwice">The first keys that the old side has more than once.</param>
/// <param name="Sample">The first rows of the new side that were not compared.</param>
public sealed record Doubts(
    long Source,
    long Target,
    long Copies,
    IReadOnlyList<string> SourceTwice,
    IReadOnlyList<string> TargetTwice,
    IReadOnlyList<BadRow> Sample
)
{
    /// <summary>How many keys or rows are named.</summary>
    public const int Shown = 5;

    /// <summary>Sentences that name them.</summary>
    public IEnumerable<string> Sentences
    {
        get
        {
            if (TargetTwice.Count > 0)
                yield return $"the target has these keys more than once: {Named(TargetTwice)}";
            if (SourceTwice.Count > 0)
                yield return "the source has these keys more than once, "
                    + $"and nobody can say which row counts: {Named(SourceTwice)}";
            if (Source > 0)
                yield return $"{Rows(Source)} of the source could not be compared: "
                    + string.Join("; ", Sample.Select(row => $"{row.Column ?? "the row"} {row.Value}: {row.Reason}"));
            if (Target > 0)
                yield return $"{Rows(Target)} of the target could not be compared: "
                    + "no key, or a value that does not fit";
        }
    }

    private static string Rows(long rows) => $"{rows} {(rows == 1 ? "row" : "rows")}";

    private static string Named(IReadOnlyList<string> keys) =>
        keys.Count == Shown ? $"{string.Join("; ", keys)} and perhaps more" : string.Join("; ", keys);
}
