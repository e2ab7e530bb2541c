using Headrace.Tests;

namespace Headrace.Torture;

/// <summary>The crash harness: lanes, canaries, verdict.</summary>
internal static class Program
{
    // Wrong ones; there is no use in going on.
    private const int Enough = 5;

    private static readonly Lock Printing = new();

    public static async Task<int> Main(string[] args)
    {
        if (Arguments.Parse(args) is not { } options)
            return 2;
        var verdicts = new Verdicts();
        if (options.Sequence is { } seed)
        {
            var target = options.Target ?? Target.DuckDb;
            await using var lane = await Lane.StartAsync(target, options.IsOnAws);
            var alone = new Tally();
            verdicts.Add(
                await RunAsync(
                    seed,
                    options.Setting with
                    {
                        Plant = options.Plant,
                    },
                    alone,
                    target,
                    lane,
                    verbose: true
                ),
                $"sequence {seed}"
            );
            alone.Print(Console.Out);
        }

        if (options.Round is { } round)
        {
            await using var cluster = await PostgresCluster.StartAsync();
            var alone = new Tally();
            await RoundAsync(options.Setting, cluster, alone, options.Target ?? Target.Postgres, round);
            verdicts.Add(alone.Wrong == 0, $"round {round}");
        }

        // Runs of tables wait for much of their time: all share the lanes.
        var killed = options.Sequence is null && options.Kills > 0 ? options.Targets : [];
        var shares = killed.Count + (options.Trials > 0 ? 1 : 0);
        var each = options with
        {
            Lanes = Math.Max(1, options.Lanes / Math.Max(1, shares)),
            Kills = (options.Kills + killed.Count - 1) / Math.Max(1, killed.Count),
        };
        var killing = killed.Select(target => (target, Run: KillRunAsync(each, target))).ToList();
        var trying = options.Trials > 0 ? TrialRunAsync(each) : null;
        foreach (var (target, run) in killing)
            Judge(verdicts, options, target, await run);
        if (trying is not null)
            JudgeTables(verdicts, options, await trying);

        if (options.Canaries)
        {
            Console.WriteLine();
            await Parallel.ForEachAsync(
                Canaries.Of(options),
                new ParallelOptions { MaxDegreeOfParallelism = options.Lanes },
                async (canary, _) =>
                {
                    var found = await Canaries.SearchAsync(canary.Bug, canary.Target, options);
                    lock (Printing)
                        Console.WriteLine(
                            found ?? $"{canary.Bug} was not found on {canary.Target.ToString().ToLowerInvariant()}"
                        );
                    verdicts.Add(
                        found is not null,
                        $"canary {canary.Bug} was not found on {canary.Target.ToString().ToLowerInvariant()}"
                    );
                }
            );
        }

        return verdicts.End();
    }

    // A sequence is known by its own seed, so that it can be repeated without those before it.
    public static int SeedOf(int seed, int number) => (seed % 20_000) * 100_000 + number;

    private static void Judge(Verdicts verdicts, Arguments options, Target target, Tally tally)
    {
        var where = $"{(options.IsOnAws ? "files in a bucket" : "files")} into {target.ToString().ToLowerInvariant()}";
        Console.WriteLine($"{Environment.NewLine}{where}");
        tally.Print(Console.Out, options.Release is null ? [.. options.Setting.Hit] : []);
        verdicts.Add(tally.Wrong == 0, $"{where}: {tally.Wrong} of {tally.Sequences} sequences were wrong");
        if (options.Release is not null)
        {
            verdicts.Add(tally.Kills > 0, $"{where}: nothing was killed");
            return;
        }

        verdicts.Add(tally.Kills > 0, $"{where}: nothing was killed");
        foreach (var name in options.Setting.Hit)
            verdicts.Add(tally.KillsAt(name) > 0, $"{where}: failpoint {name} was never hit");
        foreach (var fault in target == Target.Postgres ? ServerFaults.All : [])
            verdicts.Add(tally.FaultsOf(fault) > 0, $"{where}: never happened: {fault}");
    }

