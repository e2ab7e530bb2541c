using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// Which exports are to be started, so that each joins the one before: nothing of it is written down, since the
/// position of the table and DynamoDB's own list of exports say it.
/// </summary>
/// <param name="Start">In their order; empty when nothing is due.</param>
/// <param name="ReachedTo">Up to where exports go that are there, applied or under way; null for none.</param>
/// <param name="IsLost">True when what is to be exported is older than what DynamoDB keeps.</param>
public sealed record ExportPlan(IReadOnlyList<ExportWindow> Start, DateTimeOffset? ReachedTo, bool IsLost = false)
{
    /// <summary>Up to where a table has what happened; null before its first export.</summary>
    public static DateTimeOffset? Reached(Position from) => DynamoExport.Reached(from)?.To;

    /// <summary>Makes the plan.</summary>
    /// <param name="from">What the table has.</param>
    /// <param name="exports">Those into the flow's folder that may be newer.</param>
    /// <param name="kept">From when to when DynamoDB knows what happened.</param>
    /// <param name="window">How much time passes at least between the ends of two exports.</param>
    public static ExportPlan Of(
        Position from,
        IReadOnlyList<TableExport> exports,
        (DateTimeOffset From, DateTimeOffset To) kept,
        TimeSpan window
    )
    {
        var there = exports.Where(export => export.State != TableExportState.Failed).ToList();
        var full = there.Where(export => export.IsFull).MaxBy(export => export.To);
        if ((DynamoExport.Reached(from) ?? (full is null ? null : (full.To, true))) is not { } end)
            return new ExportPlan([ExportWindow.Full], null);
        var start = new List<ExportWindow>();
        while (true)
        {
            end = Follow(there, full, end);
            // A window of those that are there may have failed between others: the hole ends where the next begins.
            var next = there.Where(export => export.From > end.To).Min(export => export.From);
            var to = next ?? DateTimeOffset.FromUnixTimeSeconds(kept.To.ToUnixTimeSeconds());
            if (to - end.To < (next is null ? window : ExportSettings.Shortest))
                return new ExportPlan(start, end.To);
            if (end.To < kept.From)
                return new ExportPlan([], end.To, IsLost: true);
            start.AddRange(Split(end.To, to));
            end = (to, false);
        }
    }

    // As the exports will be applied.
    private static (DateTimeOffset To, bool IsFull) Follow(
        List<TableExport> exports,
        TableExport? full,
        (DateTimeOffset To, bool IsFull) end
    )
    {
        while (true)
            if (
                exports
                    .Where(export => export.To > end.To && (end.IsFull ? export.From <= end.To : export.From == end.To))
                    .MinBy(export => export.From) is
                { } window
            )
                end = (window.To, false);
            else if (full is not null && full.To > end.To)
                end = (full.To, true);
            else
                return end;
    }

    // Few windows, none of them too long, and all of about one length, so that none is too short.
    private static IEnumerable<ExportWindow> Split(DateTimeOffset from, DateTimeOffset to)
    {
        var count = (int)Math.Ceiling((to - from) / ExportSettings.Longest);
        for (var i = 0; i < count; i++)
            yield return new ExportWindow(End(i), End(i + 1));

        DateTimeOffset End(int i) =>
            i == 0 ? from
            : i == count ? to
            : DateTimeOffset.FromUnixTimeSeconds((from + ((to - from) * i / count)).ToUnixTimeSeconds());
    }
}
