using Headrace.DuckDb;
using Headrace.Tests;
using Npgsql;

namespace Headrace.Torture;

/// <summary>
/// Trials of reading tables: each is a run of the real command line beside writers, most of them killed at a failpoint. After every few
/// the writers come to an end, a run ends by itself, and the warehouse must have exactly the source's rows.
/// </summary>
internal sealed class TableTrials(Setting setting, PostgresCluster cluster, Tally tally)
{
    private const int TrialsEach = 8;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    // The columns that are compared, for each flow.
    private static readonly (string Table, string Columns)[] Compared =
        [("orders", "id, n"), ("events", "id, n"), ("numbers", "id, n"), ("stamps", "id, n"), ("items", "id, n")];

    /// <summary>One round of trials on tables of its own; what was wrong.</summary>
    /// <param name="seed">Decides what the writers do and where runs are killed, not how they meet.</param>
    public async Task<IReadOnlyList<string>> RoundAsync(int seed)
    {
        var random = new Random(seed);
        var database = await cluster.CreateAsync();
        await using (var db = await cluster.OpenAsync(database))
        await using (var create = new NpgsqlCommand(Writers.Tables, db))
            await create.ExecuteNonQueryAsync();
        var folder = Directory.CreateTempSubdirectory("headrace-tables-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "headrace.yaml"), Configuration(database));
        var wrong = new List<string>();
        try
        {
            await using (new Writers(cluster, database, seed))
                for (var trial = 0; trial < TrialsEach; trial++)
                {
                    await Task.Delay(random.Next(150));
                    var name = Failpoint.OfTables[(seed * TrialsEach + trial) % Failpoint.OfTables.Count];
                    await TrialAsync(folder, random.Next(4) == 0 ? null : $"{name}:{(random.Next(3) > 0 || name is "config_read" or "ledger_written" or "end" ? 1 : random.Next(2, 6))}:kill", name, wrong);
                }

            await Task.Delay(2500); // appended rows come when nothing can precede them: two seconds later
            await TrialAsync(folder, null, null, wrong);
            await CompareAsync(folder, database, wrong);
            tally.Check();
        }
        finally
        {
            if (!setting.Keep)
                Directory.Delete(folder, recursive: true);
            await using var db = await cluster.OpenAsync("postgres");
            await using var drop = new NpgsqlCommand($"DROP DATABASE {database} WITH (FORCE)", db);
            await drop.ExecuteNonQueryAsync();
        }

        return wrong;
    }

    private async Task TrialAsync(string folder, string? failpoint, string? name, List<string> wrong)
    {
        tally.Process();
        using var process = HeadraceProcess.Start(setting.Dll, folder, ["run", "--json"], failpoint, setting.Plant);
        var ended = await process.WaitAsync(Longest);
        if (ended.WasKilled)
            tally.Kill(name);
        else if (ended.ExitCode != 0)
            wrong.Add($"a run {(failpoint is null ? "" : $"with {failpoint} ")}ended with {ended.ExitCode}: {ended.Output} {ended.Messages}");
    }

    private async Task CompareAsync(string folder, string database, List<string> wrong)
    {
        await using var source = await cluster.OpenAsync(database);
        using var engine = DuckDbDatabase.Open(":memory:");
        using var warehouse = engine.Connect();
        warehouse.Execute($"ATTACH {Sql.Literal(Path.Combine(folder, "warehouse.duckdb"))} AS warehouse (READ_ONLY)", CancellationToken.None);
        foreach (var (table, columns) in Compared)
        {
            var there = new List<string>();
            await using (var command = new NpgsqlCommand($"SELECT concat_ws('|', {columns}) FROM {table}", source))
            await using (var reader = await command.ExecuteReaderAsync())
                while (await reader.ReadAsync())
                    there.Add(reader.GetString(0));
            var here = new List<string>();
            using (var reader = warehouse.Query($"SELECT concat_ws('|', {columns}) FROM warehouse.raw.{table}", CancellationToken.None))
                while (reader.Read())
                    here.Add(reader.GetString(0));
            foreach (var lost in there.Except(here).Take(3))
                wrong.Add($"{table}: lost: {lost}");
            foreach (var extra in here.Except(there).Take(3))
                wrong.Add($"{table}: unexpected: {extra}");
            if (here.Count != here.Distinct().Count())
                wrong.Add($"{table}: doubled: {here.GroupBy(row => row).First(group => group.Count() > 1).Key}");
        }
    }

    private string Configuration(string database) =>
        $$"""
        version: 1
        connections:
          shop: { type: postgres, host: 127.0.0.1, port: {{cluster.Port}}, database: {{database}}, user: tester, password: known }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
        defaults:
          target: { connection: warehouse, schema: raw }
        flows:
          orders:  { source: { connection: shop, table: orders }, read: incremental, primary_key: id, create_key: created_at, update_key: updated_at, write: merge }
          events:  { source: { connection: shop, table: events }, read: incremental, create_key: created_at, write: append }
          numbers: { source: { connection: shop, table: numbers }, read: incremental, primary_key: id, create_key: id, write: merge }
          stamps:  { source: { connection: shop, table: stamps }, read: incremental, primary_key: id, update_key: tx, write: merge }
          items:   { source: { connection: shop, table: items }, read: snapshot, primary_key: id, write: merge, limits: { min_rows: 0 } }
        """;
}