    private static void JudgeTables(Verdicts verdicts, Arguments options, Tally tally)
    {
        Console.WriteLine($"{Environment.NewLine}tables");
        tally.Print(Console.Out, Failpoint.OfTables);
        verdicts.Add(tally.Wrong == 0, $"{tally.Wrong} of {tally.Sequences} rounds of tables were wrong");
        verdicts.Add(tally.Kills > 0, "nothing was killed while tables were read");
        foreach (var name in Failpoint.OfTables)
            verdicts.Add(tally.KillsAt(name) > 0, $"failpoint {name} was never hit by a table");
        foreach (var fault in options.Target == Target.DuckDb ? TableFaults.OfDuckDb : TableFaults.All)
            verdicts.Add(tally.FaultsOf(fault) > 0, $"never happened to a run of tables: {fault}");
    }

    // What has never happened by then is not reached by chance.
    private const int More = 300;

    /// <summary>
    /// True before there were as many as asked for, and for some more while something has never happened.
    /// </summary>
    private static bool IsMissing(int done, int asked, Func<bool> lacks) =>
        done < asked || (done < asked + More && lacks());

    /// <summary>Rounds of trials in all lanes until there were as many as asked for.</summary>
    private static async Task<Tally> TrialRunAsync(Arguments options)
    {
        var tally = new Tally();
        var started = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, options.Lanes)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        await using var cluster = await PostgresCluster.StartAsync();
                        while (
                            IsMissing(
                                tally.Processes,
                                options.Trials,
                                () => Failpoint.OfTables.Any(name => tally.KillsAt(name) == 0)
                            )
                            && tally.Wrong < Enough
                        )
                        {
                            var number = Interlocked.Increment(ref started);
                            await RoundAsync(
                                options.Setting,
                                cluster,
                                tally,
                                options.Target ?? (Target)(number % 2),
                                SeedOf(options.Seed, number)
                            );
                        }
                    })
                )
        );
        return tally;
    }

    private static async Task RoundAsync(Setting setting, PostgresCluster cluster, Tally tally, Target target, int seed)
    {
        var trials = new TableTrials(setting, cluster, tally, target);
        var wrong = await trials.RoundAsync(seed);
        tally.Sequence(wrong.Count == 0);
        if (wrong.Count == 0)
            return;
        lock (Printing)
        {
            foreach (var line in trials.Log)
                Console.WriteLine($"    {line}");
            foreach (var problem in wrong)
                Console.WriteLine($"  WRONG  {problem}");
            Console.WriteLine(
                $"  the writers and faults of this round once more: --round {seed} --target "
                    + $"{target.ToString().ToLowerInvariant()}"
            );
        }
    }

    /// <summary>
    /// Sequences in all lanes until there were as many kills as asked for. A lane has a server of its own, which goes
    /// down now and then.
    /// </summary>
    private static async Task<Tally> KillRunAsync(Arguments options, Target target)
    {
        var tally = new Tally();
        var started = 0;
        bool Lacks() =>
            options.Release is null
            && (
                options.Setting.Hit.Any(name => tally.KillsAt(name) == 0)
                || (target == Target.Postgres && ServerFaults.All.Any(fault => tally.FaultsOf(fault) == 0))
            );
        await Task.WhenAll(
            Enumerable
                .Range(0, options.Lanes)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        await using var lane = await Lane.StartAsync(target, options.IsOnAws);
                        while (IsMissing(tally.Kills, options.Kills, Lacks) && tally.Wrong < Enough)
                            await RunAsync(
                                SeedOf(options.Seed, Interlocked.Increment(ref started)),
                                options.Setting,
                                tally,
                                target,
                                lane,
                                verbose: false
                            );
                    })
                )
        );
        return tally;
    }

    private static async Task<bool> RunAsync(
        int seed,
        Setting setting,
        Tally tally,
        Target target,
        Lane lane,
        bool verbose
    )
    {
        await using var sequence = await Sequence.MakeAsync(seed, setting, tally, lane);
        await sequence.RunAsync();
        tally.Sequence(sequence.Problems.Count == 0);
        if (verbose || sequence.Problems.Count > 0)
            lock (Printing)
            {
                foreach (var line in sequence.Log)
                    Console.WriteLine($"    {line}");
                foreach (var problem in sequence.Problems.Take(20))
                    Console.WriteLine($"  WRONG  {problem}");
                if (sequence.Problems.Count > 0)
                    Console.WriteLine(
                        $"  repeat with --sequence {seed} --target {target.ToString().ToLowerInvariant()}"
                            + (setting.IsOnAws ? " --lake s3" : "")
                    );
            }

        return sequence.Problems.Count == 0;
    }
}
