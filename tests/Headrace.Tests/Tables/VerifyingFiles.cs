using Headrace.Tests.Conformance;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables are compared with the files that were loaded into them, and repaired.</summary>
public abstract class VerifyingFiles(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Append =
        """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append }""";
    private const string Merge =
        """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, primary_key: id, """
        + "write: merge }";
    private const string Replace =
        """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: replace }""";
    private const string Snapshot =
        """stock: { source: { connection: lake, path: "{version}/stock.csv" }, read: snapshot, settle: 0s, """
        + "primary_key: id, write: merge";
    private const string Drop =
        """stock: { source: { connection: lake, path: "inbox/{action}/{table}/*" }, read: drop, """
        + """target: { schema: raw, table: "{table}" } }""";

    // Redshift changes the type of no column.
    private string Wider => Kind == WarehouseKind.Redshift ? "integer" : "bigint";

    /// <summary>
    /// The exit code, whether it is equal, what is missing, extra, different, the rows of source and target; and the
    /// warnings.
    /// </summary>
    private async Task<(string Counts, string Warnings)> Verify(params string[] args)
    {
        var answer = await World.Run(["verify", "--json", .. args]);
        Assert.True(
            answer.Output.Contains("datasets", StringComparison.Ordinal)
                && !answer.Output.Contains("\"error\"", StringComparison.Ordinal),
            answer.Text
        );
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        Assert.False(Directory.Exists(Path.Combine(World.Folder, ".headrace/spool")), "the spool is not empty");
        return (
            $"{answer.Exit} {one.GetProperty("equal").GetBoolean()} {one.GetProperty("missing")}m "
                + $"{one.GetProperty("extra")}e {one.GetProperty("different")}d "
                + $"{one.GetProperty("rows_source")}/{one.GetProperty("rows_target")}",
            string.Join('\n', one.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()))
        );
    }

    // What waits in quarantine is never equal.
    private async Task GiveUp() =>
        await World.Run([
            "quarantine",
            "discard",
            "stock",
            .. await Rows("SELECT id FROM headrace.quarantine WHERE status = 'waiting'"),
            "--reason",
            "no",
        ]);

    [Fact]
    public async Task AppendedRowsAreCountedOneByOne()
    {
        await Flows(Append);
        Assert.Equal(("0 True 0m 0e 0d 0/0", "nothing was loaded yet"), await Verify());
        World.Put("stock/1.csv", "id,price\n1,1.5\n1,1.5\n2,2.5\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("stock/2.csv", "id,price,note\n3,3.5,a\nx,4.5,b\n4,,\n");
        await World.Load();
        World.Put("stock/3.csv", "id,price\n9,9\n"); // not loaded yet
        Assert.Equal("3 False 0m 0e 0d 5/5", (await Verify()).Counts); // a row waits in quarantine
        await GiveUp();
        Assert.Equal(("0 True 0m 0e 0d 5/5", ""), await Verify());

        await Alter(
            "UPDATE raw.stock SET note = 'by hand' WHERE id = 3; INSERT INTO raw.stock (id, price) VALUES (2, 2.5)"
        );
        Assert.Equal("3 False 1m 2e 0d 5/6", (await Verify()).Counts);
        var (counts, warnings) = await Verify("--repair");
        Assert.Equal("3 False 1m 2e 0d 5/6", counts);
        Assert.Contains("nothing was repaired", warnings, StringComparison.Ordinal);
        Assert.Equal(["6"], await Rows("SELECT count(*) FROM raw.stock"));
    }

    [Fact]
    public async Task AppendedRowsOfFilesThatAreGoneAreCountedAndNeverEqual()
    {
        await Flows(Append);
        World
            .Put("stock/1.csv", "id\n1\n2\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "id\n3\n4\n5\n", landedSecondsAgo: 800);
        await World.Load();
        World.Remove("stock/1.csv");
        var (counts, warnings) = await Verify();
        Assert.Equal("3 False 0m 0e 0d 3/5", counts);
        Assert.Contains(
            "1 of 2 loaded files are no longer in the lake as they were loaded (stock/1.csv)",
            warnings,
            StringComparison.Ordinal
        );
        await Alter("DELETE FROM raw.stock WHERE id IN (1, 3)");
        Assert.Equal("3 False 2m 0e 0d 3/3", (await Verify()).Counts);
        World.Remove("stock/2.csv");
        Assert.StartsWith("3 False", (await Verify()).Counts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task F52_MergedRowsAreThoseOfTheLastFileAndCanBeRepaired()
    {
        await Flows(Merge);
        World.Put("stock/1.csv", "id,price,note\n1,1.5,a\n2,2.5,b\n3,3.5,c\n", landedSecondsAgo: 900);
        World.Put("stock/2.csv", "id,price\n2,20\n4,40\n4,41\n", landedSecondsAgo: 800); // brings no note
        await World.Load();
        Assert.Equal(("0 True 0m 0e 0d 4/4", ""), await Verify());

        await Alter("ALTER TABLE raw.stock ADD COLUMN mine integer");
        await Alter(
            """
            UPDATE raw.stock SET mine = 5; UPDATE raw.stock SET note = 'by hand' WHERE id = 2;
            DELETE FROM raw.stock WHERE id = 1; INSERT INTO raw.stock (id, price) VALUES (7, 7)
            """
        );
        Assert.Equal("3 False 1m 1e 1d 4/4", (await Verify()).Counts);
        Assert.Equal("0 True 1m 1e 1d 4/4", (await Verify("--repair")).Counts);
        Assert.Equal(
            ("0 True 0m 0e 0d 4/4", "column 'mine' of the target is not in the files and was not compared"),
            await Verify()
        );
        Assert.Equal(
            ["1|a|0", "2|b|5", "3|c|5", "4|NULL|5"],
            await Rows("SELECT id, coalesce(note, 'NULL'), coalesce(mine, 0) FROM raw.stock ORDER BY id")
        );

        // A run goes on after it.
        World.Put("stock/3.csv", "id,price\n3,30\n");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.StartsWith("0 True", (await Verify()).Counts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfMergedFilesOnlyThoseAfterOneThatIsGoneAreHeldAgainstTheTable()
    {
        await Flows(Merge);
        World
            .Put("stock/1.csv", "id,price\n1,1\n2,2\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "id,price\n2,20\n3,30\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("stock/1.csv", "id,price\n1,100\n", landedSecondsAgo: 700); // instead of the old version
        await World.Load();
        var (counts, warnings) = await Verify();
        Assert.Equal("3 False 0m 0e 0d 3/3", counts);
        Assert.Contains(
            "only rows of files that were loaded after them were compared",
            warnings,
            StringComparison.Ordinal
        );
        await Alter("UPDATE raw.stock SET price = 0");
        Assert.Equal("3 False 0m 0e 3d 3/3", (await Verify()).Counts);
        World.Remove("stock/1.csv");
        Assert.Equal("3 False 0m 0e 0d 3/3", (await Verify()).Counts); // what the last file said is gone
    }

    [Fact]
    public async Task AReplacedTableIsHeldAgainstItsLastFiles()
    {
        await Flows(Replace);
        World.Put("stock/1.csv", "id\n1\n2\n", landedSecondsAgo: 900);
        await World.Load();
        World
            .Put("stock/2.csv", "id\n3\n3\n", landedSecondsAgo: 800)
            .Put("stock/3.csv", "id\n4\n", landedSecondsAgo: 700);
        await World.Load();
        World.Remove("stock/1.csv");
        Assert.Equal(("0 True 0m 0e 0d 3/3", ""), await Verify());
        await Alter("INSERT INTO raw.stock VALUES (1)");
        var (counts, warnings) = await Verify("--repair");
        Assert.Equal("3 False 0m 1e 0d 3/4", counts);
        Assert.Contains("under new names", warnings, StringComparison.Ordinal);
        World
            .Put("stock/4.csv", "id\n3\n3\n", landedSecondsAgo: 600)
            .Put("stock/5.csv", "id\n4\n", landedSecondsAgo: 500);
        await World.Load();
        Assert.Equal(("0 True 0m 0e 0d 3/3", ""), await Verify());
    }

    [Theory]
    [InlineData("hard", "3 False 2m 1e 1d 4/3", "0 True 0m 0e 0d 4/4")]
    [InlineData("soft", "3 False 2m 1e 1d 4/3", "0 True 0m 0e 0d 4/4")]
    [InlineData("ignore", "3 False 2m 0e 1d 4/4", "0 True 0m 0e 0d 4/6")]
    public async Task ATableIsHeldAgainstTheExportThatItsPositionNames(string deletes, string found, string repaired)
    {
        await Flows($"{Snapshot}, deletes: {deletes} }}");
        World.Put("1/stock.csv", "id,price\n1,1\n2,2\n3,3\n5,5\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("2/stock.csv", "id,price\n1,10\n2,2\n3,3\n4,4\nx,6\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("3/stock.csv", "id,price\n1,1\n2,2\n3,3\n4,4\n");
        Assert.StartsWith("3 False 0m 0e 0d 4", (await Verify()).Counts, StringComparison.Ordinal);
        await GiveUp();
        Assert.StartsWith("0 True 0m 0e 0d 4", (await Verify()).Counts, StringComparison.Ordinal);

        await Alter(
            """
            UPDATE raw.stock SET price = 0 WHERE id = 2; DELETE FROM raw.stock WHERE id IN (1, 4);
            INSERT INTO raw.stock (id, price) VALUES (7, 7)
            """
        );
        Assert.Equal(found, (await Verify()).Counts);
        Assert.Equal("0 True", (await Verify("--repair")).Counts[..6]);
        Assert.Equal(repaired, (await Verify()).Counts);
        World.Remove("2/stock.csv");
        var (counts, warnings) = await Verify();
        Assert.Equal("3 False 0m 0e 0d 0/0", counts);
        Assert.Contains("1 of 1 files of export 2 are no longer in the lake", warnings, StringComparison.Ordinal);
        Assert.Equal("loaded", (await World.Load()).Only.Outcome); // the next export finds its memory in the table
    }

    [Fact]
    public async Task ARepairOfAnExportKeepsTheLimits()
    {
        await Flows($"{Snapshot}, limits: {{ max_deleted: 10% }} }}");
        World.Put("1/stock.csv", "id\n1\n2\n3\n4\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter("INSERT INTO raw.stock VALUES (5)");
        var answer = await World.Run("verify", "--repair", "--json");
        Assert.Equal((3, "HDR-206"), (answer.Exit, answer.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(["5"], await Rows("SELECT count(*) FROM raw.stock"));
    }

    [Fact]
    public async Task ADropFolderIsReplayedActionByAction()
    {
        await Flows(Drop);
        World.Put(
            "inbox/schema/stock/1.json",
            """{"schema_version":"1","allowed_operations":["append","truncate","schema"],"columns":["""
                + """{"name":"id","type":"integer"}]}""",
            landedSecondsAgo: 900
        );
        World.Put("inbox/append/stock/1.csv", "id\n1\n5000000000\n", landedSecondsAgo: 800);
        await World.Load();
        Assert.Equal("3 False 0m 0e 0d 1/1", (await Verify()).Counts);
        await GiveUp();
        Assert.Equal(("0 True 0m 0e 0d 1/1", ""), await Verify());
        World.Put(
            "inbox/schema/stock/2.json",
            $$"""{"schema_version":"2","allowed_operations":["append","truncate","schema"],"columns":["""
                + $$"""{"name":"id","type":"{{Wider}}"},"""
                + """{"name":"note","type":"text"}]}""",
            landedSecondsAgo: 700
        );
        World.Put(
            "inbox/append/stock/2.csv",
            $"id,note\n{(Wider == "bigint" ? "6000000000" : "6")},a\n",
            landedSecondsAgo: 600
        );
        await World.Load();
        Assert.Equal(("0 True 0m 0e 0d 2/2", ""), await Verify()); // what was too large for integer stays set aside
        World
            .Put("inbox/truncate/stock/3.csv", "id,note\n1,b\n2,c\n", landedSecondsAgo: 500)
            .Put("inbox/append/stock/4.csv", "id,note\n2,c\n", landedSecondsAgo: 400);
        await World.Load();
        World.Remove("inbox/append/stock/1.csv");
        Assert.Equal(("0 True 0m 0e 0d 3/3", ""), await Verify());
        await Alter("DELETE FROM raw.stock WHERE id = 1");
        Assert.Equal("3 False 1m 0e 0d 3/2", (await Verify()).Counts);
    }

    [Theory]
    [InlineData(Append)]
    [InlineData(Merge)]
    [InlineData(Snapshot + " }")]
    public async Task ReleasedRowsAreNoDifference(string flow)
    {
        await Flows(flow.Replace("read:", "columns: { id: integer, price: integer }, read:", StringComparison.Ordinal));
        World.Put(
            flow.StartsWith(Snapshot, StringComparison.Ordinal) ? "1/stock.csv" : "stock/1.csv",
            "id,price\n1,1\n2,x\ny,3\n",
            landedSecondsAgo: 900
        );
        Assert.Equal(2, (await World.Load()).Only["quarantined"]);
        Assert.Equal("3 False 0m 0e 0d 1/1", (await Verify()).Counts);
        var ids = await Rows("SELECT id FROM headrace.quarantine ORDER BY line");
        await World.Run("quarantine", "release", "stock", ids[0], "--set", "price=2");
        await World.Run("quarantine", "release", "stock", ids[1], "--set", "id=3");
        Assert.Equal(["1|1", "2|2", "3|3"], await Rows("SELECT id, price FROM raw.stock ORDER BY id"));
        var (counts, warnings) = await Verify();
        Assert.StartsWith("0 True 0m 0e 0d", counts, StringComparison.Ordinal);
        Assert.Contains("released from quarantine", warnings, StringComparison.Ordinal);
        await Alter("INSERT INTO raw.stock (id, price) VALUES (8, 8); UPDATE raw.stock SET price = 5 WHERE id = 1");
        Assert.StartsWith(
            flow == Append ? "3 False 1m 2e 0d" : "3 False 0m 1e 1d",
            (await Verify()).Counts,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ATableOfSeveralDatasetsIsComparedOnceAndOneOfTwoFlowsNotAtAll()
    {
        await Flows(
            Append
                .Replace("stock/*.csv", "stock/{region}/*.csv", StringComparison.Ordinal)
                .Replace("write: append", "primary_key: id, write: append", StringComparison.Ordinal)
        );
        World
            .Put("stock/north/1.csv", "id,price\n1,1\n2,2\n", landedSecondsAgo: 900)
            .Put("stock/south/1.csv", "id,price\n3,3\n", landedSecondsAgo: 800);
        await World.Load();
        var (counts, warnings) = await Verify();
        Assert.Equal("0 True 0m 0e 0d 3/3", counts);
        Assert.Contains("2 datasets load into raw.stock", warnings, StringComparison.Ordinal);
        await Alter("DELETE FROM raw.stock WHERE id < 3");
        Assert.Equal("0 True 2m 0e 0d 3/1", (await Verify("--repair")).Counts);
        await Alter(
            """
            INSERT INTO headrace.owners (schema_name, table_name, dataset, flow, way, is_alone, since)
            SELECT schema_name, table_name, 'another', 'another', way, is_alone, since FROM headrace.owners
            WHERE dataset = 'stock/north'
            """
        );
        Assert.Contains("raw.stock is loaded by another too", (await Verify()).Warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ValuesOfManyTypesAndJsonCompareByWhatTheyMean()
    {
        await Flows(
            Append.Replace(
                "*.csv\" },",
                "*\" }, columns: { j: json, b: boolean, n: \"decimal(12,3)\", r: real, d: double, "
                    + "t: timestamptz, day: date, u: uuid, s: text },",
                StringComparison.Ordinal
            )
        );
        World.Put(
            "stock/1.jsonl",
            """
            {"j":{"b":[1,2.50],"a":{"x":null,"é":"\u0041"}},"b":true,"n":1.5,"r":0.1,"d":1e300,"t":"2026-01-01T12:00:00+02:00","day":"2026-01-01","u":"5b7e0a52-4f0e-4b8e-9a53-1e2c3d4f5a6b","s":"ü\n"}
            {"j":[],"b":false,"n":-0.001,"r":-1e-30,"d":-0.0,"t":null,"day":null,"u":null,"s":""}

            """
        );
        await World.Load();
        Assert.Equal(("0 True 0m 0e 0d 2/2", ""), await Verify());
        await Alter("""UPDATE raw.stock SET j = '{ "a": {"é": "A", "x": null}, "b": [1.0, 2.5] }' WHERE b""");
        Assert.Equal(("0 True 0m 0e 0d 2/2", ""), await Verify());
        await Alter("""UPDATE raw.stock SET j = '{"b":[2.5,1],"a":{"x":null,"é":"A"}}' WHERE b""");
        Assert.Equal("3 False 1m 1e 0d 2/2", (await Verify()).Counts);
    }
}

public sealed class VerifyingFilesIntoDuckDb(PostgresServer server) : VerifyingFiles(server, WarehouseKind.DuckDb);

public sealed class VerifyingFilesIntoPostgres(PostgresServer server) : VerifyingFiles(server, WarehouseKind.Postgres);

public sealed class VerifyingFilesIntoRedshift(PostgresServer server) : VerifyingFiles(server, WarehouseKind.Redshift);
