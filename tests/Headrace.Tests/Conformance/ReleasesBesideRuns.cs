using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Rows of quarantine that are released or given up while a run applies a newer export.</summary>
public abstract class ReleasesBesideRuns(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    [Theory]
    [InlineData("release", "--set", "v=2")]
    [InlineData("discard", "--reason", "no")]
    public async Task AreFenced(string what, string option, string value)
    {
        await Flows(
            """stock: { source: { connection: lake, path: "{version}/stock.csv" }, target: { schema: raw, """
                + "table: stock }, settle: 0s, primary_key: id, columns: { id: integer, v: integer }, "
                + "read: snapshot, write: merge }"
        );
        World.Put("1/stock.csv", "id,v\n1,1\n2,x\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("2/stock.csv", "id,v\n1,10\n", landedSecondsAgo: 800);
        using var child = World.Start(World.At("transaction_begun", "stop"), "run", "--json");
        await child.Stopped();
        var id = Assert.Single(await Rows("SELECT id FROM headrace.quarantine"));
        var beside = await World.Run("quarantine", what, "stock", id, option, value);
        Assert.True(beside.Exit == 0, beside.Text);
        child.Signal("CONT");
        Assert.Equal("HDR-301", (await child.Ended()).Only.Error);
        await World.Load();
        Assert.Equal(["1|10"], await Rows("SELECT id, v FROM raw.stock"));
    }
}

public sealed class ReleasesBesideRunsIntoPostgres(PostgresServer server)
    : ReleasesBesideRuns(server, WarehouseKind.Postgres);

public sealed class ReleasesBesideRunsIntoRedshift(PostgresServer server)
    : ReleasesBesideRuns(server, WarehouseKind.Redshift);
