using System.Globalization;

namespace Headrace.Torture;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments
{
    private const string Usage = """
        Headrace.Torture [--kills N] [--lake folder|s3] [--tables TRIALS] [--canaries] [--target duckdb|postgres] [--seed N] [--lanes N] [--headrace PATH] [--keep]
        Headrace.Torture --release PATH [--kills N] [--lake folder|s3] [--target duckdb|postgres] [--seed N] [--lanes N]
        Headrace.Torture --sequence SEED [--lake folder|s3] [--target duckdb|postgres] [--plant BUG] | --round SEED [--target duckdb|postgres]
        """;

    public int Kills { get; init; }

    /// <summary>How often tables of a real PostgreSQL are read beside writers.</summary>
    public int Trials { get; private init; }

    /// <summary>The seed of one round of such trials.</summary>
    public int? Round { get; private init; }

    /// <summary>Where rows go; both when null.</summary>
    public Target? Target { get; private init; }

    public int Seed { get; private init; } = 42;

    public int Lanes { get; init; } = 2;

    public bool Canaries { get; private init; }

    public int? Sequence { get; private init; }

    public string? Plant { get; private init; }

    /// <summary>The program, built with failpoints.</summary>
    public string Headrace { get; private init; } = Built();

    /// <summary>The program that users run, which has no failpoints: it is killed from outside only.</summary>
    public string? Release { get; private init; }

    public bool Keep { get; private init; }

    /// <summary>The lake is a bucket, and operations go to a stream.</summary>
    public bool IsOnAws { get; private init; }

    /// <summary>The targets that are asked for.</summary>
    public IReadOnlyList<Target> Targets =>
        Target is { } one ? [one] : [Torture.Target.DuckDb, Torture.Target.Postgres];

    /// <summary>What sequences are run with.</summary>
    public Setting Setting => new(Release ?? Headrace, Keep, IsRelease: Release is not null, IsOnAws: IsOnAws);

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
                    (options, i) = (
                        options with
                        {
                            Target = value == "duckdb" ? Torture.Target.DuckDb : Torture.Target.Postgres,
                        },
                        i + 1
                    );
                    break;
                case "--lake" when value is "folder" or "s3":
                    (options, i) = (options with { IsOnAws = value == "s3" }, i + 1);
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
                case "--release" when value is not null:
                    (options, i) = (options with { Release = Path.GetFullPath(value) }, i + 1);
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

        if (
            options.Release is not null
            && (options.Canaries || options.Trials > 0 || options.Sequence is not null || options.Round is not null)
        )
        {
            Console.Error.WriteLine(
                $"--release has no failpoints, so it goes with --kills only.{Environment.NewLine}{Usage}"
            );
            return null;
        }

        if (!File.Exists(options.Setting.Program))
        {
            Console.Error.WriteLine(
                $"{options.Setting.Program} is not there: build it with ./build.sh --native, "
                    + $"or name it with --headrace or --release."
            );
            return null;
        }

        return options switch
        {
            { Release: not null, Kills: 0 } => options with { Kills = 200 },
            { Kills: 0, Trials: 0, Canaries: false, Sequence: null, Round: null } => options with { Kills = 1000 },
            _ => options,
        };
    }

    // From artifacts/bin/Headrace.Torture/release to artifacts/native.
    private static string Built() =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "native", "headrace"));
}
