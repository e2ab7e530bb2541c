using Headrace.DuckDb;
using Headrace.Tests;
using Npgsql;

namespace Headrace.Torture;

/// <summary>What is done to a run of tables, by the words of the tally.</summary>
internal static class TableFaults
{
    public const string None = "nothing",
        KillAtFailpoint = "killed at a failpoint",
        KillAnywhere = "killed at a random moment",
        Crash = "server crashed (pg_ctl immediate)",
        CutBeforeCommit = "connection cut before COMMIT",
        CutAfterCommit = "connection cut after COMMIT",
        CutAnywhere = "connection cut anywhere",
        Duel = "duel of two runners";

    public static readonly IReadOnlyList<string> OfDuckDb = [None, KillAnywhere, Crash];

    public static readonly IReadOnlyList<string> All =
    [
        None,
        KillAnywhere,
        Crash,
        CutBeforeCommit,
        CutAfterCommit,
        CutAnywhere,
        Duel,
    ];
}

/// <summary>
/// Trials of reading tables: each is a run of the real command line beside writers, and to most of them something is
/// done. After every few the writers come to an end, a run ends by itself, and the warehouse must have exactly the
/// source's rows.
/// </summary>
/// <param name="cluster">Of this lane alone: it has the source and, for PostgreSQL, the target, and goes down now and
/// then.</param>
internal sealed class TableTrials(Setting setting, PostgresCluster cluster, Tally tally, Target target)
{
    private const int TrialsEach = 8;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    // A runner that waits for a lock of one that is stopped would wait for long.
    private static readonly TimeSpan DuelWait = TimeSpan.FromSeconds(2);

    // The columns that are compared, for each flow.
    private static readonly (string Table, string Columns)[] Compared =
    [
        ("orders", "id, n"),
        ("events", "id, n"),
        ("numbers", "id, n"),
        ("stamps", "id, n"),
        ("items", "id, n"),
    ];

    /// <summary>One round of trials on tables of its own; what was wrong.</summary>
    /// <param name="seed">Decides what the writers do and what is done to runs, not at which failpoint, nor how they
    /// meet.</param>
    public async Task<IReadOnlyList<string>> RoundAsync(int seed)
    {
        var random = new Random(seed);
        var (source, warehouse) = (
            await cluster.CreateAsync(),
            target == Target.Postgres ? await cluster.CreateAsync() : null
        );
        await using (var db = await cluster.OpenAsync(source))
        await using (var create = new NpgsqlCommand(Writers.Tables, db))
            await create.ExecuteNonQueryAsync();

        // Two machines: what one holds locally the other one does not see.
        string[] folders =
        [
            Directory.CreateTempSubdirectory("headrace-tables-").FullName,
            Directory.CreateTempSubdirectory("headrace-tables-").FullName,
        ];
        foreach (var folder in folders)
            await ConfigureAsync(folder, source, warehouse, cluster.Port);
        var wrong = new List<string>();
        Log.Clear();
        try
        {
            await using (new Writers(cluster, source, seed))
                for (var trial = 0; trial < TrialsEach; trial++)
                {
                    await Task.Delay(random.Next(150));
                    await TrialAsync(new Trial(folders, source, warehouse, seed * TrialsEach + trial, random), wrong);
                }

            await Task.Delay(2500); // appended rows come when nothing can precede them: two seconds later
            tally.Process();
            using (
                var last = HeadraceProcess.Start(setting.Program, folders[0], ["run", "--json"], null, setting.Plant)
            )
                Judge(await last.WaitAsync(Longest), "by itself", 0, wrong);
            await CompareAsync(folders[0], source, warehouse, wrong);
            tally.Check();
        }
        finally
        {
            foreach (var folder in setting.Keep ? [] : folders)
                Directory.Delete(folder, recursive: true);
            await using var db = await cluster.OpenAsync("postgres");
            foreach (var database in (string?[])[source, warehouse])
            {
                await using var drop = new NpgsqlCommand(
                    $"DROP DATABASE IF EXISTS {database ?? "nothing"} WITH (FORCE)",
                    db
                );
                await drop.ExecuteNonQueryAsync();
            }
        }

        return wrong;
    }

    /// <summary>What was done in the last round, to be shown when it went wrong.</summary>
    public List<string> Log { get; } = [];

