using System.Diagnostics;
using System.Globalization;
using System.Text;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>
/// A server with 1,000 flows and 100,000 runs in its ledger: its overview, and its memory while it is asked and loads.
/// </summary>
internal static class ServeBenchmarks
{
    private const int Flows = 1_000;
    private const int Runs = 100_000;
    private const int Asked = 20;
    private const int ASecond = 50;
    private const int Seconds = 60;
    private const int Loaded = 5_000_000;

    /// <summary>The page's lines: how long the overview takes, first and then.</summary>
    public static async Task<IReadOnlyList<string>> AllAsync(string cli, string folder)
    {
        var yaml = new StringBuilder(
            """
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:

            """
        );
        for (var i = 0; i < Flows; i++)
            yaml.Append(
                CultureInfo.InvariantCulture,
                $"  f{i}: {{ source: {{ connection: lake, path: \"f{i}/*.csv\" }}, read: incremental, write: append }}\n"
            );
        await File.WriteAllTextAsync(Path.Combine(folder, "headrace.yaml"), yaml.ToString());
        Directory.CreateDirectory(Path.Combine(folder, "lake"));
        Measure.Run(cli, ["-C", folder, "run", "f0"]);
        Fill(Path.Combine(folder, ".headrace", "ledger.duckdb"));

        using var server = Process.Start(
            new ProcessStartInfo(cli, ["-C", folder, "serve", "--listen", "127.0.0.1:0"])
            {
                RedirectStandardError = true,
            }
        )!;
        try
        {
            var line = await server.StandardError.ReadLineAsync() ?? "";
            var address = line[line.LastIndexOf("http", StringComparison.Ordinal)..];
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            var times = new List<double>();
            for (var i = 0; i < Asked; i++)
            {
                var clock = Stopwatch.StartNew();
                await client.GetStringAsync(new Uri("/", UriKind.Relative));
                times.Add(clock.Elapsed.TotalMilliseconds);
            }

            var (busy, late, before, after) = await AskWhileItLoadsAsync(client, server, folder);
            return
            [
                string.Create(CultureInfo.InvariantCulture, $"{Flows} flows, {Runs} runs: the overview"),
                string.Create(CultureInfo.InvariantCulture, $"first {times[0]:0} ms"),
                string.Create(CultureInfo.InvariantCulture, $"then {Measure.Median(times.Skip(1)):0} ms (median)"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{ASecond} questions a second for {Seconds} s while {Loaded:N0} rows are loaded: all answered, "
                        + $"{busy:0} ms (median), {late:0} ms (99 of 100), memory {before} MB after a "
                        + $"third of the time, {after} MB at the end"
                ),
            ];
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    // Questions at a fixed pace, whether or not those before are answered, in turn about the overview, a flow and runs.
    private static async Task<(double Median, double Late, long Before, long After)> AskWhileItLoadsAsync(
        HttpClient client,
        Process server,
        string folder
    )
    {
        Data.Write(
            Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "lake", "f1")).FullName, "1.csv.gz"),
            Loaded
        );
        using var asked = await client.PostAsync(new Uri("/api/v1/flows/f1/run", UriKind.Relative), null);
        asked.EnsureSuccessStatusCode();
        string[] paths = ["/", "/flows/f1", "/api/v1/runs?limit=100"];
        var (pace, clock, asking) = (TimeSpan.FromSeconds(1) / ASecond, Stopwatch.StartNew(), new List<Task<double>>());
        var before = 0L;
        for (var i = 0; i < ASecond * Seconds; i++)
        {
            asking.Add(TimeAsync(client, paths[i % paths.Length]));
            if (i == ASecond * Seconds / 3)
                before = Memory(server);
            if (pace * (i + 1) - clock.Elapsed is { Ticks: > 0 } rest)
                await Task.Delay(rest);
        }

        var times = (await Task.WhenAll(asking)).Order().ToList();
        return (times[times.Count / 2], times[times.Count * 99 / 100], before, Memory(server));
    }

    private static async Task<double> TimeAsync(HttpClient client, string path)
    {
        var clock = Stopwatch.StartNew();
        await client.GetStringAsync(new Uri(path, UriKind.Relative));
        return clock.Elapsed.TotalMilliseconds;
    }

    private static long Memory(Process server)
    {
        server.Refresh();
        return server.WorkingSet64 >> 20;
    }

    private static void Fill(string ledger)
    {
        using var database = DuckDbDatabase.Open(ledger);
        using var db = database.Connect();
        db.Execute(
            $$"""
            INSERT INTO run_history (id, flow, dataset, outcome, started_at, detail)
            SELECT 'r_' || lpad(i::text, 26, '0'), 'f' || i % {{Flows}}, 'f' || i % {{Flows}}, 'loaded', moment,
                '{"id":"r_' || lpad(i::text, 26, '0') || '","flow":"f' || i % {{Flows}} || '","dataset":"f' || i % {{Flows}}
                || '","outcome":"Loaded","started_at":"' || strftime(moment, '%Y-%m-%dT%H:%M:%SZ')
                || '","duration":"00:00:01","inserted":' || i % 977 || '}'
            FROM (SELECT i, (now() - to_minutes({{Runs}} - i))::timestamptz AS moment FROM range({{Runs}}) AS t(i))
            """,
            default
        );
    }
}
