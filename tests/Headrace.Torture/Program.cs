using System.Globalization;

namespace Headrace.Torture;

/// <summary>The crash harness: arguments, lanes, canaries, verdict.</summary>
internal static class Program
{
    private const int CanarySequences = 40;

    private static readonly Lock Printing = new();

    public static async Task<int> Main(string[] args)
    {
        if (Arguments.Parse(args) is not { } options)
            return 2;
        if (!File.Exists(options.Headrace))
        {
            Console.Error.WriteLine($"{options.Headrace} is not there: build it with ./build.sh --native, or name it with --headrace.");
            return 2;
        }

        var (passed, failed) = (0, 0);
        void Verdict(bool isRight, string what)
        {
            if (isRight)
                passed++;
            else
                failed++;
            if (!isRight)
                Console.WriteLine($"FAILED  {what}");
        }

        if (options.Sequence is { } seed)
        {
            var alone = new Tally();
            Verdict(await RunAsync(seed, new Setting(options.Headrace, options.Keep, options.Plant), alone, verbose: true), $"sequence {seed}");
            alone.Print(Console.Out);
        }

        // Runs of tables wait for much of their time: both share the lanes.
        var each = options is { Kills: > 0, Trials: > 0 } ? options with { Lanes = (options.Lanes + 1) / 2 } : options;
        var (killing, trying) = (options.Sequence is null && options.Kills > 0 ? KillRunAsync(each) : null, options.Trials > 0 ? TrialRunAsync(each) : null);
        if (killing is not null)
        {
            var tally = await killing;
            tally.Print(Console.Out);
            Verdict(tally.Wrong == 0, $"{tally.Wrong} of {tally.Sequences} sequences were wrong");
            foreach (var name in Failpoint.Names)
                Verdict(tally.KillsAt(name) > 0, $"failpoint {name} was never hit");
        }

        if (options.Round is { } round)
        {
            await using var cluster = await Tests.PostgresCluster.StartAsync();
            var alone = new Tally();
            await RoundAsync(new Setting(options.Headrace, options.Keep), cluster, alone, options.Target ?? TableTarget.Postgres, round);
            Verdict(alone.Wrong == 0, $"round {round}");
        }

        if (trying is not null)
        {
            var tally = await trying;
            tally.Print(Console.Out, Failpoint.OfTables);
            Verdict(tally.Wrong == 0, $"{tally.Wrong} of {tally.Sequences} rounds of tables were wrong");
            foreach (var name in Failpoint.OfTables)
                Verdict(tally.KillsAt(name) > 0, $"failpoint {name} was never hit by a table");
            foreach (var fault in options.Target == TableTarget.DuckDb ? TableFaults.OfDuckDb : TableFaults.All)
                Verdict(tally.FaultsOf(fault) > 0, $"never happened to a run of tables: {fault}");
        }

        // The longest first: each searches by itself, and the last ones would be left alone with half the machine.
        if (options.Canaries)
        {
            var canaries = (options.Kills > 0 || options.Trials == 0 ? Failpoint.Bugs.Select(bug => (bug, Search: (Func<string, Arguments, Task<string?>>)CanaryAsync)) : [])
                .Concat(options.Trials > 0 ? Failpoint.TableBugs.Select(bug => (bug, Search: (Func<string, Arguments, Task<string?>>)TableCanaryAsync)) : []);
            Console.WriteLine();
            await Parallel.ForEachAsync(canaries, new ParallelOptions { MaxDegreeOfParallelism = options.Lanes }, async (canary, _) =>
            {
                var found = await canary.Search(canary.bug, options);
                lock (Printing)
                {
                    Console.WriteLine(found ?? $"{canary.bug} was not found {CanarySequences} times");
                    Verdict(found is not null, $"canary {canary.bug} was not found");
                }
            });
        }

        Console.WriteLine($"torture: {passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>True before there were as many as asked for, and, for as many again, while a failpoint was never hit.</summary>
    private static bool IsMissing(Tally tally, int done, int asked, IReadOnlyList<string> failpoints) =>
        done < asked || (done < 2 * asked && failpoints.Any(name => tally.KillsAt(name) == 0));

    /// <summary>Rounds of trials in all lanes until there were as many as asked for, or too many wrong ones to go on.</summary>
    private static async Task<Tally> TrialRunAsync(Arguments options)
    {
        const int enough = 5;
        var tally = new Tally();
        var started = 0;
        await Task.WhenAll(Enumerable.Range(0, options.Lanes).Select(_ => Task.Run(async () =>
        {
            await using var cluster = await Tests.PostgresCluster.StartAsync();
            while (IsMissing(tally, tally.Processes, options.Trials, Failpoint.OfTables) && tally.Wrong < enough)
            {
                var number = Interlocked.Increment(ref started);
                var target = options.Target ?? (TableTarget)(number % 2);
                var seed = SeedOf(options.Seed, number);
                await RoundAsync(new Setting(options.Headrace, options.Keep), cluster, tally, target, seed);
            }
        })));
        return tally;
    }

    private static async Task RoundAsync(Setting setting, Tests.PostgresCluster cluster, Tally tally, TableTarget target, int seed)
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
            Console.WriteLine($"  the writers and faults of this round once more: --round {seed} --target {target.ToString().ToLowerInvariant()}");
        }
    }

