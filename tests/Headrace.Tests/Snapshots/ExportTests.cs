using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>
/// Tests of full exports: the flow <c>items</c> reads them into raw.items, and publishes their operations.
/// </summary>
public abstract class ExportTests : ProjectTests
{
    private const string Connections = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
          ops: { type: jsonl, path: ./ops }
        flows:
          items:

        """;

    protected string Ops => Path.Combine(World.Folder, "ops");

    protected string Memories => Path.Combine(World.Folder, ".headrace/snapshots");

    /// <summary>
    /// All operations, for example <c>INSERT 1: - -> 1|a|1.50</c>, those of one export in the order of their texts.
    /// </summary>
    protected IEnumerable<string> Operations =>
        Operation
            .Read(Ops)
            .GroupBy(operation => operation.Version)
            .SelectMany(export => export.Select(operation => $"{operation}").Order(StringComparer.Ordinal));

    /// <summary>The rows of the table in the order of their first column.</summary>
    protected string[] Rows => World.Query("SELECT * FROM raw.items ORDER BY 1, 2");

    /// <summary>The files on record: version, key, parts, rows, outcome.</summary>
    protected string[] Files =>
        World.Query("SELECT version, key, parts, rows, outcome FROM headrace.files ORDER BY sequence");

    /// <summary>
    /// Writes the flow; each of these keys replaces its own, one without a value takes it away.
    /// </summary>
    protected void Flow(params string[] keys)
    {
        var all = new OrderedDictionary<string, string>
        {
            ["source"] = "{ connection: lake, path: \"items/{version}/*\" }",
            ["columns"] = "{ id: bigint, name: text, price: \"decimal(12,2)\" }",
            ["read"] = "snapshot",
            ["primary_key"] = "id",
            ["write"] = "merge",
            ["target"] = "{ connection: warehouse, schema: raw }",
            ["publish"] = "{ connection: ops }",
        };
        foreach (var key in keys)
            all[key.Split(": ", 2)[0]] = key.Split(": ", 2)[1];
        World.Configuration(
            Connections
                + string.Concat(all.Where(key => key.Value.Length > 0).Select(key => $"    {key.Key}: {key.Value}\n"))
        );
    }

    /// <summary>Drops an export of one file.</summary>
    protected void Export(string version, params string[] rows) => Part($"{version}/1.csv", rows);

    /// <summary>Drops one file of an export.</summary>
    protected void Part(string key, params string[] rows) =>
        World.Put($"items/{key}", "id,name,price\n" + string.Concat(rows.Select(row => $"{row}\n")));

    /// <summary>
    /// Runs and expects that the export is stopped or refused with an error, and that nothing changes.
    /// </summary>
    protected async Task<RunAnswer> Stops(string code, int exit = 3, params string[] args)
    {
        var before = State();
        var answer = await World.Run(["run", "--json", .. args]);
        Assert.True(answer.Exit == exit, $"exit {answer.Exit}\n{answer.Text}");
        Assert.Equal(code, answer.Only.Error);
        Assert.Equal(before, State());
        return answer.Only;
    }

    private string State()
    {
        if (!File.Exists(World.Warehouse))
            return "";
        var hasTable = World.Value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'") != "0";
        return string.Join(
            '\n',
            [
                .. hasTable ? Rows : [],
                .. World.Query("SELECT dataset, generation, load_id FROM headrace.positions"),
                World.Value("SELECT count(*) FROM headrace.quarantine"),
                .. Operations,
            ]
        );
    }
}
