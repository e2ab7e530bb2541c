namespace Headrace.Torture;

/// <summary>
/// The second project: it reads the stream that the first one publishes to, into a warehouse of its own, and is killed
/// as well. Whatever is done to the two, its tables end as the newest exports.
/// </summary>
internal sealed class Replica : IAsyncDisposable
{
    /// <summary>The boundaries that a load from a stream passes, in their order.</summary>
    public static readonly IReadOnlyList<string> Points =
    [
        "config_read",
        "dataset_held",
        "position_read",
        "file_opened",
        "segment_written",
        "file_staged",
        "changes_staged",
        "transaction_begun",
        "fenced",
        "table_ready",
        "rows_applied",
        "files_written",
        "before_commit",
        "after_commit",
        "spool_removed",
        "ledger_written",
        "end",
    ];

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private readonly Setting setting;
    private readonly Tally tally;
    private readonly Model model;
    private readonly IReadOnlyList<string> datasets;
    private readonly Random random;
    private readonly Postgres? postgres;
    private readonly string folder;
    private int next;

    /// <param name="datasets">Those that are published.</param>
    /// <param name="stream">The connection as headrace.yaml has it.</param>
    /// <param name="postgres">A database of its own; null for a file of DuckDB.</param>
    public Replica(
        int seed,
        Setting setting,
        Tally tally,
        Model model,
        IReadOnlyList<string> datasets,
        string stream,
        Postgres? postgres
    )
    {
        (this.setting, this.tally, this.model) = (setting, tally, model);
        (this.datasets, this.postgres) = (datasets, postgres);
        random = new Random(seed);
        next = seed * 5;
        folder = Directory.CreateTempSubdirectory($"headrace-torture-{seed}-replica-").FullName;
        var flows = datasets.Select(dataset =>
            $$"""
                  {{TableOf(dataset)}}:
                    source: { connection: stream, dataset: {{dataset}} }
                    columns: { id: bigint, name: text, amount: "decimal(38,2)" }
                    read: cdc
                    cdc: { profile: headrace, late: 90d }
                    primary_key: id
                    deletes: hard
                    write: merge

                """
        );
        File.WriteAllText(
            Path.Combine(folder, "headrace.yaml"),
            $$"""
            version: 1
            threads: 1
            memory: 384MB
            parallel: {{random.Next(1, 4)}}
            connections:
              stream: {{stream}}
              warehouse: {{postgres?.Yaml ?? "{ type: duckdb, path: ./warehouse.duckdb }"}}
            defaults:
              target: { connection: warehouse, schema: raw }
              batch_bytes: 1000
              retries: {{random.Next(2)}}
              retry_delay: 20ms
            flows:

            """ + string.Concat(flows)
        );
    }

    /// <summary>What is wrong, in the order in which it was found.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>A run that is killed: at one of the boundaries, or at a random moment.</summary>
    /// <returns>What was done.</returns>
    public async Task<string> FaultAsync()
    {
        if (setting.IsRelease || random.Next(6) == 0)
        {
            using var process = Start(null);
            var ending = process.WaitAsync(Longest);
            await Task.WhenAny(ending, Task.Delay(random.Next(400)));
            process.Kill();
            return Told("a kill from outside", null, await ending, mayFail: postgres is not null);
        }

        var name = Points[next % Points.Count];
        var failpoint = $"{name}:{1 + next / Points.Count % 2}:kill";
        next++;
        return Told(failpoint, $"replica {name}", await EndAsync(failpoint), mayFail: postgres is not null);
    }

    /// <summary>
    /// A run that ends by itself, when all is published: its tables are the newest exports, and nothing is left over.
    /// </summary>
    /// <returns>What was done.</returns>
    public async Task<string> CompareAsync()
    {
        var told = Told("nothing", null, await EndAsync(null));
        var spool = Path.Combine(folder, ".headrace", "spool");
        if (Directory.Exists(spool))
            Oracle.Same(Problems, "left in the replica's spool", [], Directory.EnumerateFileSystemEntries(spool));
        using var warehouse = postgres is null
            ? Reading.Of(Path.Combine(folder, "warehouse.duckdb"))
            : Reading.Of(await postgres.OpenAsync());
        var there = warehouse
            .Rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'")
            .Select(row => row[0]!)
            .ToHashSet();
        foreach (var dataset in datasets)
            Oracle.Same(
                Problems,
                $"the replica's rows of {dataset}",
                model.Of(dataset).Expected,
                there.Contains(TableOf(dataset))
                    ? warehouse
                        .Rows($"SELECT id, name, amount FROM raw.{TableOf(dataset)}")
                        .Select(row => string.Join('|', row.Select(value => value ?? Content.Null)))
                    : []
            );
        tally.Check();
        return told;
    }

    public async ValueTask DisposeAsync()
    {
        if (setting.Keep)
            return;
        Directory.Delete(folder, recursive: true);
        if (postgres is not null)
            await postgres.DropAsync();
    }

    /// <param name="mayFail">Its server may go down meanwhile.</param>
    private string Told(string what, string? failpoint, Ended ended, bool mayFail = false)
    {
        if (ended.WasKilled)
            tally.Kill(failpoint);
        else
            foreach (var run in RunRow.Parse(ended, Problems) ?? [])
                if (run.Outcome is not ("loaded" or "up_to_date") && !(mayFail && run.Outcome == "failed"))
                    Problems.Add($"the replica's {run.Dataset}: {run.Outcome} {run.Error} {run.Facts}");
        return $"the replica's run in {folder} with {what} ended with {ended.ExitCode}";
    }

    private async Task<Ended> EndAsync(string? failpoint)
    {
        using var process = Start(failpoint);
        return await process.WaitAsync(Longest);
    }

    private HeadraceProcess Start(string? failpoint)
    {
        tally.Process();
        return HeadraceProcess.Start(setting.Program, folder, ["run", "--json"], failpoint, plant: null);
    }

    private static string TableOf(string dataset) => dataset.Replace('/', '_');
}
