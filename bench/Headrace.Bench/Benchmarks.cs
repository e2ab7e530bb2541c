using System.Globalization;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>The benchmarks of loading lake files, each with its bound.</summary>
internal sealed class Benchmarks(string cli, string folder)
{
    private const int Rounds = 5;

    public IEnumerable<string> All()
    {
        yield return $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, "
            + $"DuckDB {DuckDbDatabase.Version}; whole processes, median of {Rounds} after one warm-up";
        yield return "";
        yield return "| what | Headrace | baseline | ratio | bound | peak memory |";
        yield return "|---|---|---|---|---|---|";
        yield return Load();
        foreach (var row in Merge())
            yield return row;
        yield return Bounded();
        yield return Idle();
    }

    private string Load()
    {
        var csv = Path.Combine(folder, "million.csv.gz");
        Data.Write(csv, 1_000_000);
        var (mine, theirs, ratios, peak) = (new List<double>(), new List<double>(), new List<double>(), 0.0);
        for (var round = 0; round <= Rounds; round++)
        {
            var project = Data.Project(folder, "load", "append");
            Link(csv, Path.Combine(project, "lake", "t", "million.csv.gz"));
            var baseline = Measure.Run(
                Environment.ProcessPath!,
                [.. Self(), "ctas", csv, Path.Combine(project, "baseline.duckdb")]
            );
            var run = Headrace(project);
            Check(project, 1_000_000);
            Directory.Delete(project, recursive: true);
            if (round == 0)
                continue;
            mine.Add(run.Seconds);
            theirs.Add(baseline.Seconds);
            ratios.Add(run.Seconds / baseline.Seconds);
            peak = Math.Max(peak, run.PeakMb);
        }

        return Row(
            "append 1M × 10, CSV.gz, against DuckDB's CREATE TABLE AS from the same file",
            Measure.Median(mine),
            Measure.Median(theirs),
            Measure.Median(ratios),
            "1.3",
            peak
        );
    }

    private IEnumerable<string> Merge()
    {
        var csv = Path.Combine(folder, "million.csv.gz");
        var project = Data.Project(folder, "merge", "merge", "512MB");
        Link(csv, Path.Combine(project, "lake", "t", "million.csv.gz"));
        var first = Headrace(project);
        Data.Write(Path.Combine(project, "lake", "t", "half.csv.gz"), 500_000);
        var again = Headrace(project);
        Check(project, 1_000_000);
        Directory.Delete(project, recursive: true);
        yield return Row(
            "merge 1M × 10 by key into a new table, memory: 512MB",
            first.Seconds,
            null,
            null,
            "700 MB",
            first.PeakMb
        );
        yield return Row(
            "merge 500,000 unchanged rows into it, memory: 512MB",
            again.Seconds,
            null,
            null,
            "700 MB",
            again.PeakMb
        );
    }

    private string Bounded()
    {
        var project = Data.Project(folder, "bounded", "append", "512MB");
        Data.Write(Path.Combine(project, "lake", "t", "ten-million.csv.gz"), 10_000_000);
        var run = Headrace(project);
        Check(project, 10_000_000);
        Directory.Delete(project, recursive: true);
        return Row("append 10M × 10 in one file, memory: 512MB", run.Seconds, null, null, "700 MB", run.PeakMb);
    }

    private string Idle()
    {
        var project = Data.Project(folder, "idle", "append");
        for (var i = 0; i < 1000; i++)
            Data.WriteSmall(Path.Combine(project, "lake", "t", $"{i:0000}.csv.gz"), i);
        Headrace(project);
        Check(project, 1000);
        var runs = Enumerable.Range(0, Rounds + 1).Select(_ => Headrace(project)).Skip(1).ToList();
        Directory.Delete(project, recursive: true);
        return Row(
            "nothing to do, 1,000 loaded files",
            Measure.Median(runs.Select(run => run.Seconds)),
            null,
            null,
            "0.4 s",
            runs.Max(run => run.PeakMb)
        );
    }

    private Measured Headrace(string project) => Measure.Run(cli, ["-C", project, "run"]);

    public static IEnumerable<string> Self() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet"
            ? [typeof(Benchmarks).Assembly.Location]
            : [];

    private static void Link(string from, string to)
    {
        File.Copy(from, to);
        File.SetLastWriteTimeUtc(to, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    private static void Check(string project, long rows)
    {
        using var database = DuckDbDatabase.Open(
            Path.Combine(project, "warehouse.duckdb"),
            new Dictionary<string, string> { ["access_mode"] = "READ_ONLY" }
        );
        using var db = database.Connect();
        if (db.Scalar<long>("SELECT count(*) FROM raw.t", default) is var found && found != rows)
            throw new InvalidOperationException($"{rows} rows expected, {found} found.");
    }

    private static string Row(string what, double mine, double? baseline, double? ratio, string bound, double peak) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {mine:0.00} s | {(baseline is { } b ? $"{b:0.00} s" : "")} | "
                + $"{(ratio is { } r ? $"{r:0.00}" : "")} | {bound} | {peak:0} MB |"
        );
}
