using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Files of AWS DMS with whole transactions over several tables (<c>PreserveTransactions</c>).</summary>
public abstract class TransactionFiles(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private static readonly string Customers = Flow("customers", "name: text");

    private static readonly string Orders = OrdersWith("");

    // Its rows need those of customers, which are applied after them.
    private static readonly string CheckedOrders = OrdersWith(
        "checks: [ { relationships: { column: customer_id, to: raw.customers.id }, scope: table }, "
            + "{ range: { column: total, min: 0 } } ]"
    );

    private static string OrdersWith(string checks) =>
        Flow("a_orders", "customer_id: bigint, total: integer", checks, table: "orders");

    private static string Flow(string name, string columns, string more = "", string? table = null) =>
        $$"""
            {{name}}:
              source: { connection: lake, path: "dms/shop/{{table
                ?? name}}/LOAD*", format: csv, csv: { header: false, "null": "NULL" } }
              columns: { id: bigint, {{columns}} }
              read: cdc
              cdc: { transactions: "dms/cdc/CDC_TXN-*", table: shop.{{table ?? name}} }
              primary_key: id
              write: merge
              {{more}}
            """;

    private TransactionFiles Put(int number, string text, bool gzip = false)
    {
        World.Put($"dms/cdc/CDC_TXN-202601020304056{number:00}.csv", text, gzip, landedSecondsAgo: 7200 - number);
        return this;
    }

    private async Task First(params string[] flows)
    {
        await Flows(flows.Length == 0 ? [Customers, Orders] : flows);
        World
            .Put("dms/shop/customers/LOAD00000001.csv", "1,a\n2,b\n")
            .Put("dms/shop/orders/LOAD00000001.csv", "1,1,5\n");
        await World.Load();
        await Flows(flows.Length == 0 ? [CheckedOrders, Customers] : flows);
    }

    private Task<string[]> People() => Rows("SELECT id, name FROM raw.customers ORDER BY id");

    private Task<string[]> Sold() => Rows("SELECT id, customer_id, total FROM raw.a_orders ORDER BY id");

    [Fact]
    public async Task AllRowsOfAFileComeTogetherAndFilesInTheirOrder()
    {
        await First();
        Put(
            2,
            "U,customers,shop,3,\"c \"\"two\"\"\nlines\"\nD,orders,shop,1,NULL,NULL\n"
                + "I,orders,shop,4,4,1\nI,customers,shop,4,d\n"
        );
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,7\nU,customers,shop,3,cc\nD,customers,shop,2,NULL\n");
        await World.Load("customers"); // one flow of a group loads the whole group
        Assert.Equal(["1|a", "3|c \"two\"\nlines", "4|d"], await People());
        Assert.Equal(["2|3|7", "4|4|1"], await Sold());
        Assert.Equal(
            ["a_orders|2|1", "a_orders|3|2", "customers|2|3", "customers|3|2"],
            await Rows(
                """
                SELECT l.dataset, l.generation, f.rows FROM headrace.loads AS l
                    JOIN headrace.files AS f ON f.load_id = l.load_id
                WHERE l.generation > 1 ORDER BY l.dataset, l.generation
                """
            )
        );
        Assert.All((await World.Load()).Runs, run => Assert.Equal("up_to_date", run.Outcome));
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
    }

    [Theory]
    [InlineData("before_commit", false)]
    [InlineData("after_commit", true)]
    public async Task AKillLeavesAllOrNothing(string failpoint, bool isThere)
    {
        await First();
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,7\n");
        Assert.Equal(137, (await World.RunProcess(World.At(failpoint, "kill"), "run")).Exit);
        Assert.Equal(isThere ? ["1|a", "2|b", "3|c"] : ["1|a", "2|b"], await People());
        Assert.Equal(isThere ? ["1|1|5", "2|3|7"] : ["1|1|5"], await Sold());
        Assert.All((await World.Load()).Runs, run => Assert.Equal(isThere ? "up_to_date" : "loaded", run.Outcome));
        Assert.Equal(["1|a", "2|b", "3|c"], await People());
        Assert.Equal(["1|1|5", "2|3|7"], await Sold());
    }

    [Fact]
    public async Task ACheckOfOneTableStopsAll()
    {
        await First();
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,-7\n").Put(2, "I,customers,shop,4,d\n");
        var stopped = await World.Run("run", "--json");
        Assert.Equal(3, stopped.Exit);
        Assert.All(stopped.Runs, run => Assert.Equal(("stopped", "HDR-210"), (run.Outcome, run.Error)));
        Assert.Equal(["1|a", "2|b"], await People());
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,7\n");
        await World.Load();
        Assert.Equal(["1|a", "2|b", "3|c", "4|d"], await People());
        Assert.Equal(["1|1|5", "2|3|7"], await Sold());
    }

    [Fact]
    public async Task ATableThatNobodyTakesIsSaidAndOneThatComesLaterGetsAllOfIt()
    {
        await First();
        Put(1, "I,customers,shop,3,c\nI,items,shop,1,nut\nI,items,shop,2,bolt\n");
        var run = await World.Load();
        Assert.All(
            run.Runs,
            one =>
                Assert.Contains("has 2 rows of shop.items, which no flow takes", one.Warnings, StringComparison.Ordinal)
        );
        await Flows(CheckedOrders, Customers, Flow("items", "name: text"));
        Put(2, "I,customers,shop,4,d\nU,items,shop,1,screw\n");
        await World.Load();
        Assert.Equal(["1|a", "2|b", "3|c", "4|d"], await People());
        Assert.Equal(["1|screw", "2|bolt"], await Rows("SELECT id, name FROM raw.items ORDER BY id"));
    }

    [Theory]
    [InlineData("I,customers,shop,3,c\nI,orders,shop,2,3,7\nI,cust", false, "HDR-244")]
    [InlineData("I,customers,shop,3,c\nI,orders,shop,2,3,7\nI,customers,shop,5,\"e\n", false, "HDR-244")]
    [InlineData("I,customers,shop,3,c\nI,orders,shop,2,3,7\n", true, "HDR-121")]
    public async Task AFileThatIsCutShortIsRefusedForAllAndHoldsUpTheNext(string text, bool isPacked, string code)
    {
        await First();
        Put(1, text, isPacked).Put(2, "I,customers,shop,4,d\n");
        if (isPacked)
            await File.WriteAllBytesAsync(
                World.PathOf("dms/cdc/CDC_TXN-20260102030405601.csv"),
                World.Gzip(System.Text.Encoding.UTF8.GetBytes(text))[..^12],
                Cancel
            );
        File.SetLastWriteTimeUtc(World.PathOf("dms/cdc/CDC_TXN-20260102030405601.csv"), DateTime.UtcNow.AddHours(-2));
        var run = await World.Run("run", "--json");
        Assert.Contains(run.Runs, one => one.Error == code);
        Assert.Equal(["1|a", "2|b"], await People());
        Assert.Equal(["1|1|5"], await Sold());
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,7\nI,customers,shop,5,e\n");
        await World.Load();
        Assert.Equal(["1|a", "2|b", "3|c", "4|d", "5|e"], await People());
        Assert.Equal(["1|1|5", "2|3|7"], await Sold());
    }

    [Fact]
    public async Task TheSameFileTwiceChangesNothing()
    {
        const string text = "I,customers,shop,3,c\nI,orders,shop,2,3,7\nU,orders,shop,2,3,8\n";
        await First();
        Put(1, text);
        await World.Load();
        World.Put("dms/cdc/CDC_TXN-20260102030405601.csv", text, landedSecondsAgo: 60);
        Assert.All((await World.Load()).Runs, run => Assert.Equal("0i 0u 0d 0s 0q", run.Counts));
        Put(2, text);
        Assert.All((await World.Load()).Runs, run => Assert.Matches("^0i [01]u 0d [01]s 0q$", run.Counts));
        Assert.Equal(["1|a", "2|b", "3|c"], await People());
        Assert.Equal(["1|1|5", "2|3|8"], await Sold());
    }

    [Fact]
    public async Task ABadRowIsSetAsideWithItsLineAndTheRestIsLoaded()
    {
        await First();
        Put(1, "I,customers,shop,3,\"c\nc\"\nX,customers,shop,4,d\nI,orders,shop,x,3,7\nI,orders,shop,2,3,7\n");
        await World.Load();
        Assert.Equal(["1|a", "2|b", "3|c\nc"], await People());
        Assert.Equal(["1|1|5", "2|3|7"], await Sold());
        Assert.Equal(
            ["a_orders|4", "customers|3"],
            await Rows("SELECT dataset, line FROM headrace.quarantine ORDER BY dataset")
        );
    }

    [Fact]
    public async Task APlanSaysWhatWouldHappenAndWritesNothing()
    {
        await First();
        Put(1, "I,customers,shop,3,c\nI,orders,shop,2,3,7\n").Put(2, "D,customers,shop,1,NULL\n");
        var plan = await World.Run("plan", "--json");
        Assert.Equal(["1i 0u 0d 0s 0q", "1i 0u 1d 0s 0q"], plan.Runs.Select(run => run.Counts));
        Assert.Equal(["1|a", "2|b"], await People());
    }

    [Fact]
    public async Task ACurrentTableAndItsHistoryMoveTogether()
    {
        await First(
            Customers,
            Flow("history", "name: text", table: "customers").Replace("merge", "scd2", StringComparison.Ordinal)
        );
        Put(1, "U,customers,shop,1,b\n").Put(2, "D,customers,shop,1,NULL\n");
        await World.Load();
        Assert.Equal(["2|b"], await People());
        Assert.Equal(["1|a", "1|b", "2|b"], await Rows("SELECT id, name FROM raw.history ORDER BY id, valid_from"));
        Assert.Equal(["2"], await Rows("SELECT count(*) FROM raw.history WHERE valid_to IS NOT NULL"));
    }
}

public sealed class TransactionFilesIntoDuckDb(PostgresServer server) : TransactionFiles(server, WarehouseKind.DuckDb);

public sealed class TransactionFilesIntoPostgres(PostgresServer server)
    : TransactionFiles(server, WarehouseKind.Postgres);

public sealed class TransactionFilesIntoRedshift(PostgresServer server)
    : TransactionFiles(server, WarehouseKind.Redshift);
