namespace Headrace.Torture;

/// <summary>
/// One random sequence in a project of its own: files land, runs are killed, stopped and failed, and after each run
/// that ends by itself everything is compared with the model. The seed decides all of it but the moment of a kill from
/// outside.
/// </summary>
internal sealed class Sequence : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    // A process passes these once.
    private static readonly string[] Once = ["config_read", "ledger_written", "end"];

    // Nothing of the warehouse is held there yet, so that the second run need not wait for the file.
    private static readonly string[] EarlyStops = ["config_read", "lake_listed", "dataset_held"];

    // Only exports pass these, or it is there that memory, table and operations could part: some land first.
    private static readonly string[] OfExports =
    [
        "state_written",
        "export_compared",
        "rows_deleted",
        "before_commit",
        "after_commit",
        "operations_sent",
        "operations_written",
        "operations_published",
    ];

    private readonly int seed;
    private readonly Setting setting;
    private readonly Tally tally;
    private readonly Random random;
    private readonly Folder folder;
    private readonly Model model;
    private readonly Consumer consumer;
    private readonly Leaks leaks;
    private readonly Operations operations;
    private readonly List<string> log = [];
    private readonly int retries;
    private readonly Postgres? postgres;
    private readonly ServerFaults? server;
    private readonly Replica? replica;
    private Snapshot? last;
    private int next;

    private Sequence(int seed, Setting setting, Tally tally, Place place, Postgres? postgres, Postgres? second)
    {
        (this.seed, this.setting, this.tally) = (seed, setting, tally);
        random = new Random(seed);
        next = seed * 7;
        retries = random.Next(2);
        var parallel = random.Next(1, 6);
        var hasFeed = random.Next(2) == 0;
        var isSoft = seed % 2 == 0;
        this.postgres = postgres;
        folder = new Folder(
            $"{seed}",
            retries,
            parallel,
            hasFeed,
            setting.Keep,
            isSoft,
            postgres?.Yaml ?? "{ type: duckdb, path: ./warehouse.duckdb }",
            place
        );
        model = new Model(
            [
                .. Model.OfChanges,
                Model.OfPeople,
                "cards",
                "events",
                "people",
                "stock",
                "inbox",
                "exports",
                .. hasFeed ? (string[])["feed"] : [],
            ],
            isSoft
        );
        var tenants = random.Next(2) == 0 ? (string[])["exports/acme"] : ["exports/acme", "exports/bolt"];
        string[] published = [.. tenants, .. hasFeed ? (string[])["feed"] : []];
        operations = new Operations(random, folder, model, new Exports(random, model, published), log.Add);
        replica = setting.IsOnAws
            ? new Replica(seed, setting, tally, model, published, folder.Published.Yaml, second)
            : null;
        consumer = new Consumer(folder, tally, Problems);
        leaks = new Leaks(folder, Problems);
        server = postgres is null
            ? null
            : new ServerFaults(postgres, folder, random, () => Start(["run", "--json"], null));
        log.Add($"project {folder.Path}, retries {retries}, parallel {parallel}");
    }

    public static async Task<Sequence> MakeAsync(int seed, Setting setting, Tally tally, Lane lane) =>
        new(
            seed,
            setting,
            tally,
            lane.Aws is null ? Place.Folders : await Place.MakeAsync(lane.Aws),
            lane.Postgres is null ? null : await Postgres.MakeAsync(lane.Postgres),
            lane.Postgres is null || lane.Aws is null ? null : await Postgres.MakeAsync(lane.Postgres)
        );

    /// <summary>What was done, for the person who has to understand a wrong sequence.</summary>
    public IReadOnlyList<string> Log => log;

    public List<string> Problems { get; } = [];

    public async Task RunAsync()
    {
        operations.Person(); // what a model reads is there
        var rounds = random.Next(3, 7);
        for (var round = 0; round < rounds && Problems.Count == 0; round++)
            await RoundAsync();
    }

    public async ValueTask DisposeAsync()
    {
        folder.Dispose();
        if (postgres is not null && !setting.Keep)
            await postgres.DropAsync();
        if (replica is not null)
            await replica.DisposeAsync();
    }

    private async Task RoundAsync()
    {
        operations.Drop();
        for (var more = random.Next(6); more > 0; more--)
            operations.Any();
        for (var faults = random.Next(1, 5); faults > 0 && Problems.Count == 0; faults--)
        {
            await BothAsync();
            operations.Drop();
            if (random.Next(3) == 0)
                operations.Any();
        }

        if (last is not null && random.Next(2) == 0 && Problems.Count == 0)
            await QuarantineAsync();
        if (Problems.Count == 0)
            await CleanAsync();
        if (replica is not null && Problems.Count == 0)
        {
            for (var faults = random.Next(1, 4); faults > 0; faults--)
                Heard(await replica.FaultAsync());
            Heard(await replica.CompareAsync());
        }

        if (random.Next(6) == 0 && Problems.Count == 0)
            await AgainAsync();
        if (random.Next(4) == 0 && Problems.Count == 0)
            await ConfirmAsync();
    }

    /// <summary>A fault; at times a run of the second project is killed beside it.</summary>
    private async Task BothAsync()
    {
        var second = replica is not null && random.Next(2) == 0 ? replica.FaultAsync() : null;
        await FaultAsync();
        if (second is not null)
            Heard(await second);
    }

    private void Heard(string second)
    {
        log.Add(second);
        Problems.AddRange(replica!.Problems);
        replica.Problems.Clear();
    }

    private Task FaultAsync()
    {
        if (setting.IsRelease)
            return KillAsync();
        var isOfServer =
            server is not null && (setting.Plant == "clean-unasked" || (setting.Plant is null && random.Next(3) == 0));
        return isOfServer
            ? ServerAsync()
            : random.Next(100) switch
            {
                < 76 => FailpointAsync("kill"),
                < 86 => KillAsync(),
                < 90 => FailpointAsync("throw"),
                < 94 => FailpointAsync("enospc"),
                _ when setting.Plant is not null => FailpointAsync("kill"),
                _ => StopAsync(),
            };
    }

    /// <summary>
    /// Something is done to the server, or to the connection to it; those that happened least often come first.
    /// </summary>
    private async Task ServerAsync()
    {
        var fault =
            setting.Plant == "clean-unasked"
                ? ServerFaults.Late
                : ServerFaults.All.MinBy(name => (tally.FaultsOf(name), random.Next()))!;
        operations.Export(random.Next(1, 3));
        var (happened, ends) = await server!.DoAsync(fault);
        await consumer.LookAsync();
        if (happened)
            tally.Fault(fault);
        log.Add(
            $"run, {fault}{(happened ? "" : " (it did not come to that)")}, "
                + $"ended with {string.Join(", then ", ends.Select(end => end.ExitCode))}"
        );
        foreach (var end in ends)
            if (end.WasKilled)
                tally.Kill(null);
            else if (
                RunRow
                    .Parse(end, Problems)
                    ?.FirstOrDefault(row => row.Error?.StartsWith("HDR-9", StringComparison.Ordinal) == true) is
                { } lost
            )
                Problems.Add($"{lost.Dataset}: {lost.Error} {lost.Facts} where {fault}");
    }

    /// <summary>
    /// A run with a failpoint; the failpoints take turns, each with its first, second and third passing.
    /// </summary>
    private async Task FailpointAsync(string action)
    {
        var name = setting.Failpoints[next % setting.Failpoints.Count];
        var hit = Once.Contains(name) ? 1 : 1 + next / setting.Failpoints.Count % 3;
        next++;
        if (OfExports.Contains(name))
            operations.Export(hit);
        else if (random.Next(3) == 0)
            operations.Change(hit);
        if (setting.Plant == "mask-after-staging")
            operations.Card();
        var ended = await EndAsync($"{name}:{hit}:{action}");
        log.Add($"run with {name}:{hit}:{action} ended with {ended.ExitCode}");
        if (ended.WasKilled)
        {
            // At times nothing new comes after it, so that a run has to finish what the killed one began, and only
            // that.
            tally.Kill(name);
            if (OfExports.Contains(name) && random.Next(2) == 0)
                await CleanAsync();
        }
        else if (action == "kill")
            await CompareAsync(ended); // the failpoint was not reached: a run like any other
        else if (ended.ExitCode == 0)
            return; // not reached, or tried again with success; the next comparison tells
        else if (
            ended.TimedOut
            || ended.ExitCode is not (1 or 4)
            || !(ended.Output + ended.Messages).Contains("HDR-", StringComparison.Ordinal)
        )
            Problems.Add(
                $"a run whose failpoint {name}:{hit}:{action} failed ended with {ended.ExitCode}: "
                    + $"{ended.Output} {ended.Messages}"
            );
        else
            tally.Error();
    }

    private async Task KillAsync()
    {
        using var process = Start(["run", "--json"], null);
        var ended = process.WaitAsync(Longest);
        await Task.WhenAny(ended, Task.Delay(random.Next(400)));
        process.Kill();
        var end = await ended;
        await consumer.LookAsync();
        leaks.Look();
        log.Add($"run with a kill from outside ended with {end.ExitCode}");
        if (end.WasKilled)
            tally.Kill(null);
        else
            await CompareAsync(end);
    }

    /// <summary>The first run stops, a second one comes and must end by itself, the first one wakes up.</summary>
    private async Task StopAsync()
    {
        // The second run waits for the warehouse's file for a while, so that is done in some sequences only.
        var name =
            seed % 12 == 0 && postgres is null
                ? setting.Failpoints[random.Next(setting.Failpoints.Count)]
                : EarlyStops[random.Next(EarlyStops.Length)];
        using var first = Start(["run", "--json"], $"{name}:1:stop");
        var waiting = first.WaitAsync(TimeSpan.FromMinutes(3));
        if (await first.StoppedAsync(Longest))
        {
            if (random.Next(2) == 0)
                operations.Drop();
            var second = await EndAsync(null);
            var rows = RunRow.Parse(second, Problems) ?? [];
            log.Add(
                $"a run stopped at {name}; the second one: "
                    + string.Join(", ", rows.Select(row => $"{row.Dataset} {row.Outcome} {row.Error}"))
            );
            foreach (
                var row in rows.Where(row =>
                    row.Outcome == "failed"
                    && row.Error is not ("HDR-301" or "HDR-302")
                    && row.Dataset != Model.OfPeople // the table that it reads may not be there yet
                    && row.Error?.StartsWith("HDR-1", StringComparison.Ordinal) != true
                )
            )
                Problems.Add($"{row.Dataset}: a second run beside a stopped one failed with {row.Error} {row.Facts}");
            tally.Stop(rows.Any(row => row.Outcome == "skipped" || row.Error == "HDR-302"));
            first.Resume();
        }

        var ended = await waiting;
        await consumer.LookAsync();
        log.Add($"the stopped run ended with {ended.ExitCode}");
        RunRow.Parse(ended, Problems);
    }

    /// <summary>
    /// Rows are released or given up by hand, at times with a kill in the middle; then once more, to its end.
    /// </summary>
    private async Task QuarantineAsync()
    {
        var releasable = (string[])["events", .. Model.OfChanges];
        var held = model.Held.Where(row => releasable.Contains(row.Dataset) && row.Status == "waiting").ToList();
        if (held.Count == 0)
            return;
        var some = held[random.Next(held.Count)];
        var dataset = some.Dataset;
        var set = some.Change is null || some.Column is "" ? "amount=1.00" : operations.Mending(some);

        // As a delete a row needs none of its other values, so that it would mend more than its own column.
        var waiting = held.Where(row => row.Dataset == dataset && (set != "Op=D" || row.Column == "Op")).ToList();
        var chosen = waiting.Where(row => row == some || random.Next(3) > 0).ToList();
        var ids = chosen
            .Select(row => last!.Quarantine.FirstOrDefault(held => held.File == row.File && held.Line == row.Line)?.Id)
            .OfType<long>()
            .ToList();
        if (ids.Count != chosen.Count)
            return; // held since the last comparison
        var isRelease = random.Next(4) > 0;
        string[] arguments =
        [
            "quarantine",
            isRelease ? "release" : "discard",
            dataset,
            string.Join(',', ids),
            .. isRelease ? (string[])["--set", set] : ["--reason", "torture"],
            "--json",
        ];
        string[] points =
            !isRelease ? ["config_read"]
            : some.Change is null ? ["config_read", "rows_applied", "before_commit", "after_commit"]
            : ["config_read", "fenced", "rows_applied", "files_written", "before_commit", "after_commit"];
        var released = some.Change is null ? "release" : "release change";
        for (var kills = setting.IsRelease ? 0 : random.Next(3); kills > 0; kills--)
        {
            var point = points[random.Next(points.Length)];
            var ended = await EndAsync($"{point}:1:kill", arguments);
            log.Add($"{string.Join(' ', arguments)} with {point}:1:kill ended with {ended.ExitCode}");
            if (ended.WasKilled)
                tally.Kill($"{released} {point}");
        }

        var end = await EndAsync(null, arguments);
        log.Add($"{string.Join(' ', arguments)} ended with {end.ExitCode}");
        if (end.TimedOut || end.ExitCode is not (0 or 3))
            Problems.Add($"{string.Join(' ', arguments)} ended with {end.ExitCode}: {end.Output} {end.Messages}");
        foreach (var row in chosen)
            if (isRelease)
                model.Release(row, set);
            else
                row.Status = "discarded";
    }

    private async Task CleanAsync()
    {
        var ended = await EndAsync(null);
        log.Add($"clean run ended with {ended.ExitCode}");
        await CompareAsync(ended);
    }

    /// <summary>A run with nothing new commits nothing.</summary>
    private async Task AgainAsync()
    {
        var ended = await EndAsync(null);
        log.Add($"clean run again ended with {ended.ExitCode}");
        foreach (var row in RunRow.Parse(ended, Problems) ?? [])
            if (row.Batches > 0)
                Problems.Add($"{row.Dataset}: a run with nothing new committed {row.Batches} batches");
        await CompareAsync(ended);
    }

    /// <summary>A second full load stops its flow; confirmed it makes the table anew, through kills too.</summary>
    private async Task ConfirmAsync()
    {
        if (operations.CopyAgain() is not { } copy)
            return;
        var stopped = await EndAsync(null);
        log.Add($"run with a second full load ended with {stopped.ExitCode}");
        if (
            RunRow.Parse(stopped, Problems)?.FirstOrDefault(row => row.Dataset == copy.Dataset)
            is not { Outcome: "stopped", Error: "HDR-231" }
        )
            Problems.Add($"{copy.Dataset}: a second full load did not stop the run");
        string[] arguments = ["run", "--json", "--confirm", copy.Dataset];
        string[] points = ["changes_staged", "fenced", "table_ready", "rows_applied", "before_commit", "after_commit"];
        for (var kills = setting.IsRelease ? 0 : random.Next(3); kills > 0; kills--)
        {
            var point = points[random.Next(points.Length)];
            var ended = await EndAsync($"{point}:1:kill", arguments);
            log.Add($"{string.Join(' ', arguments)} with {point}:1:kill ended with {ended.ExitCode}");
            if (ended.WasKilled)
                tally.Kill($"confirm {point}");
        }

        var confirmed = await EndAsync(null, arguments);
        log.Add($"{string.Join(' ', arguments)} ended with {confirmed.ExitCode}");
        model.Rebuild(copy);
        await CompareAsync(confirmed);
    }

    private async Task CompareAsync(Ended ended)
    {
        if (RunRow.Parse(ended, Problems) is not { } rows)
            return;
        model.Settle();
        using (var warehouse = postgres is null ? Reading.Of(folder.Warehouse) : Reading.Of(await postgres.OpenAsync()))
            last = Snapshot.Read(folder, warehouse, model.IsSoft);
        new Oracle(model, folder, last, Problems).Check(rows);
        new ExportOracle(model, folder, last, consumer, Problems).Check();
        tally.Check();
    }

    private async Task<Ended> EndAsync(string? failpoint, string[]? arguments = null)
    {
        using var process = Start(arguments ?? ["run", "--json"], failpoint);
        var ended = await process.WaitAsync(Longest);
        await consumer.LookAsync();
        leaks.Look();
        if (ended.WasKilled && random.Next(4) == 0)
            folder.Spill();
        return ended;
    }

    private HeadraceProcess Start(string[] arguments, string? failpoint)
    {
        tally.Process();
        return HeadraceProcess.Start(setting.Program, folder.Path, arguments, failpoint, setting.Plant);
    }
}
