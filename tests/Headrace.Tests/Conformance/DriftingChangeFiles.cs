using System.Text;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Change files whose form changes, that come twice, broken, late, or with bad rows.</summary>
public abstract class DriftingChangeFiles(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private Task Customers(string more = "", string columns = "seq: bigint") =>
        Flows(
            $$"""
            customers: { source: { connection: lake, path: "dms/customers/**" }, read: cdc, cdc: { order_by: [seq] },
              primary_key: id, write: merge, columns: { {{columns}} }{{more}} }
            """
        );

    private DriftingChangeFiles Put(string name, string text, double ago = 3600)
    {
        World.Put($"dms/customers/{name}", text, landedSecondsAgo: ago);
        return this;
    }

    private async Task<string[]> Table(string columns = "id, name, seq") =>
        [
            .. (await Rows($"SELECT {columns} FROM raw.customers ORDER BY id")).Select(row =>
                string.Join('|', row.Split('|').Select(value => value.Length == 0 ? "NULL" : value))
            ),
        ];

    [Fact]
    public async Task ARenamedColumnIsANewOneAndTheOldOneIsEmptyWhereAChangeLacksIt()
    {
        await Customers();
        Put("LOAD00000001.csv", "id,name,seq\n1,a,\n2,b,\n")
            .Put("20260102-030405678.csv", "Op,id,name,seq\nU,1,c,10\n");
        await World.Load();
        Put("20260103-030405678.csv", "Op,id,full_name,seq\nU,1,d,11\nI,3,e,12\nD,2,,13\n");
        var run = (await World.Load()).Only;
        Assert.Equal("1i 1u 1d 0s 0q", run.Counts);
        Assert.Contains("name", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|NULL|d|11", "3|NULL|e|12"], await Table("id, name, full_name, seq"));

        // A change of the old form that comes late changes nothing that is newer.
        Put("20260102-040405678.csv", "Op,id,name,seq\nU,3,x,9\nI,2,x,8\n");
        await World.Load();
        Assert.Equal(["1|NULL|d|11", "3|NULL|e|12"], await Table("id, name, full_name, seq"));
    }

    [Fact]
    public async Task WhereColumnsAreFrozenADriftedFileStopsAndNothingOfItIsLoaded()
    {
        await Customers(", schema_changes: freeze", "id: bigint, name: text, seq: bigint");
        Put("LOAD00000001.csv", "id,name,seq\n1,a,\n");
        await World.Load();
        Put("20260103-030405678.csv", "Op,id,full_name,seq\nU,1,d,11\n");
        Assert.NotNull((await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["1|a|NULL"], await Table());
    }

    [Fact]
    public async Task ANarrowerColumnKeepsTheTypeOfTheTable()
    {
        await Customers();
        World.PutParquet(
            "dms/customers/LOAD00000001.parquet",
            """
            SELECT 1::bigint AS id, 'a' AS name, 12345678.25::decimal(12,2) AS amount, 5::bigint AS points, NULL::bigint AS seq
            """
        );
        await World.Load();
        World.PutParquet(
            "dms/customers/20260102-030405678.parquet",
            """
            SELECT 'I' AS Op, 2::smallint AS id, 'b' AS name, 1.5::decimal(3,1) AS amount, 7::tinyint AS points, 10::integer AS seq
            """
        );
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.PutParquet(
            "dms/customers/20260103-030405678.parquet",
            """
            SELECT 'U' AS Op, 1 AS id, 'c' AS name, 0.125::decimal(6,3) AS amount, 8 AS points, 11 AS seq
            UNION ALL SELECT 'U', 2, 'c', 2.500, 9, 12
            """
        );
        var run = (await World.Load()).Only;
        Assert.Equal("0i 1u 0d 0s 1q", run.Counts);
        Assert.Equal(["1|a|12345678.25|5", "2|c|2.50|9"], await Table("id, name, amount, points"));
        Assert.Contains(
            "0.125",
            await Value("SELECT coalesce(value, '') || coalesce(reason, '') FROM headrace.quarantine"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task TheSameFileTwiceIsLoadedOnce()
    {
        await Customers();
        const string Changes = "Op,id,name,seq\nI,1,a,10\nU,1,b,11\nI,2,a,12\nD,2,,13\n";
        Put("20260102-030405678.csv", Changes, ago: 7200);
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Put("20260102-030405678.csv", Changes);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);

        // Under another name the same bytes are changes of their own, as old as the others are.
        Put("2026/01/02/20260102-030405678.csv", Changes);
        Assert.Equal("0i 0u 0d", (await World.Load()).Only.Counts[..8]);
        Assert.Equal(["1|b|11"], await Table());
    }

    [Fact]
    public async Task FullLoadsThatComeAfterChangesGoBeforeThem()
    {
        await Customers();
        Put("20260102-030405678.csv", "Op,id,name,seq\nU,1,b,10\nD,2,,11\nI,4,d,12\n");
        await World.Load();
        Put("LOAD00000002.csv", "id,name,seq\n3,a,\n4,a,\n").Put("LOAD00000001.csv", "id,name,seq\n1,a,\n2,a,\n");
        await World.Load();
        Assert.Equal(["1|b|10", "3|a|NULL", "4|d|12"], await Table());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task ATruncatedFileIsRefusedAndLoadedOnceItIsWhole()
    {
        await Customers();
        var whole = World.Gzip(
            Encoding.UTF8.GetBytes(
                "Op,id,name,seq\n" + string.Concat(Enumerable.Range(1, 500).Select(id => $"I,{id},first{id},{id}\n"))
            )
        );
        World.Put("dms/customers/20260102-030405678.csv.gz", whole[..(whole.Length / 2)]);
        Put("20260102-040405678.csv", "Op,id,name,seq\nU,1,new,1000\nD,2,,1001\n");
        var run = (await World.Run("run", "--json")).Only;
        Assert.NotNull(run.Error);
        Assert.Contains("20260102-030405678.csv.gz", run.ErrorText, StringComparison.Ordinal);
        Assert.Equal(["1|new|1000"], await Table());

        World.Put("dms/customers/20260102-030405678.csv.gz", whole, landedSecondsAgo: 60);
        Assert.Equal("498i 0u 0d 0s 0q", Counts((await World.Load()).Only));
        Assert.Equal("1|new|1000", (await Table())[0]);
        Assert.Equal("499", await Value("SELECT count(*) FROM raw.customers"));
    }

    [Fact]
    public async Task BadRowsBeyondTheirShareStopTheLoadAndWithinItWait()
    {
        await Customers(", allow: 4%");
        Put("LOAD00000001.csv", "id,name,seq\n1000,a,\n");
        await World.Load();
        Put(
            "20260102-030405678.csv",
            "Op,id,name,seq\n"
                + string.Concat(
                    Enumerable
                        .Range(1, 200)
                        .Select(id =>
                            id % 20 != 0 ? $"I,{id},n,{id}\n"
                            : id % 40 == 0 ? $"X,{id},n,{id}\n"
                            : $"I,{id},n,soon\n"
                        )
                )
        );
        var stopped = await World.Run("run", "--json");
        Assert.Equal((3, "stopped"), (stopped.Exit, stopped.Only.Outcome));
        Assert.Equal(["1000|a|NULL"], await Table());
        await Customers(", allow: 5%");
        Assert.Equal("190i 0u 0d 0s 10q", (await World.Load()).Only.Counts);
        Assert.Equal("10", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
        Assert.Equal("191", await Value("SELECT count(*) FROM raw.customers"));
    }

    // What is older than what the table holds is not counted as loaded.
    private static string Counts(RunAnswer run) =>
        $"{run["inserted"]}i {run["updated"]}u {run["deleted"]}d 0s {run["quarantined"]}q";
}

public sealed class DriftingChangeFilesIntoDuckDb(PostgresServer server)
    : DriftingChangeFiles(server, WarehouseKind.DuckDb);

public sealed class DriftingChangeFilesIntoPostgres(PostgresServer server)
    : DriftingChangeFiles(server, WarehouseKind.Postgres);

public sealed class DriftingChangeFilesIntoRedshift(PostgresServer server)
    : DriftingChangeFiles(server, WarehouseKind.Redshift);
