using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Rows of an export that cannot be applied: their keys keep the row that they had.</summary>
public sealed class Quarantine : ExportTests
{
    private string[] Held =>
        World.Query(
            """
            SELECT split_part(file, '/', 3), line, "column", value, reason FROM headrace.quarantine
            WHERE status = 'waiting' ORDER BY file, line
            """
        );

    [Fact]
    public async Task Repeated_keys_are_all_set_aside_and_keep_their_row()
    {
        Flow("on_fail: quarantine");
        Export("v1", "1,a,1", "2,b,2", "3,c,3", "5,e,5");
        await World.Load();
        Part("v2/1.csv", "1,a,1", "2,b,2", "4,d,4", "3,c,3", "5,E,5");
        Part("v2/2.csv", "2,B,2", "4,D,4", "3.0,c,3");
        var run = (await World.Load()).Only;
        Assert.Equal("0i 1u 0d 1s 6q", run.Counts);
        Assert.Equal(["1|a|1.00", "2|b|2.00", "3|c|3.00", "5|E|5.00"], Rows);
        Assert.Equal(
            [
                "1.csv|3|id|2|the key is 2 times in the export",
                "1.csv|4|id|4|the key is 2 times in the export",
                "1.csv|5|id|3|the key is 2 times in the export",
                "2.csv|2|id|2|the key is 2 times in the export",
                "2.csv|3|id|4|the key is 2 times in the export",
                "2.csv|4|id|3|the key is 2 times in the export",
            ],
            Held
        );
        Assert.Equal(
            ["2|3", "0|3"],
            World.Query("SELECT rows, quarantined FROM headrace.files WHERE version = 'v2' ORDER BY key")
        );
        Export("v3", "1,a,1", "2,B,2", "5,E,5");
        Assert.Equal("0i 1u 1d 2s 0q", (await World.Load()).Only.Counts);
        Assert.Empty(Held);
        Assert.Equal(["1|a|1.00", "2|B|2.00", "5|E|5.00"], Rows);
    }

    [Fact]
    public async Task Repeated_keys_of_the_first_export_are_not_there_at_all()
    {
        Flow("on_fail: quarantine");
        Export("v1", "1,a,1", "1,a,1", "2,b,2");
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Export("v2", "1,a,1", "2,b,2");
        Assert.Equal("1i 0u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["INSERT 2: - -> 2|b|2.00", "INSERT 1: - -> 1|a|1.00"], Operations);
    }

    [Fact]
    public async Task Rows_without_a_key_are_set_aside()
    {
        Flow("on_fail: quarantine", "primary_key: [id, name]");
        Export("v1", "1,a,1", "2,,2", ",c,3", "3,\"\",3");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00", "3||3.00"], Rows);
        Assert.Equal(["1.csv|3|name", "1.csv|4|id"], Held.Select(row => string.Join('|', row.Split('|')[..3])));
    }

    [Theory]
    [InlineData("1,a,1", "1,a,1")]
    [InlineData("1,a,1", "1,b,1")]
    [InlineData("1,b,1", "1,c,1")]
    [InlineData("1,a,1", ",b,1")]
    [InlineData("1,a,1", "2,b,x")]
    public async Task On_fail_stop_stops_for_repeated_and_missing_keys_and_bad_values(string first, string second)
    {
        Flow("on_fail: stop");
        Export("v1", "1,a,1");
        await World.Load();
        Export("v2", first, second, "9,z,9");
        await Stops("HDR-201");
        Export("v3", "1,a,1", "9,z,9");
        Assert.Equal("1i 0u 0d 1s 0q", (await World.Run("run", "--json")).Only.Counts);
    }

    [Fact]
    public async Task A_bad_value_deletes_no_key()
    {
        Flow("on_fail: quarantine", "publish: { connection: ops, before: true }");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,a,x", "2,b,2", "4,d,y");
        Assert.Equal("0i 0u 1d 1s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00", "2|b|2.00"], Rows);
        Export("v3", "1,A,x", "2,b,2");
        Assert.Equal("0i 0u 0d 1s 1q", (await World.Load()).Only.Counts);
        Export("v4", "1,A,1", "2,b,2", "4,d,4");
        Assert.Equal("1i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["DELETE 3: 3|c|3.00 -> -", "INSERT 4: - -> 4|d|4.00", "UPDATE 1: 1|a|1.00 -> 1|A|1.00"],
            Operations.Skip(3)
        );
        Export("v5", "2,b,2", "4,d,4");
        Assert.Equal("0i 0u 1d 2s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_bad_row_and_a_good_one_with_one_key_are_a_repeated_key()
    {
        Flow("on_fail: quarantine");
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v2", "1,a,1", "1,A,x", "2,b,2");
        Assert.Equal("0i 0u 0d 1s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00", "2|b|2.00"], Rows);
        Export("v3", "1,z,1", "2,b,2");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task Too_many_bad_rows_stop()
    {
        Flow("on_fail: quarantine", "allow: 30%");
        Export("v1", "1,a,1", "2,b,2", "3,c,3", "4,d,4");
        await World.Load();
        Export("v2", "1,a,x", "2,b,y", "3,c,3", "4,d,4");
        await Stops("HDR-201");
        Export("v3", "1,a,x", "2,b,2", "3,c,3", "4,d,4");
        Assert.Equal("0i 0u 0d 3s 1q", (await World.Run("run", "--json")).Only.Counts);
    }

    [Fact]
    public async Task A_record_that_is_no_row_spares_the_keys_among_its_fields()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,a,1", "2,b,2,too,many");
        var run = (await World.Load()).Only;
        Assert.Equal("0i 0u 1d 1s 1q", run.Counts);
        Assert.Contains(
            "1 row was not deleted, since its key stands in records that could not be read",
            run.Warnings,
            StringComparison.Ordinal
        );
        Assert.Equal(["1|a|1.00", "2|b|2.00"], Rows);
        Export("v3", "1,a,1");
        Assert.Equal("0i 0u 1d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal("DELETE 2: - -> -", Operations.Last());
    }
}
