using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>What <c>history:</c> removes of Headrace's own tables, and what it leaves.</summary>
public abstract class OldRecords(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    private async Task Write(string history)
    {
        await Flows(
            Customers.Replace(
                "write: merge",
                "write: merge, checks: [ { not_null: [name], on_fail: quarantine } ]",
                StringComparison.Ordinal
            ),
            Orders
        );
        File.AppendAllText(
            Path.Combine(World.Folder, "headrace.yaml"),
            $"\nmodels:\n  {Dimension}\n  {Fact}\n{history}\n"
        );
    }

    private async Task Age()
    {
        const string Long = "TIMESTAMP '2020-01-01 00:00:00'";
        await Alter($"UPDATE headrace.checks SET checked_at = {Long}");
        await Alter($"UPDATE headrace.loads SET committed_at = {Long}");
        await Alter($"UPDATE headrace.files SET seen_at = {Long}, loaded_at = {Long}");
        await Alter(
            "INSERT INTO headrace.process_table_snapshot (connection, source_table, enabled, snapshot_at) "
                + $"VALUES ('shop', 'public.t', true, {Long})"
        );
    }

    private async Task<string> Counts() =>
        string.Join(
            ' ',
            await Rows(
                """
                SELECT count(*) FROM headrace.checks UNION ALL SELECT count(*) FROM headrace.process_table_snapshot
                UNION ALL SELECT count(*) FROM headrace.files UNION ALL SELECT count(*) FROM headrace.loads
                """
            )
        );

    private Task<string[]> LoadsOf(string dataset) =>
        Rows($"SELECT generation, inserted FROM headrace.loads WHERE dataset = '{dataset}' ORDER BY generation");

    private async Task UpToDate() =>
        Assert.All((await World.Load()).Runs, run => Assert.Equal("up_to_date", run.Outcome));

    [Fact]
    public async Task WhatIsOldAndNeededByNothingGoes()
    {
        Sql("dim_customer", DimensionSql);
        Sql("fact_orders", FactSql);
        await Write("history: 90d");
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n20,,Bonn\n");
        for (var day = 1; day <= 4; day++)
        {
            World.Put($"orders/{day}.csv", $"id,customer,amount\n{day},10,5.00\n");
            await World.Load("--accept", "customers/1.csv");
        }

        Assert.Equal(4, (await LoadsOf("fact_orders")).Length);
        Assert.Equal(["1|1", "2|0", "3|0", "4|0"], await LoadsOf("dim_customer"));
        var young = await Counts();
        await UpToDate();
        Assert.Equal(young, await Counts());

        await Write("");
        await Age();
        var old = await Counts();
        await UpToDate();
        Assert.Equal(old, await Counts());
        await Write("history: 90d");
        await UpToDate();

        // Of checks and copies all; of loads without files the last, and the last that brought rows; of files that were
        // read again what came before.
        Assert.Equal("0", await Value("SELECT count(*) FROM headrace.checks"));
        Assert.Equal("0", await Value("SELECT count(*) FROM headrace.process_table_snapshot"));
        Assert.Equal(["4|4"], await LoadsOf("fact_orders"));
        Assert.Equal(["1|1", "4|0"], await LoadsOf("dim_customer"));
        Assert.Equal(4, (await LoadsOf("orders")).Length);
        Assert.Equal(
            [
                "customers/1.csv|loaded",
                "orders/1.csv|loaded",
                "orders/2.csv|loaded",
                "orders/3.csv|loaded",
                "orders/4.csv|loaded",
            ],
            await Rows("SELECT key, outcome FROM headrace.files ORDER BY key")
        );

        // Nothing is loaded twice, nothing that waited is lost, and all can be compared.
        World.Put("orders/9.csv", "id,customer,amount\n1,10,5.00\n", landedSecondsAgo: 60);
        await UpToDate();
        Assert.Equal("4", await Value("SELECT count(*) FROM raw.orders"));
        Assert.Equal("1", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
        var id = await Value("SELECT id FROM headrace.quarantine WHERE status = 'waiting'");
        var release = await World.Run("quarantine", "release", "customers", id, "--set", "name=bob");
        Assert.True(release.Exit == 0, release.Text);
        var run = await World.Load();
        Assert.Equal("1i 0u 0d 1s 0q", run.Run("dim_customer").Counts);
        var verify = await World.Run("verify");
        Assert.True(verify.Exit == 0, verify.Text);

        // A table that is gone is still missed.
        await Alter("DROP TABLE mart.dim_customer");
        Assert.Equal("HDR-304", (await World.Run("run", "dim_customer", "--json")).Only.Error);
    }
}

public sealed class OldRecordsInDuckDb(PostgresServer server) : OldRecords(server, WarehouseKind.DuckDb);

public sealed class OldRecordsInPostgres(PostgresServer server) : OldRecords(server, WarehouseKind.Postgres);

public sealed class OldRecordsInRedshift(PostgresServer server) : OldRecords(server, WarehouseKind.Redshift);
