namespace Headrace.Sources;

/// <summary>Which of the exports there are comes next.</summary>
internal static class DynamoChain
{
    /// <summary>
    /// The export that comes next, or the one that stands there and does not join; null when nothing is new.
    /// </summary>
    /// <param name="reached">What was applied; null before the first export.</param>
    /// <param name="isConfirmed">True when the user takes the next one though it does not join.</param>
    /// <param name="notes">Gets what will never be applied, since a newer full export has it.</param>
    public static Step? Next(
        IReadOnlyList<DynamoExport> exports,
        (DateTimeOffset To, bool IsFull)? reached,
        bool isConfirmed,
        List<FileNote> notes
    )
    {
        var full = exports.Where(export => export.IsFull).MaxBy(export => export.To);
        if (reached is not { } known)
            return full is not null ? new Step(full, null, null)
                : exports.MinBy(export => export.To) is { } first ? new Step(first, isConfirmed ? null : "gap", null)
                : null;
        notes.AddRange(exports.Where(export => export.To <= known.To).Select(export => Passed(export, known.To)));
        var windows = exports.Where(export => !export.IsFull && export.To > known.To).OrderBy(export => export.From);

        // The moment of a full export is not exact: a window over it joins, since older changes change nothing newer.
        if (
            windows.FirstOrDefault(export => known.IsFull ? export.From <= known.To : export.From == known.To) is
            { } next
        )
            return new Step(next, null, known.To);
        if (full is not null && full.To > known.To)
            return new Step(full, null, known.To);
        return windows.FirstOrDefault() is { } other
            ? new Step(
                other,
                isConfirmed ? null
                    : other.From < known.To ? "overlap"
                    : "gap",
                known.To
            )
            : null;
    }

    private static FileNote Passed(DynamoExport export, DateTimeOffset to) =>
        new(
            export.Manifest,
            export.Sha256,
            "load",
            FileOutcome.Superseded,
            $"its window ends at {export.Span}, and the table has what happened until {to:u}",
            null
        );

    /// <summary>An export, and why it does not join: <c>gap</c> or <c>overlap</c>; null when it does.</summary>
    public sealed record Step(DynamoExport Export, string? Fault, DateTimeOffset? Reached);
}
