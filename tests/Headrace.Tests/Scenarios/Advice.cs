using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What a message says to do next helps, and leads not back to the same message.</summary>
public sealed class Advice : ProjectTests
{
    private const string Two = "  columns: { id: integer, price: integer }\n";
    private const string Stock = "stock:\n  source: { connection: lake, path: \"stock/*.csv\" }\n  read: incremental\n";

    [Theory]
    [InlineData("write: append, on_fail: stop", "set on_fail: quarantine to load the good ones")]
    [InlineData("write: append, allow: 10%", "set a larger allow: for the flow")]
    public async Task Bad_rows_are_let_through_by_the_setting_that_kept_them_out(string how, string next)
    {
        World
            .Flows(Stock + Two + string.Concat(how.Split(", ").Select(key => $"  {key}\n")))
            .Put("stock/1.csv", "id,price\n1,1\n2,2\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("stock/2.csv", "id,price\n1,1\n2,x\n3,x\n4,x\n");

        var error = (await World.Run("run", "--json")).Only.ErrorText;

        Assert.Contains("HDR-201", error, StringComparison.Ordinal);
        Assert.Contains(next, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id;price\n2;2\n", "delimiter: \";\"")]
    [InlineData("id\tprice\n2\t2\n", "delimiter: tab")]
    [InlineData("number\n2\n", "give the file its header")]
    public async Task A_header_that_is_divided_in_another_way_is_said_to_be(string text, string next)
    {
        World.Flows(Stock + "  write: append\n").Put("stock/1.csv", "id,price\n1,1\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("stock/2.csv", text);

        var said = (await World.Run("run")).Text;

        Assert.Contains("HDR-105", said, StringComparison.Ordinal);
        Assert.Contains(next, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_does_not_send_to_doctor()
    {
        World.Configuration(
            """
            version: 1
            connections:
              shop: { type: postgres, host: 127.0.0.1, port: 1, database: d, user: u, password: "${HOME}" }
            """
        );

        var answer = await World.Run("doctor");

        Assert.Contains("HDR-151", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("headrace doctor", answer.Text, StringComparison.Ordinal);
        Assert.Contains("its user and password", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_offers_no_repair_that_cannot_be()
    {
        World.Flows(Stock + "  write: append\n").Put("stock/1.csv", "id,price\n1,1\n2,2\n");
        await World.Load();
        World.Alter("DELETE FROM raw.stock WHERE id = 2");

        foreach (
            var options in (string[][])
                [
                    ["verify"],
                    ["verify", "--repair"],
                ]
        )
        {
            var said = (await World.Run(options)).Text;
            Assert.Contains("1 missing", said, StringComparison.Ordinal);
            Assert.Contains("no primary_key", said, StringComparison.Ordinal);
            Assert.DoesNotContain("puts right", said, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Error.UnnamedSource, "The source cannot be read")]
    [InlineData("public.orders", "'public.orders' cannot be read")]
    public void A_source_is_named_when_it_has_a_name(string source, string expected) =>
        Assert.StartsWith(expected, Error.SourceTableMissing("db", source, "no right").What, StringComparison.Ordinal);

    [Theory]
    [InlineData(1.0, 0.99)]
    [InlineData(0.998, 0.99)]
    [InlineData(7.0, 0.99)]
    [InlineData(0.5, 0.5)]
    [InlineData(-1.0, 0.0)]
    public void No_share_is_all_before_the_end(double share, double expected) =>
        Assert.Equal(expected, new LoadProgress("reads", 1, share).Share);
}
