using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>
/// Random tables and exports: who applies the published operations has the export, and so has the warehouse.
/// </summary>
public sealed class Properties : ProjectTests
{
    private const string Connections = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
          ops: { type: jsonl, path: ./ops }
        defaults:
          target: { connection: warehouse }
        flows:

        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Operations_and_table_are_the_export_after_every_version(int seed)
    {
        const int runs = 2;
        var random = new Random(seed);
        var flows = Enumerable.Range(0, 8).Select(i => new RandomFlow(random, $"f{i}")).ToList();
        World.Configuration(Connections + string.Concat(flows.Select(flow => flow.Yaml)));
        var tenants = flows
            .SelectMany(flow =>
                Enumerable.Range(0, 3).Select(i => (Flow: flow, Name: $"t{i}", Model: new Model(flow, $"t{i}")))
            )
            .ToList();
        var last = tenants.ToDictionary(tenant => tenant.Model, _ => new List<RandomRow>());
        var seen = new HashSet<string>();
        for (var run = 0; run < runs; run++)
        {
            var exports = new List<(Model Model, string Version, List<RandomRow> Rows)>();
            foreach (var (flow, name, model) in tenants)
                for (var more = random.Next(3); more >= 0; more--)
                {
                    var version = $"v{run}-{9 - more}";
                    last[model] = flow.Next(last[model]);
                    exports.Add((model, version, last[model]));
                    flow.Write(World, name, version, last[model]);
                }

            var answer = await World.Run("run", "--json");
            Assert.Equal(
                "",
                string.Join(
                    '\n',
                    answer
                        .Runs.Where(run => run.Outcome != "loaded" && run.Error != "HDR-117")
                        .Select(run => $"{run.Dataset}: {run.ErrorText}")
                )
            );
            var fresh = Operation
                .Read(Path.Combine(World.Folder, "ops"))
                .Where(operation => seen.Add(operation.Id))
                .ToLookup(operation => (operation.Dataset, operation.Version));
            foreach (var (model, version, rows) in exports)
                Told(model, () => model.Take(rows, [.. fresh[(model.Dataset, version)]]));
            foreach (var (flow, name, model) in tenants.Where(tenant => tenant.Flow.HasTable))
                Told(model, () => Assert.Equal(model.Rows, Table(flow, name)));
        }
    }

    // A failure says what led to it.
    private void Told(Model model, Action check)
    {
        try
        {
            check();
        }
        catch (Exception failure)
        {
            var (flow, tenant) = (model.Dataset.Split('/')[0], model.Dataset.Split('/')[1]);
            var files = Directory
                .EnumerateFiles($"{World.Lake}/{flow}/{tenant}", "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                    $"{file}\n"
                    + (
                        file.EndsWith(".csv", StringComparison.Ordinal)
                        || file.EndsWith(".jsonl", StringComparison.Ordinal)
                            ? File.ReadAllText(file)
                            : ""
                    )
                );
            var held =
                flow.Length > 0 && File.Exists(World.Warehouse)
                    ? World.Query(
                        $"SELECT file, line, reason FROM headrace.quarantine WHERE dataset = '{model.Dataset}'"
                    )
                    : [];
            Assert.Fail(
                $"{model.Dataset}\n"
                    + File.ReadAllText($"{World.Folder}/headrace.yaml")
                        .Split("\n  ")
                        .Single(part => part.StartsWith($"{flow}:", StringComparison.Ordinal))
                    + $"\n{string.Join('\n', held)}\n{failure.Message}\n{string.Concat(files)}"
            );
        }
    }

    private IEnumerable<string> Table(RandomFlow flow, string tenant)
    {
        var table = $"{flow.Name}_{tenant}";
        if (World.Query($"SELECT 1 FROM duckdb_tables() WHERE table_name = '{table}'").Length == 0)
            return [];
        var columns = string.Join(", ", flow.Kinds.Select((kind, i) => kind.Text($"c{i}")));
        return World
            .Query(
                $"SELECT to_json([{columns}]) "
                    + $"FROM raw.{table}{(flow.Deletes == "soft" ? " WHERE deleted_at IS NULL" : "")}"
            )
            .Select(row =>
                JsonSerializer.Serialize(
                    JsonSerializer.Deserialize<string?[]>(row)!.Select((text, i) => flow.Kinds[i].Plain(text))
                )
            )
            .Order(StringComparer.Ordinal);
    }
}
