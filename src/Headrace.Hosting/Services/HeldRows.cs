using System.Globalization;

namespace Headrace.Hosting;

/// <summary>Rows that wait in quarantine: a dataset that is up to date without them says so.</summary>
internal static class HeldRows
{
    /// <summary>How many rows wait in these warehouses, by dataset.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> CountAsync(
        IEnumerable<IWarehouse> warehouses,
        CancellationToken cancel
    )
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var warehouse in warehouses)
        foreach (var (dataset, rows, _) in await warehouse.Quarantine.CountAsync(cancel))
            held[dataset] = rows;
        return held;
    }

    /// <summary>The runs, with what waits in quarantine said where nothing was loaded.</summary>
    public static async Task<IReadOnlyList<Run>> NotedAsync(
        IReadOnlyList<Run> runs,
        IReadOnlyList<ReadyFlow> flows,
        CancellationToken cancel
    )
    {
        var quiet = runs.Where(IsQuiet).Select(run => run.Flow).ToHashSet(StringComparer.Ordinal);
        var warehouses = flows.Where(flow => quiet.Contains(flow.Name)).Select(flow => flow.Warehouse).Distinct();
        IReadOnlyDictionary<string, long> held;
        try
        {
            held = await CountAsync(warehouses, cancel);
        }
        catch (HeadraceException error)
        {
            // What the runs did is known, and is told whatever happens to the warehouse after them.
            var unknown = $"nobody knows what waits in quarantine: {error.Code}  {error.What}";
            return [.. runs.Select(run => IsQuiet(run) ? run with { Warnings = [.. run.Warnings, unknown] } : run)];
        }

        return
        [
            .. runs.Select(run =>
                IsQuiet(run) && held.TryGetValue(run.Dataset, out var rows)
                    ? run with
                    {
                        Warnings = [.. run.Warnings, Note(run, rows)],
                    }
                    : run
            ),
        ];
    }

    private static bool IsQuiet(Run run) => run is { Outcome: Outcome.UpToDate, Error: null };

    private static string Note(Run run, long rows)
    {
        var what = rows == 1 ? "1 row waits" : $"{rows.ToString("N0", CultureInfo.InvariantCulture)} rows wait";
        return $"{what} in quarantine: headrace quarantine show {Shell.Word(run.Flow)}";
    }
}
