using System.Text;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Exports that are not whole, or not what they were.</summary>
public sealed class Broken : ExportTests
{
    public static TheoryData<string, string> Short => new() { { "HDR-205", "id,name,price\n" }, { "HDR-205", "" } };

    [Theory]
    [MemberData(nameof(Short))]
    public async Task An_export_without_rows_deletes_nothing_and_holds_up_no_other(string code, string text)
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        World.Put("items/v2/1.csv", text);
        await Stops(code);
        Export("v3", "1,a,1");
        Assert.Equal("0i 0u 1d 1s 0q", (await World.Run("run", "--json")).Only.Counts);
        Assert.Equal(["1|a|1.00"], Rows);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(-1)]
    [InlineData(-8)]
    public async Task A_truncated_gzip_deletes_nothing_and_holds_up_no_other(int kept)
    {
        Flow();
        var text = "id,name,price\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"{i},n{i},{i}\n"));
        World.Put("items/v1/1.csv.gz", text, gzip: true);
        await World.Load();
        var whole = World.Gzip(Encoding.UTF8.GetBytes(text));
        World
            .Put("items/v2/1.csv.gz", whole[..(kept > 0 ? kept : whole.Length / 2 * (kept == 0 ? 1 : 2) + kept)])
            .Put("items/v2/2.csv.gz", text.Replace("\n", "0\n", StringComparison.Ordinal), gzip: true);
        await Stops("HDR-213");
        Assert.Equal(
            ["v2|1.csv.gz|2|refused", "v2|2.csv.gz|2|refused"],
            World.Query(
                """
                SELECT version, split_part(key, '/', 3), parts, outcome FROM headrace.files
                WHERE outcome <> 'loaded' ORDER BY key
                """
            )
        );
        World.Put("items/v3/1.csv.gz", text.Replace("7,n7,7", "7,n7,8", StringComparison.Ordinal), gzip: true);
        Assert.Equal(
            (3, "0i 1u 0d 499s 0q"),
            await World.Run("run", "--json") is var answer ? (answer.Exit, answer.Only.Counts) : default
        );
    }

    [Fact]
    public async Task A_mended_export_is_applied()
    {
        Flow();
        Export("v1", "1,a,1");
        await World.Load();
        World.Put("items/v2/1.csv.gz", World.Gzip("id,name,price\n1,b,1\n"u8.ToArray())[..^4]);
        await Stops("HDR-213");
        World.Put("items/v2/1.csv.gz", "id,name,price\n1,b,1\n", gzip: true);
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task Another_content_of_an_applied_export_stops_until_it_is_accepted()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v1", "1,A,1", "2,b,2");
        var run = await Stops("HDR-212");
        Assert.Contains("headrace run items --accept items/v1/1.csv", run.ErrorText, StringComparison.Ordinal);
        await Stops("HDR-212");
        var answer = await World.Run("run", "--json", "--accept", "items/v1/1.csv");
        Assert.Equal((0, "0i 1u 0d 1s 0q"), (answer.Exit, answer.Only.Counts));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Export("v1", "1,a,1", "2,b,2");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Run("run", "--json", "--accept", "items/v1/1.csv")).Only.Counts);
        Export("v1", "1,A,1", "2,b,2");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Run("run", "--json", "--accept", "items/v1/1.csv")).Only.Counts);
        Assert.Equal(
            ["INSERT 1", "INSERT 2", "UPDATE 1", "UPDATE 1", "UPDATE 1"],
            Operations.Select(text => text.Split(':')[0])
        );
        Assert.Equal(["1|A|1.00", "2|b|2.00"], Rows);
    }

    [Fact]
    public async Task A_new_file_of_an_applied_export_stops_and_a_newer_export_goes_on()
    {
        Flow();
        Export("v1", "1,a,1");
        await World.Load();
        Part("v1/2.csv", "2,b,2");
        await Stops("HDR-212");
        Export("v2", "1,a,1", "3,c,3");
        Assert.Equal("1i 0u 0d 1s 0q", (await World.Run("run", "--json")).Only.Counts);
        Assert.Equal(["1|a|1.00", "3|c|3.00"], Rows);
    }

    [Fact]
    public async Task A_touched_file_of_an_applied_export_is_no_news()
    {
        Flow();
        Part("v1/1.csv", "1,a,1");
        Part("v1/2.csv", "2,b,2");
        await World.Load();
        World.Put("items/v1/2.csv", "id,name,price\n2,b,2\n", landedSecondsAgo: 60);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(2, Operations.Count());
    }
}
