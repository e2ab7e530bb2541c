using System.Diagnostics;
using System.Globalization;
using System.Text;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>The overview of a server with 1,000 flows and 100,000 runs in its ledger.</summary>
internal static class ServeBenchmarks
{
    private const int Flows = 1_000;
    private const int Runs = 100_000;
    private const int Asked = 20;

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

            return
            [
                string.Create(CultureInfo.InvariantCulture, $"{Flows} flows, {Runs} runs: the overview"),
                string.Create(CultureInfo.InvariantCulture, $"first {times[0]:0} ms"),
                string.Create(CultureInfo.InvariantCulture, $"then {Measure.Median(times.Skip(1)):0} ms (median)"),
            ];
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    private static void Fill(string ledger)
    {
        using var database = DuckDbDatabase.Open(ledger);
        using var db = database.Connect();
        db.Execute(
            $$"""
            INSERT INTO run_history (id, flow, dataset, outcome, started_at, detail)
            SELECT 'r_' || lpad(i::text, 26, '0'), 'f' || i % {{Flows}}, 'f' || i % {{Flows}}, 'loaded', at,
                '{"id":"r_' || lpad(i::text, 26, '0') || '","flow":"f' || i % {{Flows}} || '","dataset":"f' || i % {{Flows}}
                || '","outcome":"Loaded","started_at":"' || strftime(at, '%Y-%m-%dT%H:%M:%SZ')
                || '","duration":"00:00:01","inserted":' || i % 977 || '}'
            FROM (SELECT i, (now() - to_minutes({{Runs}} - i))::timestamptz AS at FROM range({{Runs}}) AS t(i))
            """,
            default
        );
    }
}
