namespace Headrace;

/// <summary>What one command asks of the runner.</summary>
public sealed record RunOptions
{
    /// <summary>Go through all steps and write nothing to any target.</summary>
    public bool IsPlan { get; init; }

    /// <summary>Datasets at once.</summary>
    public int Parallel { get; init; } = 5;

    /// <summary>No new batch begins after this long; what is left is for the next run.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>Keys of changed files that are to be loaded this time.</summary>
    public IReadOnlySet<string> Accepted { get; init; } = new HashSet<string>();

    /// <summary>Of these keys those that some dataset has, once the command has run.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, bool> Found { get; } =
        new(StringComparer.Ordinal);

    /// <summary>Datasets whose change set the user confirmed, which a limit stopped before.</summary>
    public IReadOnlySet<string> Confirmed { get; init; } = new HashSet<string>();

    /// <summary>Datasets that take their table from its other owners.</summary>
    public IReadOnlySet<string> TakenOver { get; init; } = new HashSet<string>();

    /// <summary>Datasets that alone are run of their flows; none for all datasets.</summary>
    public IReadOnlySet<string> Only { get; init; } = new HashSet<string>();

    /// <summary>Those of one flow.</summary>
    internal IReadOnlyList<string> OnlyOf(string flow) =>
        [.. Only.Where(name => name.StartsWith($"{flow}/", StringComparison.Ordinal))];

    /// <summary>For a plan: flows that it has found something to load for.</summary>
    internal IReadOnlySet<string> Pending { get; init; } = new HashSet<string>();

    /// <summary>Hears of each dataset that begins, before anything of it is done.</summary>
    public Action<Run>? Began { get; init; }

    /// <summary>Hears of each dataset as it starts, goes on and ends.</summary>
    public Action<Run, LoadProgress?>? Observe { get; init; }
}
