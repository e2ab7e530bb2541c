using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F59, F66: what Headrace keeps is lost, damaged, held or of an earlier time.</summary>
public sealed class Restores : ProjectTests
{
    private string Ledger => Path.Combine(World.Folder, ".headrace", "ledger.duckdb");

    [Fact]
    public async Task F59_a_warehouse_of_an_earlier_time_gets_what_came_later_again()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        File.Copy(World.Warehouse, World.Warehouse + ".backup");
        World.Put("prices/2.csv", "id,price\n2,2.50\n");
        await World.Load();
        File.Move(World.Warehouse + ".backup", World.Warehouse, overwrite: true);
        await World.Load();
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task F66_a_ledger_that_is_gone_is_made_anew_and_nothing_is_loaded_twice()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        Directory.Delete(Path.Combine(World.Folder, ".headrace"), recursive: true);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F66_a_damaged_ledger_stops_by_name_and_is_not_thrown_away()
    {
        World.Flows(Prices + "\n  retries: 0").Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        var damaged = new byte[65536];
        Array.Fill(damaged, (byte)7);
        await File.WriteAllBytesAsync(Ledger, damaged, TestContext.Current.CancellationToken);
        World.Put("prices/2.csv", "id,price\n2,2.50\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-401", answer.Text, StringComparison.Ordinal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(Ledger, TestContext.Current.CancellationToken));

        File.Delete(Ledger);
        await World.Load();
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
    }
}