    private async Task TrialAsync(Trial trial, List<string> wrong)
    {
        tally.Process();
        var random = trial.Random;
        var name = Least(Failpoint.OfTables, tally.KillsAt, trial.Number);
        var fault = setting.Plant switch
        {
            "naive-retry" => TableFaults.CutAfterCommit,
            "missing-fence" => TableFaults.Duel,
            _ when random.Next(2) == 0 => TableFaults.KillAtFailpoint,
            _ => Least(
                target == Target.Postgres ? TableFaults.All : TableFaults.OfDuckDb,
                tally.FaultsOf,
                trial.Number
            ),
        };
        var wasWrong = wrong.Count;
        Log.Add($"{fault}{(fault is TableFaults.KillAtFailpoint or TableFaults.Duel ? $" ({name})" : "")}");
        if (
            await (
                fault switch
                {
                    TableFaults.None => NoneAsync(trial, wrong),
                    TableFaults.KillAnywhere => KillAsync(trial, wrong),
                    TableFaults.Crash => CrashAsync(trial, wrong),
                    TableFaults.CutBeforeCommit => CutAsync(trial, Cut.BeforeCommit, wrong),
                    TableFaults.CutAfterCommit => CutAsync(trial, Cut.AfterCommit, wrong),
                    TableFaults.CutAnywhere => CutAsync(trial, Cut.Anywhere, wrong),
                    TableFaults.Duel => DuelAsync(trial, name, wrong),
                    _ => KillAsync(trial, name, wrong),
                }
            )
        )
            tally.Fault(fault);
        if (wrong.Count > wasWrong)
            Log[^1] += ", and it was wrong";
    }

    // What was done least often so far, so that nothing is left out; of several one after another.
    private static string Least(IReadOnlyList<string> names, Func<string, int> count, int number) =>
        names
            .Select((name, i) => (name, Turn: (i + number) % names.Count))
            .MinBy(one => (count(one.name), one.Turn))
            .name;

    private async Task<bool> NoneAsync(Trial trial, List<string> wrong)
    {
        Judge(await RunAsync(trial.Folders[0], null), "by itself", 0, wrong);
        return true;
    }

    private async Task<bool> KillAsync(Trial trial, string name, List<string> wrong)
    {
        var failpoint =
            $"{name}:"
            + (
                trial.Random.Next(3) > 0 || name is "config_read" or "ledger_written" or "end"
                    ? 1
                    : trial.Random.Next(2, 6)
            )
            + ":kill";
        var ended = await RunAsync(trial.Folders[0], failpoint);
        if (ended.WasKilled)
            tally.Kill(name);
        else
            Judge(ended, $"with {failpoint}", 0, wrong);
        return ended.WasKilled;
    }

    private async Task<Ended> RunAsync(string folder, string? failpoint)
    {
        using var process = HeadraceProcess.Start(setting.Program, folder, ["run", "--json"], failpoint, setting.Plant);
        return await process.WaitAsync(Longest);
    }

    private async Task<bool> KillAsync(Trial trial, List<string> wrong)
    {
        using var process = HeadraceProcess.Start(
            setting.Program,
            trial.Folders[0],
            ["run", "--json"],
            null,
            setting.Plant
        );
        var ending = process.WaitAsync(Longest);
        await Task.Delay(trial.Random.Next(1500));
        process.Kill();
        var ended = await ending;
        if (ended.WasKilled)
            tally.Kill(null);
        else
            Judge(ended, "before it could be killed", 0, wrong);
        return ended.WasKilled;
    }

    // Source and target go down together; what was under way fails or is tried again.
    private async Task<bool> CrashAsync(Trial trial, List<string> wrong)
    {
        using var process = HeadraceProcess.Start(
            setting.Program,
            trial.Folders[0],
            ["run", "--json"],
            null,
            setting.Plant
        );
        var ending = process.WaitAsync(Longest);
        await Task.Delay(trial.Random.Next(100, 1200));
        await cluster.CrashAsync();
        Judge(await ending, "while the server crashed", 4, wrong);
        return true;
    }

    private async Task<bool> CutAsync(Trial trial, Cut cut, List<string> wrong)
    {
        await using var proxy = new CommitProxy(
            cluster.Port,
            cut,
            cut == Cut.Anywhere ? trial.Random.Next(1, 40) : trial.Random.Next(1, 12)
        );
        await ConfigureAsync(trial.Folders[0], trial.Source, trial.Warehouse, proxy.Port);
        Judge(await RunAsync(trial.Folders[0], null), $"while the connection was cut ({cut})", 4, wrong);
        await ConfigureAsync(trial.Folders[0], trial.Source, trial.Warehouse, cluster.Port);
        return proxy.HasCut;
    }

