using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>What an export lacks because something went wrong deletes no row, and no operation says so.</summary>
public abstract class BrokenExports(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private Task Flow(string ending, string more = "") =>
        Flows(
            $$"""
            items:
              source: { connection: lake, path: "items/{version}/*.{{ending}}" }
              columns: { id: bigint, name: text }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              publish: { connection: ops }
              {{more}}
            """
        );

    private void Part(string key, string text, bool gzip = false) => World.Put($"items/{key}", text, gzip);

    private Task<string[]> Table() => Rows("SELECT id, name FROM raw.items ORDER BY 1");

    private IEnumerable<string> Deletes =>
        Snapshots
            .Operation.Read(Path.Combine(World.Folder, "ops"))
            .Where(one => one.Op == "DELETE")
            .Select(one => $"{one.Key}");

    private async Task Refused(string version, int deletes = 0)
    {
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-213"), (answer.Exit, answer.Only.Error));
        Assert.Equal(deletes, Deletes.Count());
        Directory.Delete(World.PathOf($"items/{version}"), recursive: true);
    }

    [Fact]
    public async Task AnEmptyPartIsNoPart()
    {
        await Flow("csv*");
        Part("0/1.csv", "");
        Part("0/2.csv", "id,name\n1,a\n");
        await Refused("0"); // the first one
        Part("1/1.csv", "id,name\n1,a\n2,b\n");
        Part("1/2.csv", "id,name\n3,c\n");
        await World.Load();
        foreach (
            var (version, text, gzip) in ((string, string, bool)[])
                [("2", "", false), ("3", "\n\n", false), ("4", "\uFEFF", false), ("5", "", true)]
        )
        {
            Part($"{version}/1.csv", "id,name\n1,a\n2,B\n");
            Part($"{version}/2.csv{(gzip ? ".gz" : "")}", text, gzip);
            await Refused(version);
            Assert.Equal(["1|a", "2|b", "3|c"], await Table());
        }

        Part("6/1.csv", "id,name\n1,a\n");
        Part("6/2.csv", "id,name\n"); // without rows, and whole
        await World.Load();
        Assert.Equal(["1|a"], await Table());
    }

    [Fact]
    public async Task AnEmptyPartIsNoPartOfJsonAndParquet()
    {
        await Flow("*", "limits: { min_rows: 0 }");
        Part("1/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n");
        Part("1/2.jsonl", "{\"id\":2,\"name\":\"b\"}\n");
        await World.Load();
        Part("2/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n");
        Part("2/2.jsonl", " \n");
        await Refused("2");
        Part("3/1.jsonl", ""); // the only one
        await Refused("3");
        World.PutParquet("items/4/1.parquet", "SELECT 1::BIGINT AS id, 'a' AS name");
        Part("4/2.parquet", "");
        await Refused("4");
        Part("5/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n");
        Part("5/2.jsonl", "[]");
        await World.Load();
        Assert.Equal(["1|a"], await Table());
    }

    [Fact]
    public async Task ABrokenJsonLineDeletesNothing()
    {
        await Flow("json*");
        const string Whole =
            "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n{\"id\":3,\"name\":\"c\"}\n"
            + "{\"id\":4,\"name\":\"d\"}\n";
        Part("100/1.jsonl", Whole);
        await World.Load();
        var version = 101;

        // The key stands in the fragment: only what is gone for certain is deleted.
        foreach (
            var broken in (string[])
                [
                    "{\"id\":2,\"name\":\"b",
                    "{\"id\": 2 ,\"v\":NaN,\"name\":\"b\"}",
                    "{\"v\":{\"id\":1},\"w\":nan,\"ID\":\"2\"}",
                    "{\"v\":1,\"v\":2,\"id\":2.0}",
                    "{\"id\":2,\"name\":\"\\u0000\"}",
                    "{\"id\":2,\"name\":\"b\"} x",
                ]
        )
        {
            Part(
                $"{version}/1.jsonl",
                "{\"id\":1,\"name\":\"a\"}\n{\"id\":3,\"name\":\"c\"}\n{\"id\":4,\"name\":\"d\"}\n" + broken
            );
            await World.Load();
            version++;
        }

        Assert.Equal(["1|a", "2|b", "3|c", "4|d"], await Table());
        Assert.Empty(Deletes);
        Part($"{version++}/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n{\"id\":3,\"name\":\"c\"}\n{\"id\":2,\"name\":\"b");
        await World.Load();
        Assert.Equal(["{\"id\":4}"], Deletes);

        // It does not: nothing is deleted.
        foreach (
            var broken in (string[])
                [
                    "{\"id\":2",
                    "{\"i",
                    "{\"v\":NaN}",
                    "{\"id\":2,\"id\":3,\"name\":\"b\"}",
                    "{\"v\":{\"id\":3},\"w\":nan",
                    "2",
                ]
        )
        {
            Part($"{version}/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n" + broken);
            Assert.Contains("not deleted", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
            version++;
        }

        Part($"{version}/1.jsonl", "{\"id\":1,\"name\":\"a\"}\n");
        World.Put(
            $"items/{version}/1.jsonl",
            [
                .. "{\"id\":1,\"name\":\"A\"}\n{\"id\":2,\"name\":\""u8,
                0xFF,
                .. "\"}\n{\"name\":\""u8,
                0xFF,
                .. "\",\"id\":3}"u8,
            ]
        );
        await World.Load();
        Assert.Equal(["1|A", "2|b", "3|c"], await Table());
        Assert.Single(Deletes);
        Part($"{++version}/1.json", "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"");
        await Refused($"{version}", deletes: 1);
        Part($"{++version}/1.jsonl", "{\"id\":1,\"name\":\"A\"}\n{\"id\":3,\"name\":\"c\"}\n");
        await World.Load();
        Assert.Equal(["1|A", "3|c"], await Table());
    }

    [Fact]
    public async Task ARecordWithoutAKeyThatCanBeReadDeletesNothing()
    {
        await Flows(
            """
            items:
              source: { connection: lake, path: "items/{version}/*" }
              columns: { name: text, id: bigint, n: bigint }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              publish: { connection: ops }
            """
        );
        Part("100/1.csv", "name,id,n\na,1,1\nb,22,2\nc,3,3\n");
        await World.Load();
        var version = 101;
        foreach (var broken in (string[])["b", "b,2", "\"b\" b,22,2"])
        {
            Part($"{version}/1.csv", $"name,id,n\na,1,1\nc,3,3\n{broken}\n");
            await World.Load();
            version++;
        }

        Assert.Equal(["1|a", "3|c", "22|b"], await Table());
        Assert.Empty(Deletes);
        World.PutParquet(
            $"items/{version}/1.parquet",
            "SELECT * FROM (VALUES ('a', 1.0, 1), ('b', 22.0, 2.5)) AS t(name, id, n)"
        );
        await World.Load();
        Assert.Equal(["{\"id\":3}"], Deletes);
        Assert.Equal(["1|a", "22|b"], await Table());
    }

    [Fact]
    public async Task JsonIsComparedByWhatItMeans()
    {
        await Flows(
            """
            items:
              source: { connection: lake, path: "items/{version}/*" }
              columns: { id: bigint, doc: json }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              publish: { connection: ops, before: true }
            """
        );
        const string Csv =
            "id,doc\n1,\"{\"\"a\"\":1,\"\"b\"\":[1,2.50]}\"\n2,\"\"\"é/\"\"\"\n3,12345678901234567890\n"
            + "4,\"[1,2]\"\n5,\"{\"\"a\"\":null}\"\n";
        Part("1/1.csv", Csv);
        await World.Load();
        Part(
            "2/1.csv",
            "id,doc\n1,\"{ \"\"b\"\" : [1.0, 25e-1],\t\"\"\\u0061\"\": 1e0 }\"\n2,\"\"\"\\u00e9\\/\"\"\"\n"
                + "3,1.2345678901234567890e19\n4,\" [1,2]\"\n5,\"{\"\"a\"\":null}\"\n"
        );
        Assert.Equal("0i 0u 0d 5s 0q", (await World.Load()).Only.Counts);
        Part(
            "3/1.csv",
            "id,doc\n1,\"{\"\"a\"\":1,\"\"b\"\":[1,2.51]}\"\n2,\"\"\"e/\"\"\"\n3,12345678901234567891\n"
                + "4,\"[2,1]\"\n5,{}\n"
        );
        Assert.Equal("0i 5u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(10, Snapshots.Operation.Read(Path.Combine(World.Folder, "ops")).Count);
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
    }

    [Fact]
    public async Task AMergeTakesJsonThatMeansTheSameForUnchanged()
    {
        await Flows(
            """items: { source: { connection: lake, path: "items/*" }, columns: { id: bigint, doc: json }, """
                + "read: incremental, primary_key: id, write: merge }"
        );
        Part("1.jsonl", "{\"id\":1,\"doc\":{\"a\":1,\"b\":2}}\n{\"id\":2,\"doc\":{\"a\":12345678901234567890}}\n");
        await World.Load();
        Part("2.jsonl", "{\"id\":1,\"doc\":{\"b\":2.0,\"a\":1}}\n{\"id\":2,\"doc\":{\"a\":12345678901234567891}}\n");
        var counts = (await World.Load()).Only.Counts;
        Assert.Equal(Kind == WarehouseKind.Redshift ? "0i 2u 0d 0s 0q" : "0i 1u 0d 1s 0q", counts); // its JSON is text
    }
}

public sealed class BrokenExportsIntoDuckDb(PostgresServer server) : BrokenExports(server, WarehouseKind.DuckDb);

public sealed class BrokenExportsIntoPostgres(PostgresServer server) : BrokenExports(server, WarehouseKind.Postgres);

public sealed class BrokenExportsIntoRedshift(PostgresServer server) : BrokenExports(server, WarehouseKind.Redshift);

public sealed class BrokenExportsFromS3 : BrokenExports
{
    public BrokenExportsFromS3(PostgresServer server, S3Server s3)
        : base(server, WarehouseKind.DuckDb) => S3 = s3;
}