    private static async Task<string?> TableCanaryAsync(string bug, Arguments options)
    {
        await using var cluster = await Tests.PostgresCluster.StartAsync();
        var tally = new Tally();
        var target = bug is "naive-retry" or "missing-fence" ? TableTarget.Postgres : TableTarget.DuckDb;
        for (var i = 1; i <= CanarySequences; i++)
            if (await new TableTrials(new Setting(options.Headrace, Keep: false, bug), cluster, tally, target).RoundAsync(SeedOf(options.Seed, i)) is [var problem, ..])
                return $"found {bug} after {tally.Processes} runs, in round {i}: {problem}";
        return null;
    }

    /// <summary>Sequences in all lanes until there were as many kills as asked for, or too many wrong sequences to go on.</summary>
    private static async Task<Tally> KillRunAsync(Arguments options)
    {
        const int enough = 5;
        var tally = new Tally();
        var started = 0;
        var setting = new Setting(options.Headrace, options.Keep);
        await Task.WhenAll(Enumerable.Range(0, options.Lanes).Select(_ => Task.Run(async () =>
        {
            while (IsMissing(tally, tally.Kills, options.Kills, Failpoint.Names) && tally.Wrong < enough)
                await RunAsync(SeedOf(options.Seed, Interlocked.Increment(ref started)), setting, tally, verbose: false);
        })));
        return tally;
    }

    private static async Task<bool> RunAsync(int seed, Setting setting, Tally tally, bool verbose)
    {
        using var sequence = new Sequence(seed, setting, tally);
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
                    Console.WriteLine($"  repeat with --sequence {seed}");
            }

        return sequence.Problems.Count == 0;
    }

    /// <summary>How a planted bug was found; null when it was not.</summary>
    private static async Task<string?> CanaryAsync(string bug, Arguments options)
    {
        var tally = new Tally();
        var setting = new Setting(options.Headrace, Keep: false, bug);
        for (var i = 1; i <= CanarySequences; i++)
        {
            using var sequence = new Sequence(SeedOf(options.Seed, i), setting, tally);
            await sequence.RunAsync();
            if (sequence.Problems.Count > 0)
                return $"found {bug} after {tally.Processes} runs, in sequence {i}: {sequence.Problems[0]}";
        }

        return null;
    }

    // A sequence is known by its own seed, so that it can be repeated without those before it.
    private static int SeedOf(int seed, int number) => (seed % 20_000) * 100_000 + number;
}

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    private const string Usage =
        "Headrace.Torture [--kills N] [--tables TRIALS] [--round SEED] [--target duckdb|postgres] [--seed N] [--lanes N] [--canaries] [--sequence SEED [--plant BUG]] [--headrace PATH] [--keep]";

    public int Kills { get; private init; }

    /// <summary>How often tables of a real PostgreSQL are read beside writers.</summary>
    public int Trials { get; private init; }

    /// <summary>The seed of one round of such trials.</summary>
    public int? Round { get; private init; }

    /// <summary>Where they go; both in turn when null.</summary>
    public TableTarget? Target { get; private init; }

    public int Seed { get; private init; } = 42;

    public int Lanes { get; init; } = 2;

    public bool Canaries { get; private init; }

    public int? Sequence { get; private init; }

    public string? Plant { get; private init; }

    public string Headrace { get; private init; } = Built();

    public bool Keep { get; private init; }

    public static Arguments? Parse(string[] args)
    {
        var options = new Arguments();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            var isNumber = int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number >= 0;
            switch (args[i])
            {
                case "--kills" when isNumber:
                    (options, i) = (options with { Kills = number }, i + 1);
                    break;
                case "--tables" when isNumber:
                    (options, i) = (options with { Trials = number }, i + 1);
                    break;
                case "--round" when isNumber:
                    (options, i) = (options with { Round = number }, i + 1);
                    break;
                case "--target" when value is "duckdb" or "postgres":
                    (options, i) = (options with { Target = value == "duckdb" ? TableTarget.DuckDb : TableTarget.Postgres }, i + 1);
                    break;
                case "--seed" when isNumber:
                    (options, i) = (options with { Seed = number }, i + 1);
                    break;
                case "--lanes" when number > 0:
                    (options, i) = (options with { Lanes = number }, i + 1);
                    break;
                case "--sequence" when isNumber:
                    (options, i) = (options with { Sequence = number }, i + 1);
                    break;
                case "--plant" when value is not null && Failpoint.Bugs.Contains(value):
                    (options, i) = (options with { Plant = value }, i + 1);
                    break;
                case "--headrace" when value is not null:
                    (options, i) = (options with { Headrace = Path.GetFullPath(value) }, i + 1);
                    break;
                case "--canaries":
                    options = options with { Canaries = true };
                    break;
                case "--keep":
                    options = options with { Keep = true };
                    break;
                default:
                    Console.Error.WriteLine($"'{args[i]}' is not understood here.{Environment.NewLine}{Usage}");
                    return null;
            }
        }

        if (options is { Kills: 0, Trials: 0, Canaries: false, Sequence: null, Round: null })
            options = options with { Kills = 1000 };
        return options;
    }

    // From artifacts/bin/Headrace.Torture/release to artifacts/native.
    private static string Built() => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "native", "headrace"));
}
