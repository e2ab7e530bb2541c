namespace Headrace.Hosting;

/// <summary>What Headrace's own tables have held for longer than <c>history:</c> says.</summary>
internal static class OldRecords
{
    /// <summary>
    /// Removes it from the warehouses in which no run failed. Whole days go, so that of many runs a day one removes
    /// something. A run that could not has a warning.
    /// </summary>
    /// <param name="history">How long it is kept; null for good.</param>
    public static async Task<IReadOnlyList<Run>> RemovedAsync(
        TimeSpan? history,
        DateTimeOffset now,
        IReadOnlyList<Run> runs,
        IReadOnlyList<ReadyFlow> flows,
        CancellationToken cancel
    )
    {
        if (history is not { } age)
            return runs;
        var before = new DateTimeOffset((now - age).UtcDateTime.Date, TimeSpan.Zero);
        var failed = runs.Where(run => run.Error is not null).Select(run => run.Flow).ToHashSet(StringComparer.Ordinal);
        foreach (var its in flows.GroupBy(flow => flow.Warehouse, flow => flow.Name))
        {
            if (its.Any(failed.Contains))
                continue;
            try
            {
                await its.Key.RemoveOldAsync(before, cancel);
            }
            catch (HeadraceException error)
            {
                // What the runs did is known, and is told whatever happens to the warehouse after them.
                var there = $"old records of Headrace are still there: {error.Code}  {error.What}";
                runs =
                [
                    .. runs.Select(run =>
                        its.Contains(run.Flow) ? run with { Warnings = [.. run.Warnings, there] } : run
                    ),
                ];
            }
        }

        return runs;
    }
}
