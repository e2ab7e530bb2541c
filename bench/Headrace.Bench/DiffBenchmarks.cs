using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Headrace.Lake;
using Headrace.Staging;

namespace Headrace.Bench;

/// <summary>
/// The benchmarks of comparing full exports: 1M × 10, CSV.gz, 1 % updated, 0.5 % inserted, 0.5 % deleted.
/// </summary>
internal sealed class DiffBenchmarks(string cli, string folder)
{
    private const int Rounds = 5;
    private const long Rows = 1_000_000;

    private readonly string first = Path.Combine(folder, "first.csv.gz");
    private readonly string second = Path.Combine(folder, "second.csv.gz");

    public IEnumerable<string> All()
    {
        Data.WriteExport(first, Rows, isSecond: false);
        Data.WriteExport(second, Rows, isSecond: true);
        yield return $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, "
            + $"DuckDB {DuckDb.DuckDbDatabase.Version}; whole processes, median of {Rounds} after one warm-up. "
            + "The script reads both exports with DuckDB and joins them (full outer join by key).";
        yield return "";
        yield return "| what | Headrace | script | ratio | bound | rows a second | peak memory |";
        yield return "|---|---|---|---|---|---|---|";
        foreach (var row in Compare())
            yield return row;
        yield return "";
        yield return "Where the time goes, one after the other in one warm process (in a run decompression and cutting "
            + "go side by side, and what is compiled at the start comes on top):";
        yield return "";
        yield return "| step | seconds |";
        yield return "|---|---|";
        foreach (var row in Steps())
            yield return row;
    }

    private IEnumerable<string> Compare()
    {
        var (script, next, same, diff) = (
            new List<double>(),
            new List<Measured>(),
            new List<Measured>(),
            new List<Measured>()
        );
        for (var round = 0; round <= Rounds; round++)
        {
            var project = Data.Project(folder, "diff", "merge", isSnapshot: true);
            Link(first, Export(project, "v1"));
            Run(project, (Rows, 0, 0));
            Link(second, Export(project, "v2"));
            var baseline = Measure.Run(Environment.ProcessPath!, [.. Benchmarks.Self(), "join", first, second]);
            var changed = Run(project, (Rows / 200, Rows / 100, Rows / 200));
            Link(second, Export(project, "v3"));
            var identical = Run(project, (0, 0, 0));
            var files = Measure.Run(cli, ["diff", first, second, "--key", "pk", "--json"]);
            Directory.Delete(project, recursive: true);
            if (round == 0)
                continue;
            script.Add(baseline.Seconds);
            next.Add(changed);
            same.Add(identical);
            diff.Add(files);
        }

        yield return Row("second run of a flow, 1M × 10", next, script, "0.45");
        yield return Row("run of a flow whose export is identical to the last", same, script, "0.50");
        yield return Row("headrace diff OLD NEW --json", diff, script, "0.55");
    }

    private IEnumerable<string> Steps()
    {
        yield return Step(
            "decompress",
            () =>
            {
                using var gzip = new GZipStream(File.OpenRead(second), CompressionMode.Decompress);
                var buffer = new byte[1 << 18];
                while (gzip.Read(buffer) > 0) { }
            }
        );
        yield return Step("stage: decompress, hash, check, cut", () => Stage(null));
        yield return Step("stage with row digests", () => Stage(DigestKey.New()));
    }

    private void Stage(DigestKey? key)
    {
        var lake = new FolderStore(folder);
        var file = lake.ListAsync(PathPattern.Parse("second.csv.gz"), (_, _) => { }, default).Result[0];
        var spool = Path.Combine(folder, "steps");
        _ = new Stager(spool, new FileLimits())
            .StageAsync(
                lake,
                file,
                new FileFormat(FormatKind.Csv, new CsvDialect()),
                null,
                default,
                key is null ? null : new DigestOptions(key, [], IsInline: true)
            )
            .Result;
        Directory.Delete(spool, recursive: true);
    }

    private static string Step(string what, Action step)
    {
        step();
        var times = Enumerable
            .Range(0, 3)
            .Select(_ =>
            {
                var clock = Stopwatch.StartNew();
                step();
                return clock.Elapsed.TotalSeconds;
            });
        return string.Create(CultureInfo.InvariantCulture, $"| {what} | {Measure.Median(times):0.00} |");
    }

    private Measured Run(string project, (long Inserted, long Updated, long Deleted) expected)
    {
        var run = Measure.Run(cli, ["-C", project, "run", "--json"], out var output);
        using var json = JsonDocument.Parse(output);
        var found = json.RootElement.GetProperty("runs")[0];
        var counts = (
            found.GetProperty("inserted").GetInt64(),
            found.GetProperty("updated").GetInt64(),
            found.GetProperty("deleted").GetInt64()
        );
        return counts == expected ? run : throw new InvalidOperationException($"{expected} expected, {counts} found.");
    }

    private static string Export(string project, string version)
    {
        var path = Path.Combine(project, "lake", "t", version, "part.csv.gz");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private static void Link(string from, string to)
    {
        File.Copy(from, to);
        File.SetLastWriteTimeUtc(to, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    private static string Row(string what, List<Measured> mine, List<double> script, string bound)
    {
        var seconds = Measure.Median(mine.Select(run => run.Seconds));
        var ratio = Measure.Median(mine.Zip(script, (run, baseline) => run.Seconds / baseline));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {seconds:0.00} s | {Measure.Median(script):0.00} s | {ratio:0.00} | {bound} | "
                + $"{Rows / seconds:N0} | {mine.Max(run => run.PeakMb):0} MB |"
        );
    }
}
