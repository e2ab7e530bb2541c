using System.Diagnostics;
using Xunit;

namespace Headrace.Tests.RealData;

/// <summary>Public data sets of every day: all rows arrive, with every value, by every way in for files.</summary>
public sealed class VegaDatasets : ProjectTests
{
    private static readonly string[] Names =
    [
        "airports.csv",
        "seattle-weather.csv",
        "stocks.csv",
        "gapminder-health-income.csv",
        "github.csv",
        "us-employment.csv",
        "co2-concentration.csv",
        "windvectors.csv",
        "birdstrikes.csv",
        "cars.json",
        "movies.json",
        "gapminder.json",
        "barley.json",
        "burtin.json",
        "population.json",
        "penguins.json",
    ];

    [Fact]
    public async Task Incremental_files_arrive_whole_with_inferred_types()
    {
        World.Flows(
            """vega: { source: { connection: lake, path: "{table}.*" }, read: incremental, write: append, """
                + """target: { table: "{table}" } }"""
        );
        foreach (var name in Names)
            World.Put(name, await Bytes(name));
        Assert.All((await World.Load()).Runs, run => Assert.Equal(("loaded", 0L), (run.Outcome, run["quarantined"])));
        foreach (var name in Names)
            IsWhole(name, "raw");

        Assert.Contains("date DATE", World.Columns("raw.seattle-weather"));
        Assert.Contains("month DATE", World.Columns("raw.us-employment"));
        Assert.Contains("Date DATE", World.Columns("raw.co2-concentration"));
        // 2015/01/01 01:00:00 is no time that all would read alike.
        Assert.Contains("time VARCHAR", World.Columns("raw.github"));
        Assert.Contains("nonfarm BIGINT", World.Columns("raw.us-employment"));
        Assert.Equal(["symbol VARCHAR", "date VARCHAR"], World.Columns("raw.stocks").Take(2));
        Assert.StartsWith("price DECIMAL(18,", World.Columns("raw.stocks")[2], StringComparison.Ordinal);
        Assert.Contains("iata VARCHAR", World.Columns("raw.airports"));
        Assert.Equal(["year BIGINT", "age BIGINT", "sex BIGINT", "people BIGINT"], World.Columns("raw.population"));
        Assert.Contains("Name VARCHAR", World.Columns("raw.cars"));
        Assert.Contains("Horsepower BIGINT", World.Columns("raw.cars"));
        Assert.Contains("Year DATE", World.Columns("raw.cars"));
        Assert.Contains("site VARCHAR", World.Columns("raw.barley"));

        // Titles are texts and now and then a number.
        Assert.Contains("Title VARCHAR", World.Columns("raw.movies"));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.movies WHERE Title = '1776'"));
    }

    [Fact]
    public async Task A_format_of_times_that_the_flow_names_is_read_and_inferred()
    {
        World.Flows(
            """github: { source: { connection: lake, path: "github.csv", csv: { timestamp: "yyyy/MM/dd """
                + """HH:mm:ss" } }, read: incremental, write: merge, primary_key: time }"""
        );
        World.Put("github.csv", await Bytes("github.csv"));
        Assert.Equal("955i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["time TIMESTAMP", "count BIGINT"], World.Columns("raw.github"));
        Assert.Equal("2015-01-01 01:00:00", World.Value("SELECT min(time) FROM raw.github"));
    }

    [Fact]
    public async Task Dropped_files_arrive_whole_by_append_and_by_truncate()
    {
        World.Flows(Inbox);
        foreach (var name in Names)
            World.Put($"inbox/vega/append/{Table(name)}/1{Path.GetExtension(name)}", await Bytes(name));
        await World.Load();
        foreach (var name in Names)
            IsWhole(name, "vega");

        foreach (var name in Names)
            World.Put(
                $"inbox/vega/truncate/{Table(name)}/2{Path.GetExtension(name)}.gz",
                await Bytes(name),
                gzip: true,
                landedSecondsAgo: 60
            );
        foreach (var run in (await World.Load()).Runs)
            Assert.Equal(run["deleted"], run["inserted"]);
        foreach (var name in Names)
            IsWhole(name, "vega");
        Assert.Equal(
            $"{2 * Names.Length}",
            World.Value("SELECT count(*) FROM headrace.files WHERE outcome = 'loaded'")
        );
    }

    private void IsWhole(string name, string schema)
    {
        var naive = NaiveTable.Read(PathOf(name));
        var table = $"{schema}.\"{Table(name)}\"";
        Assert.Equal($"{name} {naive.Rows}", $"{name} {World.Value($"SELECT count(*) FROM {table}")}");
        var types = World
            .Columns($"{schema}.{Table(name)}")
            .ToDictionary(
                column => column[..column.LastIndexOf(' ')],
                column => column[(column.LastIndexOf(' ') + 1)..]
            );
        Assert.Equal(naive.Columns, types.Keys);
        foreach (var (column, type) in types)
        {
            var quoted = $"\"{column}\"";
            if (type is "BIGINT" or "DOUBLE" || type.StartsWith("DECIMAL", StringComparison.Ordinal))
                Assert.Equal(
                    $"{name} {column} {naive.Sum(column)}",
                    $"{name} {column} "
                        + Trimmed(
                            World.Value(
                                $"SELECT count({quoted}), coalesce(sum({quoted}::VARCHAR::DECIMAL(38,12)), 0) "
                                    + $"FROM {table}"
                            )
                        )
                );
            else if (type == "VARCHAR")
                Assert.Equal(
                    $"{name} {column} {naive.Length(column)}",
                    $"{name} {column} "
                        + World.Value(
                            $"SELECT count({quoted}), coalesce(sum(length({quoted})), 0)::BIGINT FROM {table}"
                        )
                );
            else
                Assert.Equal(
                    $"{name} {column} {naive.Length(column).Split('|')[0]}",
                    $"{name} {column} {World.Value($"SELECT count({quoted}) FROM {table}")}"
                );
        }
    }

    private static string Trimmed(string number) =>
        number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') : number;

    private static string Table(string name) => Path.GetFileNameWithoutExtension(name);

    private static async Task<byte[]> Bytes(string name)
    {
        if (!File.Exists(PathOf(name)))
            await Install();
        return await File.ReadAllBytesAsync(PathOf(name));
    }

    private static string PathOf(string name) => Path.Combine(Folder, "node_modules/vega-datasets/data", name);

    private static string Folder
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "Headrace.slnx")))
                folder = Path.GetDirectoryName(folder)!;
            return Path.Combine(folder, "tests", "RealData");
        }
    }

    private static async Task Install()
    {
        using var npm = Process.Start(
            "npm",
            ["ci", "--prefix", Folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        );
        await npm.WaitForExitAsync();
        Assert.Equal(0, npm.ExitCode);
    }
}
