using System.Globalization;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>
/// Data that is much larger than the memory: every way that rows go, within the least setting and a tenth.
/// </summary>
/// <param name="rows">Rows of the large side.</param>
internal sealed class LargeBenchmarks(string cli, string folder, long rows)
{
    private const string Memory = "384MB";
    private const double Bound = 384 * 1.1 / 1.048576; // of MiB, as the system counts

    public IEnumerable<string> All()
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{rows:N0} rows of ten columns, memory: {Memory}; the memory is the whole process's at its peak."
        );
        yield return "";
        yield return "| what | Headrace | rows a second | peak memory | bound |";
        yield return "|---|---|---|---|---|";
        foreach (var row in Merge().Concat(Export()).Concat(Release()))
            yield return row;
    }

    private IEnumerable<string> Merge()
    {
        var project = Data.Project(folder, "large-merge", "merge", Memory);
        var lake = Path.Combine(project, "lake", "t");
        Data.WriteExport(Path.Combine(lake, "1.csv.gz"), rows, isSecond: false);
        yield return Row("first load", Run(project, "run"), rows);
        Check(project, rows);
        Data.WriteExport(Path.Combine(lake, "2.csv.gz"), rows / 10, isSecond: true);
        yield return Row("a tenth of new, changed and unchanged rows merged into it", Run(project, "run"), rows / 10);
        Data.WriteExport(Path.Combine(lake, "3.csv.gz"), rows, isSecond: true);
        yield return Row("as many new, changed and unchanged rows merged into it", Run(project, "run"), rows);
        Check(project, rows + rows / 200);
        yield return Row("`verify` of the table and its files", Run(project, "verify"), rows);
        Directory.Delete(project, recursive: true);
    }

    private IEnumerable<string> Export()
    {
        var project = Data.Project(folder, "large-export", "merge", Memory, isSnapshot: true);
        string File(string version) =>
            Path.Combine(
                Directory.CreateDirectory(Path.Combine(project, "lake", "t", version)).FullName,
                "part.csv.gz"
            );
        Data.WriteExport(File("v1"), rows, isSecond: false);
        yield return Row("first export", Run(project, "run"), rows);
        Data.WriteExport(File("v2"), rows, isSecond: true);
        yield return Row("second export, compared and applied", Run(project, "run"), rows);
        yield return Row(
            "`headrace diff` of the two",
            Measure.Run(cli, ["diff", File("v1"), File("v2"), "--key", "pk", "--memory", Memory]),
            rows
        );
        yield return Row(
            "`headrace diff` by a key that no row of the other has",
            Measure.Run(cli, ["diff", File("v1"), File("v2"), "--key", "pk,amount,name", "--memory", Memory]),
            rows
        );
        Directory.Delete(project, recursive: true);
    }

    private IEnumerable<string> Release()
    {
        var project = Data.Project(folder, "large-release", "merge", Memory);
        var yaml = Path.Combine(project, "headrace.yaml");
        File.WriteAllText(
            yaml,
            File.ReadAllText(yaml).Replace("name: text", "name: integer", StringComparison.Ordinal)
        );
        Data.WriteExport(Path.Combine(project, "lake", "t", "1.csv.gz"), rows / 10, isSecond: false);
        yield return Row(
            "a tenth of rows that do not fit, set aside",
            Measure.Run(cli, ["-C", project, "run", "t", "--accept", "t/1.csv.gz"]), // so many are a stop otherwise
            rows / 10
        );
        yield return Row(
            "none of them released",
            Measure.Run(cli, ["-C", project, "quarantine", "release", "t"], out _, allowed: 2),
            rows / 10
        );
        Directory.Delete(project, recursive: true);
    }

    private Measured Run(string project, string command) => Measure.Run(cli, ["-C", project, command]);

    private static void Check(string project, long expected)
    {
        using var database = DuckDbDatabase.Open(
            Path.Combine(project, "warehouse.duckdb"),
            new Dictionary<string, string> { ["access_mode"] = "READ_ONLY" }
        );
        using var db = database.Connect();
        if (db.Scalar<long>("SELECT count(*) FROM raw.t", default) is var found && found != expected)
            throw new InvalidOperationException($"{expected} rows expected, {found} found.");
    }

    private static string Row(string what, Measured run, long count) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {run.Seconds:0} s | {count / run.Seconds:N0} | {run.PeakMb:0} MB | {Bound:0} MB |"
        );
}
