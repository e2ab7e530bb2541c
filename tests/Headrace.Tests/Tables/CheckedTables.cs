using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Rows of a table of PostgreSQL are checked, where they would go as they are and where they are typed.</summary>
public abstract class CheckedTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Three = """
        ;
        INSERT INTO orders SELECT id, nullif(name, ''), now() - interval '1 hour', now() - interval '1 hour'
        FROM (VALUES (1, 'a'), (2, ''), (3, 'c')) AS v (id, name)
        """;

    [Theory]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    [InlineData("read: incremental, create_key: created_at, write: append")]
    [InlineData("read: full-refresh, write: replace")]
    public async Task RowsThatFailAreSetAside(string flow)
    {
        await Shop(
            Orders + Three,
            flow + ", checks: [{ not_null: name, on_fail: quarantine }, { row_count: { min: 2 }, scope: table }]"
        );
        var run = (await World.Load()).Only;
        Assert.Equal("2i 0u 0d 0s 1q", run.Counts);
        Assert.Equal(["1|a", "3|c"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(
            ["name|check 'not_null_name': NULL in name"],
            await Rows("SELECT \"column\", reason FROM headrace.quarantine")
        );
        Assert.Equal(
            ["not_null_name|3|1|quarantined", "row_count|2|0|passed"],
            await Rows("SELECT name, checked, failed, outcome FROM headrace.checks ORDER BY name")
        );
    }

    [Theory]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    [InlineData("read: incremental, create_key: created_at, write: append")]
    public async Task ARepairBringsNoRowBackThatACheckSetAside(string flow)
    {
        await Shop(Orders + Three, flow + ", checks: [{ not_null: name, on_fail: quarantine }]");
        await World.Load();
        var verified = (await World.Run("verify", "--repair", "--json")).Json.GetProperty("datasets")[0];
        Assert.Equal(
            "0 0 0",
            $"{verified.GetProperty("missing")} {verified.GetProperty("extra")} {verified.GetProperty("different")}"
        );
        Assert.Equal(["1|a", "3|c"], await Rows("SELECT id, name FROM raw.orders ORDER BY id"));
        Assert.Equal(["waiting"], await Rows("SELECT status FROM headrace.quarantine"));
    }

    [Fact]
    public async Task AStopLeavesThePositionWhereItWas()
    {
        var shop = await Shop(
            Orders + Three,
            "read: incremental, primary_key: id, update_key: updated_at, write: merge, checks: [{ not_null: name }]"
        );
        Assert.Equal("HDR-210", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["stopped"], await Rows("SELECT outcome FROM headrace.checks"));
        await shop.Execute("UPDATE orders SET name = 'b' WHERE id = 2");
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
    }
}

public sealed class CheckedTablesIntoDuckDb(PostgresServer server) : CheckedTables(server, WarehouseKind.DuckDb);

public sealed class CheckedTablesIntoPostgres(PostgresServer server) : CheckedTables(server, WarehouseKind.Postgres);

public sealed class CheckedTablesIntoRedshift(PostgresServer server) : CheckedTables(server, WarehouseKind.Redshift);
