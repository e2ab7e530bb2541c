using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Files of AWS DMS into the rows as they are now: full loads, then changes, in whatever order they come.</summary>
public abstract class ChangeFiles(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Rest = "id, name, seq";

    private static string Customers(string more = "", string write = "merge", string cdc = "order_by: [seq]") =>
        $$"""
            customers:
              source: { connection: lake, path: "dms/{schema}/customers/**", format: csv, csv: { header: false, "null": "NULL" } }
              columns: { id: bigint, name: text, seq: text }
              read: cdc
              cdc: { {{cdc}} }
              primary_key: id
              write: {{write}}
              {{more}}
            """;

    private ChangeFiles Put(string name, string text, double ago = 3600)
    {
        World.Put($"dms/shop/customers/{name}", text, landedSecondsAgo: ago);
        return this;
    }

    private Task<string[]> Table(string columns = Rest) =>
        Rows($"SELECT {columns} FROM raw.customers ORDER BY id, seq");

    [Fact]
    public async Task FullLoadsComeBeforeChanges()
    {
        await Flows(Customers());
        Put("20260102-030405678.csv", "U,1,b,10\nD,2,NULL,11\nI,4,d,12\n", ago: 7200);
        Put("LOAD00000009.csv", "1,a,NULL\n2,a,NULL\n").Put("LOAD0000000A.csv", "3,a,NULL\n");
        var run = (await World.Load()).Only;
        Assert.Equal(["1|b|10", "3|a|NULL", "4|d|12"], Shown(await Table()));
        Assert.Equal("loaded", run.Outcome);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task TheNewestChangeOfARowHolds()
    {
        // Cases 1 to 4: the place in the file breaks ties; a delete brings the key alone.
        await Flows(Customers(cdc: ""));
        Put(
            "20260102-030405678.csv",
            "I,1,a,NULL\nD,1,NULL,NULL\nU,2,a,NULL\nU,2,b,NULL\nU,2,c,NULL\nI,3,a,NULL\nI,4,a,NULL\nD,4,NULL,NULL\n"
        );
        await World.Load();
        Assert.Equal(["2|c|NULL", "3|a|NULL"], Shown(await Table()));
        Put("20260102-040405678.csv", "D,3,NULL,NULL\nD,9,NULL,NULL\n");
        var run = (await World.Load()).Only;
        Assert.Equal("0i 0u 1d 0s 0q", run.Counts);
        Assert.Equal(["2|c|NULL"], Shown(await Table()));
    }

    [Fact]
    public async Task AnOlderChangeOverwritesNothing()
    {
        // Case 5, and a delete that is newer than an insert that comes after it.
        await Flows(Customers());
        Put("20260102-030405678.csv", "U,1,new,20\nD,2,NULL,21\n");
        await World.Load();
        Put("20260102-030400000.csv", "I,1,old,10\nI,2,old,11\nI,3,old,12\n");
        Put("LOAD00000001.csv", "1,first,NULL\n2,first,NULL\n5,first,NULL\n");
        var run = (await World.Load()).Only;
        Assert.Equal(["1|new|20", "3|old|12", "5|first|NULL"], Shown(await Table()));
        Assert.Contains("older", run.Warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReplayedRangeChangesNothing()
    {
        await Flows(Customers());
        Put("20260102-030405678.csv", "I,1,a,10\nU,1,b,11\nI,2,a,12\nD,2,NULL,13\nI,3,a,14\n");
        await World.Load();
        Put("20260103-030405678.csv", "I,1,a,10\nU,1,b,11\nI,2,a,12\nD,2,NULL,13\n");
        var run = (await World.Load()).Only;
        Assert.Equal("0i 0u 0d 1s 0q", run.Counts);
        Assert.Equal(["1|b|11", "3|a|14"], Shown(await Table()));
    }

    [Fact]
    public async Task SoftDeletesKeepTheRow()
    {
        // Case 3.
        await Flows(Customers("deletes: soft"));
        Put("LOAD00000001.csv", "1,a,NULL\n2,b,NULL\n").Put("20260102-030405678.csv", "D,1,NULL,10\n");
        await World.Load();
        Assert.Equal(
            ["1|a|true", "2|b|false"],
            Truth(await Rows("SELECT id, name, deleted_at IS NOT NULL FROM raw.customers ORDER BY id"))
        );
        Put("20260103-030405678.csv", "I,1,c,20\nD,2,NULL,21\n");
        await World.Load();
        Assert.Equal(
            ["1|c|false", "2|b|true"],
            Truth(await Rows("SELECT id, name, deleted_at IS NOT NULL FROM raw.customers ORDER BY id"))
        );
    }

    [Fact]
    public async Task IgnoredDeletesAreAsIfTheyWereNot()
    {
        await Flows(Customers("deletes: ignore"));
        Put("20260102-030405678.csv", "I,1,a,10\nD,1,NULL,20\n");
        await World.Load();
        Put("20260103-030405678.csv", "U,1,old,15\n");
        await World.Load();
        Assert.Equal(["1|old|15"], Shown(await Table()));
        Put("20260104-030405678.csv", "U,1,older,14\n");
        await World.Load();
        Assert.Equal(["1|old|15"], Shown(await Table()));
    }

    [Fact]
    public async Task EachChangeCanBeARow()
    {
        await Flows(Customers(write: "append"));
        Put("LOAD00000001.csv", "1,a,NULL\n");
        Put("20260102-030405678.csv", "U,1,b,10\nD,1,NULL,11\n");
        await World.Load();
        Assert.Equal(
            ["I|a|LOAD00000001.csv", "U|b|20260102-030405678.csv", "D|NULL|20260102-030405678.csv"],
            Shown(await Rows("SELECT _op, name, _file FROM raw.customers ORDER BY _order"))
                .Select(row => row.Replace("dms/shop/customers/", "", StringComparison.Ordinal))
        );
    }

    [Theory]
    [InlineData(1, "hard", false)]
    [InlineData(2, "soft", false)]
    [InlineData(3, "hard", true)]
    [InlineData(4, "soft", true)]
    public async Task EveryOrderAndEveryCutGivesTheSameRows(int seed, string deletes, bool forgets)
    {
        await Flows(Customers($"deletes: {deletes}", cdc: $"order_by: [seq]{(forgets ? ", late: 90d" : "")}"));
        var random = new Random(seed);
        var events = Enumerable
            .Range(10, 60)
            .Select(seq => (Op: "IUUD"[random.Next(4)], Id: random.Next(forgets ? 25 : 8), Name: Any(random), Seq: seq))
            .ToList();
        var arriving = events.Concat(events.Where(_ => random.Next(4) == 0)).OrderBy(_ => random.Next()).ToList();
        Put("LOAD00000001.csv", "0,first,NULL\n99,first,NULL\n");
        var applied = await Arrive(
            random,
            arriving,
            forgets,
            (name, some) =>
                Put(
                    name,
                    string.Concat(
                        some.Select(one => $"{one.Op},{one.Id},{(one.Op == 'D' ? "NULL" : one.Name)},{one.Seq}\n")
                    )
                )
        );
        var expected = applied
            .Concat(((int[])[0, 99]).Select(id => (Op: 'I', Id: id, Name: "first", Seq: -1)))
            .GroupBy(one => one.Id)
            .Where(key => key.Any(one => one.Op != 'D'))
            .Where(key => deletes == "soft" || key.MaxBy(one => one.Seq).Op != 'D')
            .Select(key =>
                (Last: key.MaxBy(one => one.Seq), Value: key.Where(one => one.Op != 'D').MaxBy(one => one.Seq))
            )
            .Select(key =>
                $"{key.Value.Id}|{key.Value.Name}|{(key.Value.Seq < 0 ? "NULL" : $"{key.Value.Seq}")}"
                + (
                    deletes == "soft"
                        ? key.Last.Op == 'D'
                            ? "|gone"
                            : "|there"
                        : ""
                )
            )
            .Order(StringComparer.Ordinal);
        var state = deletes == "soft" ? ", CASE WHEN deleted_at IS NULL THEN 'there' ELSE 'gone' END" : "";
        Assert.Equal(expected, Shown(await Table($"id, name, seq{state}")).Order(StringComparer.Ordinal));
    }

    private static string Any(Random random) => random.Next(4) is > 0 and var n ? $"n{n}" : "NULL";

    [Fact]
    public async Task WhatIsNoChangeIsSetAside()
    {
        await Flows(Customers());
        Put("20260102-030405678.csv", "X,1,a,10\n,2,a,11\nI,3,a,NULL\nI,NULL,a,12\nI,5,a,13\nD,x,NULL,14\nD,5,a\n");
        var run = (await World.Load()).Only;
        Assert.Equal("1i 0u 0d 0s 6q", run.Counts);
        Assert.Equal(["5|a|13"], Shown(await Table()));
        Assert.Contains(
            "'X' is no operation (I, r, c, U, u, D, d)",
            await Rows("SELECT reason FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task AReleasedOlderChangeOverwritesNothingNewer()
    {
        await Flows(Customers().Replace("name: text", "name: text, age: integer", StringComparison.Ordinal));
        Put("20260102-030405678.csv", "U,1,a,x,10\nU,2,a,x,11\nD,x,NULL,NULL,12\nI,3,a,3,13\nU,4,a,x,14\n");
        await World.Run("run");
        Put("20260103-030405678.csv", "U,1,b,5,20\nD,2,NULL,NULL,21\n");
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        var set = await World.Run("quarantine", "release", "customers", "1", "--set", "age=1", "--json");
        Assert.Equal(0, set.Exit);
        await World.Run("quarantine", "release", "customers", "2", "--set", "age=2", "--json");
        await World.Run("quarantine", "release", "customers", "3", "--set", "id=3", "--json");
        await World.Run("quarantine", "release", "customers", "4", "--json");
        Assert.Equal(["1|b|5|20", "3|a|3|13"], Shown(await Table("id, name, age, seq")));
        Assert.Equal(
            ["released", "released", "released", "waiting"],
            await Rows("SELECT status FROM headrace.quarantine ORDER BY id")
        );
        await World.Run("quarantine", "release", "customers", "4", "--set", "age=4", "--json");
        Assert.Equal(["1|b|5|20", "3|a|3|13", "4|a|4|14"], Shown(await Table("id, name, age, seq")));
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }

    [Fact]
    public async Task VerifyComparesWithAllChanges()
    {
        await Flows(Customers());
        Put("LOAD00000001.csv", "1,a,NULL\n2,a,NULL\n3,a,NULL\n");
        Put("20260102-030405678.csv", "U,1,b,10\nD,2,NULL,11\n");
        await World.Load();
        Put("20260101-030405678.csv", "U,1,old,05\nI,7,g,06\n");
        await World.Load();
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
        await Alter("UPDATE raw.customers SET name = 'x' WHERE id = 1");
        await Alter("DELETE FROM raw.customers WHERE id = 7");
        Assert.Equal(3, (await World.Run("verify", "--json")).Exit);
        Assert.Equal(0, (await World.Run("verify", "--repair", "--json")).Exit);
        Assert.Equal(["1|b|10", "3|a|NULL", "7|g|06"], Shown(await Table()));
    }

    [Fact]
    public async Task AFileThatIsNoChangeFileIsRefused()
    {
        await Flows(Customers());
        Put("20260102-030405678.csv", "1,a\n").Put("20260102-040405678.csv", "I,5,a,13\n");
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal("HDR-232", run.Error);
        Assert.Equal(["5|a|13"], Shown(await Table()));
    }

    [Fact]
    public async Task AFileOfWholeTransactionsIsRefused()
    {
        await Flows(Customers());
        Put("CDC_TXN-20201117153046033.csv", "I,customers,1,a\n").Put("20260102-040405678.csv", "I,5,a,13\n");
        Assert.Equal("HDR-236", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["5|a|13"], Shown(await Table()));
    }

    [Fact]
    public async Task ASecondFullLoadStopsAndMakesTheTableAnewWhenConfirmed()
    {
        await Flows(Customers());
        Put("LOAD00000001.csv", "1,a,NULL\n2,a,NULL\n").Put("LOAD00000002.csv", "3,a,NULL\n");
        Put("20260102-030405678.csv", "U,1,b,10\nD,3,NULL,11\n");
        await World.Load();
        Put("LOAD00000001.csv", "1,x,NULL\n7,x,NULL\n", ago: 100);
        var stopped = await World.Run("run", "--json");
        Assert.Equal((3, "stopped", "HDR-231"), (stopped.Exit, stopped.Only.Outcome, stopped.Only.Error));
        Assert.Equal(["1|b|10", "2|a|NULL"], Shown(await Table()));
        var dataset = stopped.Only.Dataset;
        await World.Load("--confirm", dataset);
        Assert.Equal(["1|x|NULL", "3|a|NULL", "7|x|NULL"], Shown(await Table()));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task APlanSaysWhatWouldHappenAndWritesNothing()
    {
        await Flows(Customers());
        Put("LOAD00000001.csv", "1,a,NULL\n2,a,NULL\n");
        await World.Load();
        Put("20260102-030405678.csv", "U,1,b,10\nD,2,NULL,11\nI,4,d,12\nU,4,e,13\n");
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal(("would_load", "1i 1u 1d 0s 0q"), (plan.Outcome, plan.Counts));
        Assert.Equal(["1|a|NULL", "2|a|NULL"], Shown(await Table()));
        Assert.Equal("1i 1u 1d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|b|10", "4|e|13"], Shown(await Table()));
    }

    [Fact]
    public async Task ColumnsComeAndGo()
    {
        await Flows(
            """
            customers:
              source: { connection: lake, path: "dms/customers/*.csv" }
              read: cdc
              cdc: { order_by: [seq] }
              primary_key: id
              write: merge
            """
        );
        World
            .Put("dms/customers/LOAD00000001.csv", "id,name,seq\n1,a,\n2,a,\n")
            .Put("dms/customers/20260102-030405678.csv", "Op,id,name,seq\nU,1,b,10\n");
        await World.Load();
        World.Put("dms/customers/20260102-040405678.csv", "Op,id,name,seq,city\nU,2,c,11,Ulm\n");
        await World.Load();
        Assert.Equal(
            ["1|b|10|NULL", "2|c|11|Ulm"],
            Shown(await Rows("SELECT id, name, seq, city FROM raw.customers ORDER BY id"))
        );
    }

    [Fact]
    public async Task TypesMayDifferBetweenFilesAndNothingIsRounded()
    {
        // Case 7.
        await Flows(
            """
            customers:
              source: { connection: lake, path: "dms/customers/*" }
              columns: { id: bigint, ok: boolean, amount: "decimal(12,2)", seq: text }
              read: cdc
              cdc: { order_by: [seq] }
              primary_key: id
              write: merge
            """
        );
        World
            .Put("dms/customers/20260102-030405678.csv", "Op,id,ok,amount,seq\nI,1,true,1.50,1\nI,2,false,1.505,2\n")
            .PutParquet(
                "dms/customers/20260103-030405678.parquet",
                "SELECT 'U' AS Op, 1::BIGINT AS id, 'true' AS ok, 1.5::DECIMAL(38,10) AS amount, '3' AS seq"
            )
            .PutParquet(
                "dms/customers/20260104-030405678.parquet",
                """
                SELECT * FROM (VALUES ('U', 1::BIGINT, true, 2.25::DECIMAL(38,10), '4'), ('I', 3, false, 1.005, '5'))
                    AS r(Op, id, ok, amount, seq)
                """
            );
        var run = (await World.Load()).Only;
        Assert.Equal("1i 0u 0d 0s 2q", run.Counts);
        Assert.Equal(["1|true|2.25|4"], Truth(await Rows("SELECT id, ok, amount, seq FROM raw.customers ORDER BY id")));
        Assert.Equal(["amount", "amount"], await Rows("SELECT \"column\" FROM headrace.quarantine"));
    }

    private static string[] Truth(string[] rows) =>
        [
            .. rows.Select(row =>
                row.Replace("True", "true", StringComparison.Ordinal)
                    .Replace("False", "false", StringComparison.Ordinal)
                    .Replace("|t", "|true", StringComparison.Ordinal)
                    .Replace("|truerue", "|true", StringComparison.Ordinal)
                    .Replace("|f", "|false", StringComparison.Ordinal)
                    .Replace("|falsealse", "|false", StringComparison.Ordinal)
            ),
        ];

    private static string[] Shown(string[] rows) =>
        [.. rows.Select(row => string.Join('|', row.Split('|').Select(value => value.Length == 0 ? "NULL" : value)))];
}

public sealed class ChangeFilesIntoDuckDb(PostgresServer server) : ChangeFiles(server, WarehouseKind.DuckDb);

public sealed class ChangeFilesIntoPostgres(PostgresServer server) : ChangeFiles(server, WarehouseKind.Postgres);

public sealed class ChangeFilesIntoRedshift(PostgresServer server) : ChangeFiles(server, WarehouseKind.Redshift);

public sealed class ChangeFilesFromS3 : ChangeFiles
{
    public ChangeFilesFromS3(PostgresServer server, S3Server s3)
        : base(server, WarehouseKind.DuckDb) => S3 = s3;
}
