using Headrace.DuckDb;
using Headrace.Tests;
using Npgsql;

namespace Headrace.Torture;

/// <summary>Where the rows of a round go.</summary>
internal enum TableTarget { DuckDb, Postgres }

/// <summary>
/// Trials of reading tables: each is a run of the real command line beside writers, and to most of them something is done. After every
/// few the writers come to an end, a run ends by itself, and the warehouse must have exactly the source's rows.
/// </summary>
/// <param name="cluster">Of this lane alone: it has the source and, for PostgreSQL, the target, and goes down now and then.</param>
internal sealed class TableTrials(Setting setting, PostgresCluster cluster, Tally tally, TableTarget target)
{
    private const int TrialsEach = 8;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    // A runner that waits for a lock of one that is stopped would wait for long.
    private static readonly TimeSpan DuelWait = TimeSpan.FromSeconds(2);

    // The columns that are compared, for each flow.
    private static readonly (string Table, string Columns)[] Compared =
        [("orders", "id, n"), ("events", "id, n"), ("numbers", "id, n"), ("stamps", "id, n"), ("items", "id, n")];

    /// <summary>One round of trials on tables of its own; what was wrong.</summary>
    /// <param name="seed">Decides what the writers do and what is done to runs, not at which failpoint, nor how they meet.</param>
    public async Task<IReadOnlyList<string>> RoundAsync(int seed)
    {
        var random = new Random(seed);
        var (source, warehouse) = (await cluster.CreateAsync(), target == TableTarget.Postgres ? await cluster.CreateAsync() : null);
        await using (var db = await cluster.OpenAsync(source))
        await using (var create = new NpgsqlCommand(Writers.Tables, db))
            await create.ExecuteNonQueryAsync();

        // Two machines: what one holds locally the other one does not see.
        string[] folders = [Directory.CreateTempSubdirectory("headrace-tables-").FullName, Directory.CreateTempSubdirectory("headrace-tables-").FullName];
        foreach (var folder in folders)
            await ConfigureAsync(folder, source, warehouse, cluster.Port);
        var wrong = new List<string>();
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
            using (var last = HeadraceProcess.Start(setting.Dll, folders[0], ["run", "--json"], null, setting.Plant))
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
                await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS {database ?? "nothing"} WITH (FORCE)", db);
                await drop.ExecuteNonQueryAsync();
            }
        }

        return wrong;
    }

    private async Task TrialAsync(Trial trial, List<string> wrong)
    {
        tally.Process();
        var (random, isPostgres) = (trial.Random, target == TableTarget.Postgres);

        // Where fewest were killed yet.
        var name = Failpoint.OfTables.Select((name, i) => (name, Turn: (i + trial.Number) % Failpoint.OfTables.Count)).MinBy(one => (tally.KillsAt(one.name), one.Turn)).name;
        var fault = setting.Plant switch
        {
            "naive-retry" => 6,
            "missing-fence" => 8,
            _ => random.Next(isPostgres ? 10 : 7),
        };
        switch (fault)
        {
            case 0:
                Judge(await RunAsync(trial.Folders[0], null), "by itself", 0, wrong);
                break;
            case 4:
                await KillAsync(trial, wrong);
                break;
            case 5:
                await CrashAsync(trial, wrong);
                break;
            case 6 or 7 when isPostgres:
                await CutAsync(trial, wrong);
                break;
            case 8 or 9:
                await DuelAsync(trial, name, wrong);
                break;
            default:
                var failpoint = $"{name}:{(random.Next(3) > 0 || name is "config_read" or "ledger_written" or "end" ? 1 : random.Next(2, 6))}:kill";
                var ended = await RunAsync(trial.Folders[0], failpoint);
                if (ended.WasKilled)
                    tally.Kill(name);
                else
                    Judge(ended, $"with {failpoint}", 0, wrong);
                break;
        }
    }

    private async Task<Ended> RunAsync(string folder, string? failpoint)
    {
        using var process = HeadraceProcess.Start(setting.Dll, folder, ["run", "--json"], failpoint, setting.Plant);
        return await process.WaitAsync(Longest);
    }

    private async Task KillAsync(Trial trial, List<string> wrong)
    {
        using var process = HeadraceProcess.Start(setting.Dll, trial.Folders[0], ["run", "--json"], null, setting.Plant);
        var ending = process.WaitAsync(Longest);
        await Task.Delay(trial.Random.Next(1500));
        process.Kill();
        var ended = await ending;
        if (ended.WasKilled)
            tally.Kill(null);
        else
            Judge(ended, "before it could be killed", 0, wrong);
    }

    // Source and target go down together; what was under way fails or is tried again.
    private async Task CrashAsync(Trial trial, List<string> wrong)
    {
        using var process = HeadraceProcess.Start(setting.Dll, trial.Folders[0], ["run", "--json"], null, setting.Plant);
        var ending = process.WaitAsync(Longest);
        await Task.Delay(trial.Random.Next(100, 1200));
        await cluster.CrashAsync();
        tally.Fault("server crashed (pg_ctl immediate)");
        Judge(await ending, "while the server crashed", 4, wrong);
    }

    private async Task CutAsync(Trial trial, List<string> wrong)
    {
        var cut = setting.Plant is null ? (Cut)trial.Random.Next(3) : Cut.AfterCommit;
        await using var proxy = new CommitProxy(cluster.Port, cut, cut == Cut.Anywhere ? trial.Random.Next(1, 40) : trial.Random.Next(1, 12));
        await ConfigureAsync(trial.Folders[0], trial.Source, trial.Warehouse, proxy.Port);
        Judge(await RunAsync(trial.Folders[0], null), $"while the connection was cut ({cut})", 4, wrong);
        await ConfigureAsync(trial.Folders[0], trial.Source, trial.Warehouse, cluster.Port);
        if (proxy.HasCut)
            tally.Fault($"connection cut ({cut})");
    }

    // The first stops somewhere, the second loads, the first goes on as if nothing had been.
    private async Task DuelAsync(Trial trial, string name, List<string> wrong)
    {
        name = setting.Plant is null ? name : "changes_staged";
        using var first = HeadraceProcess.Start(setting.Dll, trial.Folders[0], ["run", "--json"], $"{name}:{trial.Random.Next(1, 4)}:stop", setting.Plant);
        if (!await first.StoppedAsync(Longest))
        {
            Judge(await first.WaitAsync(Longest), $"without coming to {name}", 0, wrong);
            return;
        }

        tally.Process();
        using var second = HeadraceProcess.Start(setting.Dll, trial.Folders[1], ["run", "--json"], null, setting.Plant);
        var ending = second.WaitAsync(Longest);
        await Task.WhenAny(ending, Task.Delay(DuelWait));
        var met = !ending.IsCompleted;
        first.Resume();
        Judge(await first.WaitAsync(Longest), $"after it had stopped at {name}", 4, wrong);
        Judge(await ending, "beside one that had stopped", 4, wrong);
        tally.Stop(met);
        tally.Fault("duel of two runners");
    }

    // Failing may be right, losing one's way is not.
    private static void Judge(Ended ended, string how, int most, List<string> wrong)
    {
        if (ended.TimedOut || ended.ExitCode < 0 || ended.ExitCode > most || ended.ExitCode is 2 or 3 || (ended.Output + ended.Messages).Contains("HDR-9", StringComparison.Ordinal))
            wrong.Add($"a run {how} ended with {ended.ExitCode}{(ended.TimedOut ? " (it did not end)" : "")}: {ended.Output} {ended.Messages}");
    }

    private async Task CompareAsync(string folder, string sourceName, string? warehouseName, List<string> wrong)
    {
        await using var source = await cluster.OpenAsync(sourceName);
        await using var postgres = warehouseName is null ? null : await cluster.OpenAsync(warehouseName);
        using var engine = DuckDbDatabase.Open(":memory:");
        using var duckdb = engine.Connect();
        if (postgres is null)
            duckdb.Execute($"ATTACH {Sql.Literal(Path.Combine(folder, "warehouse.duckdb"))} AS warehouse (READ_ONLY)", CancellationToken.None);
        foreach (var (table, columns) in Compared)
        {
            var there = await RowsAsync(source, $"SELECT concat_ws('|', {columns}) FROM {table}");
            var here = postgres is null ? Rows(duckdb, $"SELECT concat_ws('|', {columns}) FROM warehouse.raw.{table}")
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

    private Task ConfigureAsync(string folder, string source, string? warehouse, int targetPort) => File.WriteAllTextAsync(Path.Combine(folder, "headrace.yaml"),
        $$"""
        version: 1
        connections:
          shop: { type: postgres, host: 127.0.0.1, port: {{cluster.Port}}, database: {{source}}, user: tester, password: known }
          warehouse: {{(warehouse is null ? "{ type: duckdb, path: ./warehouse.duckdb }" : $"{{ type: postgres, host: 127.0.0.1, port: {targetPort}, database: {warehouse}, user: tester, password: known }}")}}
        defaults:
          target: { connection: warehouse, schema: raw }
        flows:
          orders:  { source: { connection: shop, table: orders }, read: incremental, primary_key: id, create_key: created_at, update_key: updated_at, write: merge }
          events:  { source: { connection: shop, table: events }, read: incremental, create_key: created_at, write: append }
          numbers: { source: { connection: shop, table: numbers }, read: incremental, primary_key: id, create_key: id, write: merge }
          stamps:  { source: { connection: shop, table: stamps }, read: incremental, primary_key: id, update_key: tx, write: merge }
          items:   { source: { connection: shop, table: items }, read: snapshot, primary_key: id, write: merge, limits: { min_rows: 0 } }
        """);

    /// <summary>One run to which something is done.</summary>
    private sealed record Trial(IReadOnlyList<string> Folders, string Source, string? Warehouse, int Number, Random Random);
}
