namespace Headrace;

/// <summary>
/// The flows of one command in the order in which they may run: first those that wait for none of the others, then
/// those that read them, and so on. What reads a flow that failed does not run.
/// </summary>
internal sealed class Waves(IReadOnlyList<ReadyFlow> flows)
{
    private readonly List<ReadyFlow> left = [.. flows];
    private readonly Dictionary<string, string> undone = new(StringComparer.Ordinal);
    private readonly HashSet<string> pending = new(StringComparer.Ordinal);
    private readonly List<Run> runs = [];

    /// <summary>All runs so far.</summary>
    public IReadOnlyList<Run> Runs => runs;

    /// <summary>For a plan: the flows that would load something.</summary>
    public IReadOnlySet<string> Pending => pending;

    /// <summary>
    /// Takes those that may run now, and those that may not with the reason; false when none is left.
    /// </summary>
    /// <param name="stop">Why nothing that waited for something is to begin; null when it is.</param>
    public bool Next(
        string? stop,
        out IReadOnlyList<ReadyFlow> wave,
        out IReadOnlyList<(ReadyFlow Flow, string Reason)> blocked
    )
    {
        var names = left.Select(flow => flow.Name).ToHashSet(StringComparer.Ordinal);
        var ready = left.Where(flow => !flow.After.Any(names.Contains)).ToList();

        // Of models that empty one table together each must see which of the others have read it.
        var emptied = new HashSet<string>(StringComparer.Ordinal);
        ready.RemoveAll(flow => flow.Empties.Count > 0 && !flow.Empties.All(emptied.Add));
        if (ready.Count == 0 && left.Count > 0)
            throw Error.Bug("flows wait for each other.");
        left.RemoveAll(ready.Contains);
        blocked = [.. ready.Select(flow => (flow, Reason(flow, stop)!)).Where(one => one.Item2 is not null)];
        foreach (var (flow, _) in blocked)
            undone[flow.Name] = "was not run";
        wave = [.. ready.Except(blocked.Select(one => one.Flow))];
        return ready.Count > 0;
    }

    /// <summary>Takes the runs of a wave.</summary>
    public void Add(IEnumerable<Run> ended)
    {
        foreach (var run in ended)
        {
            runs.Add(run);
            if (run.Outcome == Outcome.WouldLoad)
                pending.Add(run.Flow);
            if (run.Error is not null)
                undone[run.Flow] = run.Outcome == Outcome.Stopped ? "was stopped" : "failed";
        }
    }

    private string? Reason(ReadyFlow flow, string? stop) =>
        flow.After.FirstOrDefault(undone.ContainsKey) is { } other
            ? $"'{other}', which it reads, {undone[other]}; the rows are as they were"
        : runs.Count > 0 && flow.After.Count > 0 ? stop
        : null;
}
