using System.Globalization;

namespace Headrace.Bench;

/// <summary>Ten checks, of a table and of a batch, beside one SELECT that computes them.</summary>
/// <param name="rows">Rows that are checked.</param>
internal sealed class CheckBenchmarks(string cli, string folder, long rows)
{
    private const int Rounds = 3;

    private static readonly (string Yaml, string Failed)[] Ten =
    [
        ("not_null: [name]", "name IS NULL"),
        ("not_null: [d]", "d IS NULL"),
        ("accepted_values: { column: flag, values: [\"true\", \"false\"] }", "flag NOT IN (true, false)"),
        ("range: { column: amount, min: 0, max: 100000 }", "amount NOT BETWEEN 0 AND 100000"),
        ("range: { column: qty, min: 0, max: 1000 }", "qty NOT BETWEEN 0 AND 1000"),
        ("valid_date: { column: d, min: 2000-01-01, max: today }", "d NOT BETWEEN DATE '2000-01-01' AND current_date"),
        ("matches: { column: token, pattern: \"[0-9a-z]+\" }", "NOT regexp_full_match(token, '[0-9a-z]+')"),
        ("matches: { column: addr, pattern: \"[A-Za-z0-9, ]+\" }", "NOT regexp_full_match(addr, '[A-Za-z0-9, ]+')"),
        ("expression: \"length(name) < 100\"", "length(name) >= 100"),
        ("expression: \"qty >= 0 OR note IS NOT NULL\"", "NOT (qty >= 0 OR note IS NOT NULL)"),
    ];

    public IEnumerable<string> All()
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{rows:N0} rows of ten columns in DuckDB, {Ten.Length} checks; whole processes, median of {Rounds} after "
                + $"one warm-up."
        );
        yield return "";
        yield return "| what | Headrace | baseline | ratio | bound |";
        yield return "|---|---|---|---|---|";
        yield return OfTable();
        yield return OfBatch();
    }

    private string OfTable()
    {
        var project = Project("table", "scope: table");
        Data.Write(Path.Combine(project, "lake", "t", "1.csv.gz"), rows);
        Measure.Run(cli, ["-C", project, "run"]);
        var script = Path.Combine(folder, "checks.sql");
        var sums = Ten.Select(check => $"count(*) FILTER (WHERE {check.Failed})");
        File.WriteAllText(script, $"SELECT {string.Join(", ", sums)} FROM raw.t");
        var samples = new List<(double, double)>();
        for (var round = 0; round <= Rounds; round++)
        {
            Data.WriteSmall(Path.Combine(project, "lake", "t", $"{round + 2}.csv.gz"), round);
            samples.Add(
                (
                    Measure.Run(cli, ["-C", project, "run"]).Seconds,
                    Measure
                        .Run(
                            "dotnet",
                            [
                                typeof(CheckBenchmarks).Assembly.Location,
                                "sql",
                                Path.Combine(project, "warehouse.duckdb"),
                                script,
                            ]
                        )
                        .Seconds
                )
            );
        }

        Directory.Delete(project, recursive: true);
        return Row("one more row, and the checks of all (`scope: table`), against one SELECT", samples, "1.3");
    }

    private string OfBatch()
    {
        var samples = new List<(double, double)>();
        for (var round = 0; round <= Rounds; round++)
            samples.Add((Load("scope: batch"), Load(null)));
        return Row("a load whose rows are checked (`scope: batch`), against the same load without checks", samples, "");
    }

    private double Load(string? scope)
    {
        var project = Project("batch", scope);
        Data.Write(Path.Combine(project, "lake", "t", "1.csv.gz"), rows);
        var seconds = Measure.Run(cli, ["-C", project, "run"]).Seconds;
        Directory.Delete(project, recursive: true);
        return seconds;
    }

    private string Project(string name, string? scope)
    {
        var project = Data.Project(folder, name, "append");
        var checks = Ten.Select((check, i) => $"      - {{ name: c{i}, {check.Yaml}, {scope} }}\n");
        if (scope is not null)
            File.AppendAllText(Path.Combine(project, "headrace.yaml"), $"    checks:\n{string.Concat(checks)}");
        return project;
    }

    private static string Row(string what, IReadOnlyList<(double Mine, double Theirs)> samples, string bound)
    {
        var counted = samples.Skip(1).ToList(); // the first is the warm-up
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {Measure.Median(counted.Select(sample => sample.Mine)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Theirs)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Mine / sample.Theirs)):0.00} | {bound} |"
        );
    }
}
