using System.Globalization;
using System.Text.Json.Nodes;
using Headrace.DuckDb;
using Headrace.Tests.StandIn;

namespace Headrace.Bench;

/// <summary>
/// Exports of DynamoDB beside DuckDB's own reader of JSON, and operations put into a stream beside the least number of
/// calls.
/// </summary>
/// <param name="rows">Items; a tenth as many operations.</param>
internal sealed class AwsBenchmarks(string cli, string folder, int rows)
{
    private const int Rounds = 3;
    private const int Files = 8;
    private const int MostInCall = 500;

    public async IAsyncEnumerable<string> AllAsync()
    {
        yield return $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, "
            + $"DuckDB {DuckDbDatabase.Version}; {rows:N0} items of 1 KB in {Files} files, {rows / 10:N0} operations; "
            + $"whole processes, median of {Rounds} after one warm-up";
        yield return "";
        yield return "| what | Headrace | baseline | ratio | bound |";
        yield return "|---|---|---|---|---|";
        yield return Export();
        yield return await CallsAsync();
    }

    private string Export()
    {
        var lake = Path.Combine(folder, "lake");
        new DynamoExportMaker(
            (key, bytes) =>
            {
                var file = Path.Combine(lake, key);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, bytes);
            },
            "items/"
        ).Full("2026-01-01T00:00:00Z", [.. Enumerable.Range(0, Files).Select(Items)]);
        var script = Path.Combine(folder, "items.sql");
        File.WriteAllText(
            script,
            $$"""
            CREATE TABLE items AS
            SELECT Item.pk.S AS pk, CAST(Item.n.N AS BIGINT) AS n, Item.name.S AS name,
                CAST(Item.amount.N AS DECIMAL(12,2)) AS amount, Item.client.M.device.S AS device, Item.note.S AS note
            FROM read_json({{Sql.Literal(Path.Combine(lake, "items", "AWSDynamoDB", "*", "data", "*.json.gz"))}},
                format = 'newline_delimited', columns = {Item: 'STRUCT(pk STRUCT(S VARCHAR), n STRUCT(N VARCHAR),
                    name STRUCT(S VARCHAR), amount STRUCT(N VARCHAR),
                    client STRUCT(M STRUCT(device STRUCT(S VARCHAR))), note STRUCT(S VARCHAR))'})
            """
        );
        var samples = new List<(double Mine, double Theirs)>();
        for (var round = 0; round <= Rounds; round++)
        {
            var project = Project(
                "items",
                $$"""
                connections:
                  lake: { type: folder, path: {{lake}} }
                  warehouse: { type: duckdb, path: ./warehouse.duckdb }
                flows:
                  items:
                    source: { connection: lake, path: "items/", format: dynamodb-export }
                    columns:
                      pk: text
                      n: bigint
                      name: text
                      amount: "decimal(12,2)"
                      device: { from: client.device, type: text }
                      note: text
                    read: cdc
                    primary_key: pk
                    write: merge
                    deletes: hard
                    target: { connection: warehouse, schema: raw }

                """
            );
            var mine = Measure.Run(cli, ["-C", project, "run"]).Seconds;
            Check(Path.Combine(project, "warehouse.duckdb"), "raw.items");
            var baseline = Path.Combine(project, "baseline.duckdb");
            var theirs = Measure.Run(Environment.ProcessPath!, [.. Benchmarks.Self(), "sql", baseline, script]).Seconds;
            Check(baseline, "items");
            Directory.Delete(project, recursive: true);
            samples.Add((mine, theirs));
        }

        var counted = samples.Skip(1).ToList(); // the first is the warm-up
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| export of DynamoDB into a new table, against DuckDB's read_json of the same files "
                + $"| {Measure.Median(counted.Select(sample => sample.Mine)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Theirs)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Mine / sample.Theirs)):0.00} | 1.3 |"
        );
    }

    private async Task<string> CallsAsync()
    {
        var (calls, taken, operations) = (0, 0, rows / 10);
        await using var stream = new FakeHttp(request =>
        {
            var records = JsonNode.Parse(request.Body)!["Records"]!.AsArray().Count;
            (calls, taken) = (calls + 1, taken + records);
            var answers = Enumerable.Range(0, records).Select(i => new JsonObject { ["SequenceNumber"] = $"{i}" });
            var answer = new JsonObject { ["FailedRecordCount"] = 0, ["Records"] = new JsonArray([.. answers]) };
            return Task.FromResult((200, answer.ToJsonString()));
        });

        // The stand-in takes any.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        var project = Data.Project(folder, "calls", "merge", isSnapshot: true);
        var yaml = Path.Combine(project, "headrace.yaml");
        var ops = $"  ops: {{ type: kinesis, stream: ops, region: eu-west-1, endpoint: '{stream.Endpoint}' }}\n";
        File.WriteAllText(
            yaml,
            File.ReadAllText(yaml).Replace("defaults:", $"{ops}defaults:", StringComparison.Ordinal).TrimEnd()
                + "\n    publish: { connection: ops }\n"
        );
        Directory.CreateDirectory(Path.Combine(project, "lake", "t", "v1"));
        Data.WriteExport(Path.Combine(project, "lake", "t", "v1", "part.csv.gz"), operations, isSecond: false);
        Measure.Run(cli, ["-C", project, "run"]);
        Directory.Delete(project, recursive: true);
        if (taken != operations)
            throw new InvalidOperationException($"{operations} operations expected, {taken} were put.");
        var least = (operations + MostInCall - 1) / MostInCall;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| calls to PutRecords, against the least number | {calls} | {least} "
                + $"| {(double)calls / least:0.00} | 1.02 |"
        );
    }

    private string Project(string name, string yaml)
    {
        var project = Path.Combine(folder, name);
        Directory.CreateDirectory(project);
        File.WriteAllText(Path.Combine(project, "headrace.yaml"), $"version: 1\n{yaml}");
        return project;
    }

    private void Check(string file, string table)
    {
        using var database = DuckDbDatabase.Open(
            file,
            new Dictionary<string, string> { ["access_mode"] = "READ_ONLY" }
        );
        using var db = database.Connect();
        var sql = $"SELECT count(*) FROM {table} WHERE pk IS NOT NULL AND n >= 0 AND device IS NOT NULL";
        if (db.Scalar<long>(sql, default) is var found && found != rows)
            throw new InvalidOperationException($"{rows} rows expected in {table}, {found} found.");
    }

    // The note does not pack well, as texts of people do not.
    private IEnumerable<string> Items(int file)
    {
        var random = new Random(file);
        var note = new byte[380];
        for (var i = file; i < rows; i += Files)
        {
            random.NextBytes(note);
            var text = Convert.ToHexStringLower(note);
            yield return DynamoExportMaker.Item(
                string.Create(
                        CultureInfo.InvariantCulture,
                        $$$$"""
                        {"pk":{"S":"item-{{{{i}}}}"},"n":{"N":"{{{{i}}}}"},"name":{"S":"customer {{{{i}}}}"},
                        "amount":{"N":"{{{{i % 100_000}}}}.25"},"client":{"M":{"device":{"S":"phone"},"os":{"S":"x"}} },
                        "note":{"S":"{{{{text}}}}"} }
                        """
                    )
                    .ReplaceLineEndings("")
            );
        }
    }
}