    // The first stops somewhere, the second loads, the first goes on as if nothing had been.
    private async Task<bool> DuelAsync(Trial trial, string name, List<string> wrong)
    {
        name = setting.Plant is null ? name : "changes_staged";
        using var first = HeadraceProcess.Start(
            setting.Program,
            trial.Folders[0],
            ["run", "--json"],
            $"{name}:{trial.Random.Next(1, 4)}:stop",
            setting.Plant
        );
        if (!await first.StoppedAsync(Longest))
        {
            Judge(await first.WaitAsync(Longest), $"without coming to {name}", 0, wrong);
            return false;
        }

        tally.Process();
        using var second = HeadraceProcess.Start(
            setting.Program,
            trial.Folders[1],
            ["run", "--json"],
            null,
            setting.Plant
        );
        var ending = second.WaitAsync(Longest);
        await Task.WhenAny(ending, Task.Delay(DuelWait));
        var met = !ending.IsCompleted;
        first.Resume();
        Judge(await first.WaitAsync(Longest), $"after it had stopped at {name}", 4, wrong);
        Judge(await ending, "beside one that had stopped", 4, wrong);
        tally.Stop(met);
        return true;
    }

    // Failing may be right, losing one's way is not.
    private static void Judge(Ended ended, string how, int most, List<string> wrong)
    {
        if (
            ended.TimedOut
            || ended.ExitCode < 0
            || ended.ExitCode > most
            || ended.ExitCode is 2 or 3
            || (ended.Output + ended.Messages).Contains("HDR-9", StringComparison.Ordinal)
        )
            wrong.Add(
                $"a run {how} ended with {ended.ExitCode}{(ended.TimedOut ? " (it did not end)" : "")}: "
                    + $"{ended.Output} {ended.Messages}"
            );
    }

    private async Task CompareAsync(string folder, string sourceName, string? warehouseName, List<string> wrong)
    {
        await using var source = await cluster.OpenAsync(sourceName);
        await using var postgres = warehouseName is null ? null : await cluster.OpenAsync(warehouseName);
        using var engine = DuckDbDatabase.Open(":memory:");
        using var duckdb = engine.Connect();
        if (postgres is null)
            duckdb.Execute(
                $"ATTACH {Sql.Literal(Path.Combine(folder, "warehouse.duckdb"))} AS warehouse (READ_ONLY)",
                CancellationToken.None
            );
        foreach (var (table, columns) in Compared)
        {
            var there = await RowsAsync(source, $"SELECT concat_ws('|', {columns}) FROM {table}");
            var here = postgres is null
                ? Rows(duckdb, $"SELECT concat_ws('|', {columns}) FROM warehouse.raw.{table}")
                : await RowsAsync(postgres, $"SELECT concat_ws('|', {columns}) FROM raw.{table}");
            foreach (var lost in there.Except(here).Take(3))
                wrong.Add($"{table}: lost: {lost}");
            foreach (var extra in here.Except(there).Take(3))
                wrong.Add($"{table}: unexpected: {extra}");
            if (here.Count != here.Distinct().Count())
                wrong.Add($"{table}: doubled: {here.GroupBy(row => row).First(group => group.Count() > 1).Key}");
        }
    }

    private static async Task<List<string>> RowsAsync(NpgsqlConnection db, string sql)
    {
        var rows = new List<string>();
        await using var command = new NpgsqlCommand(sql, db);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private static List<string> Rows(DuckDbConnection db, string sql)
    {
        var rows = new List<string>();
        using var reader = db.Query(sql, CancellationToken.None);
        while (reader.Read())
            rows.Add(reader.GetString(0));
        return rows;
    }

    private Task ConfigureAsync(string folder, string source, string? warehouse, int targetPort) =>
        File.WriteAllTextAsync(
            Path.Combine(folder, "headrace.yaml"),
            $$"""
            version: 1
            connections:
              shop: { type: postgres, host: 127.0.0.1, port: {{cluster.Port}}, database: {{source}}, user: tester, password: known }
              warehouse: {{(
                warehouse is null
                    ? "{ type: duckdb, path: ./warehouse.duckdb }"
                    : $"{{ type: postgres, host: 127.0.0.1, port: {targetPort}, database: {warehouse}, "
                        + "user: tester, password: known }"
            )}}
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              orders:  { source: { connection: shop, table: orders }, read: incremental, primary_key: id, create_key: created_at, update_key: updated_at, write: merge }
              events:  { source: { connection: shop, table: events }, read: incremental, create_key: created_at, write: append }
              numbers: { source: { connection: shop, table: numbers }, read: incremental, primary_key: id, create_key: id, write: merge }
              stamps:  { source: { connection: shop, table: stamps }, read: incremental, primary_key: id, update_key: tx, write: merge }
              items:   { source: { connection: shop, table: items }, read: snapshot, primary_key: id, write: merge, limits: { min_rows: 0 } }
            """
        );

    /// <summary>One run to which something is done.</summary>
    private sealed record Trial(
        IReadOnlyList<string> Folders,
        string Source,
        string? Warehouse,
        int Number,
        Random Random
    );
}
