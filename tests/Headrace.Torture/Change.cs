using System.Globalization;

namespace Headrace.Torture;

/// <summary>What happened to a row of a source. Changes compare by the order in which they happened.</summary>
/// <param name="Op">As the file says it.</param>
internal sealed record Change(string Op, long Key, string Name, string City, string Amount, DateTime At, long? Seq)
    : IComparable<Change>
{
    /// <summary>Where its file stands among all; empty for the first copy.</summary>
    public string Place { get; init; } = "";

    /// <summary>Its line in the file.</summary>
    public long Line { get; init; }

    public bool IsGone => Op is "D" or "d";

    /// <summary>The values whose change opens a version.</summary>
    public string Tracked => $"{Name}|{Amount}";

    /// <summary>The change with one column as a release mends it.</summary>
    /// <param name="set"><c>column=value</c>.</param>
    public Change Mend(string set)
    {
        var (column, value) = (set[..set.IndexOf('=', StringComparison.Ordinal)], set[(set.IndexOf('=') + 1)..]);
        return column switch
        {
            "Op" => this with { Op = value },
            "id" => this with { Key = long.Parse(value, CultureInfo.InvariantCulture) },
            "amount" => this with { Amount = value },
            "seq" => this with { Seq = long.Parse(value, CultureInfo.InvariantCulture) },
            _ => this with { At = DateTime.Parse(value, CultureInfo.InvariantCulture) },
        };
    }

    public static string Text(DateTime? at) =>
        at?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? Content.Null;

    /// <summary>
    /// All of the first copy before every change, then the sequence, then the place of the file and the line in it.
    /// </summary>
    public int CompareTo(Change? other)
    {
        if (other is null || Place.Length == 0 || other.Place.Length == 0)
            return Place.Length.CompareTo(other?.Place.Length ?? -1);
        var order = Nullable.Compare(Seq, other.Seq);
        if (order == 0)
            order = string.CompareOrdinal(Place, other.Place);
        return order == 0 ? Line.CompareTo(other.Line) : order;
    }
}

/// <summary>What a set of changes makes of a table, said plainly: the set alone decides.</summary>
internal static class Changed
{
    /// <summary>The rows as they are now: the newest change of each.</summary>
    /// <param name="isSoft">A row that is gone stays, and says so.</param>
    public static IEnumerable<string> Now(IEnumerable<Change> changes, bool isSoft)
    {
        foreach (var row in changes.GroupBy(change => change.Key))
        {
            var isGone = row.Max()!.IsGone;
            if (row.Where(change => !change.IsGone).Max() is { } values && (isSoft || !isGone))
                yield return $"{Values(values, values)}{(isSoft ? isGone ? "|1" : "|0" : "")}";
        }
    }

    /// <summary>The versions of the rows: of each moment the newest change, and what it opens and ends.</summary>
    public static IEnumerable<string> History(IEnumerable<Change> changes)
    {
        foreach (var row in changes.GroupBy(change => change.Key))
        {
            Change? first = null,
                last = null;
            foreach (var moment in row.GroupBy(change => change.At).OrderBy(moment => moment.Key))
            {
                var change = moment.Max()!;
                if (first is null || change.IsGone || change.Tracked != first.Tracked)
                {
                    if (first is not null)
                        yield return Version(first, last!, change.At);
                    first = change.IsGone ? null : change;
                }

                last = change;
            }

            if (first is not null)
                yield return Version(first, last!, null);
        }
    }

    private static string Version(Change first, Change last, DateTime? until) =>
        $"{Values(first, last)}|{Change.Text(first.At)}|{Change.Text(until)}|{(until is null ? 1 : 0)}";

    // The city opens no version: it is what the last change within one says.
    private static string Values(Change first, Change last) =>
        $"{first.Key}|{first.Name}|{last.City}|{first.Amount}|{Change.Text(first.At)}|"
        + (first.Seq?.ToString(CultureInfo.InvariantCulture) ?? Content.Null);
}
