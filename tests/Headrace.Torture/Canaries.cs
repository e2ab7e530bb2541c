namespace Headrace.Torture;

/// <summary>
/// Searches for planted bugs: each on every target that it can break. A harness that finds none is no proof.
/// </summary>
internal static class Canaries
{
    private const int Most = 40;

    // What a server of its own is needed for: a commit without a client, and a second runner in the warehouse.
    private static readonly string[] OfPostgres = ["naive-retry", "missing-fence", "clean-unasked"];

    /// <summary>
    /// The searches that these arguments ask for, the longest first: the last ones would be left alone with half the
    /// machine.
    /// </summary>
    public static IEnumerable<(string Bug, Target Target)> Of(Arguments options)
    {
        IEnumerable<string> bugs =
        [
            .. options.Kills > 0 || options.Trials == 0 ? Failpoint.Bugs : [],
            .. options.Trials > 0 ? Failpoint.TableBugs : [],
        ];
        return bugs.SelectMany(bug =>
            options
                .Targets.Where(target => target == Target.Postgres || !OfPostgres.Contains(bug))
                .Select(target => (bug, target))
        );
    }

    /// <summary>How a planted bug was found; null when it was not.</summary>
    public static async Task<string?> SearchAsync(string bug, Target target, Arguments options)
    {
        var isOfTables = Failpoint.TableBugs.Contains(bug);
        await using var lane = await Lane.StartAsync(isOfTables ? Target.Postgres : target, options.IsOnAws);
        var (tally, setting) = (new Tally(), options.Setting with { Keep = false, Plant = bug });
        for (var i = 1; i <= Most; i++)
            if (
                await TryAsync(setting, isOfTables, lane, tally, target, Program.SeedOf(options.Seed, i)) is { } problem
            )
                return $"found {bug} on {target.ToString().ToLowerInvariant()} after {tally.Processes} runs, "
                    + $"in {(isOfTables ? "round" : "sequence")} {i}: {problem}";
        return null;
    }

    private static async Task<string?> TryAsync(
        Setting setting,
        bool isOfTables,
        Lane lane,
        Tally tally,
        Target target,
        int seed
    )
    {
        if (isOfTables)
            return await new TableTrials(setting, lane.Postgres!, tally, target).RoundAsync(seed) is [var first, ..]
                ? first
                : null;
        await using var sequence = await Sequence.MakeAsync(seed, setting, tally, lane);
        await sequence.RunAsync();
        return sequence.Problems.FirstOrDefault();
    }
}
