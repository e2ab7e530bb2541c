using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What may take the place of a table's rows, and what may not.</summary>
public class Replacements : ProjectTests
{
    private const string Stock = """
        stock:
          source: { connection: lake, path: "stock/*" }
          columns: { id: bigint, amount: "decimal(12,2)" }
          read: incremental
          write: replace
        """;

    [Fact]
    public async Task A_replacement_with_a_broken_part_waits_until_all_its_files_can_be_loaded()
    {
        World.Flows(Stock).Put("stock/old.csv", "id,amount\n1,1\n2,2\n", landedSecondsAgo: 9000);
        await World.Load();
        World
            .Put("stock/c.csv", "id,amount\n5,5\n")
            .Put("stock/d.csv.gz", World.Gzip("id,amount\n6,6\n"u8.ToArray())[..20]);

        var broken = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-121"), (broken.Exit, broken.Only.Error));
        Assert.Contains("it waits for stock/d.csv.gz", broken.Only.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM raw.stock ORDER BY id"));
        World.Put("stock/d.csv.gz", "id,amount\n6,6\n", gzip: true);
        await World.Load();
        Assert.Equal(["5", "6"], World.Query("SELECT id FROM raw.stock ORDER BY id"));
    }

    [Fact]
    public async Task A_replacement_whose_columns_are_wrong_changes_nothing()
    {
        World.Flows(Stock).Put("stock/old.csv", "id,amount\n1,1\n", landedSecondsAgo: 9000);
        await World.Load();
        World.Put("stock/a.csv", "id,amount\n5,5\n").Put("stock/b.csv", "x,y\n6,6\n");

        var answer = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-105", 0L), (answer.Exit, answer.Only.Error, answer.Only["batches"]));
        Assert.Equal(["1"], World.Query("SELECT id FROM raw.stock"));
    }

    [Fact]
    public async Task A_late_older_file_does_not_replace_newer_rows()
    {
        World.Flows(Stock).Put("stock/new.csv", "id,amount\n2,2\n", landedSecondsAgo: 100);
        await World.Load();
        World.Put("stock/old.csv", "id,amount\n1,1\n", landedSecondsAgo: 9000);

        var answer = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-145"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["2"], World.Query("SELECT id FROM raw.stock"));
    }

    [Fact]
    public async Task A_file_that_is_mostly_bad_replaces_nothing()
    {
        World.Flows(Stock).Put("stock/1.csv", "id,amount\n1,1\n2,2\n", landedSecondsAgo: 9000);
        await World.Load();
        World.Put("stock/2.csv", "id,amount\n5,5\n6,x\n7,x\n");

        var answer = await World.Run("run", "--json");

        Assert.Equal((3, "HDR-201"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM raw.stock ORDER BY id"));
    }

    [Fact]
    public async Task A_late_older_file_of_a_merge_is_told_of()
    {
        World.Flows(Customers).Put("customers/new.csv", "id,name\n1,new\n", landedSecondsAgo: 100);
        await World.Load();
        World.Put("customers/old.csv", "id,name\n1,old\n", landedSecondsAgo: 9000);

        Assert.Contains(
            "landed before rows that were merged already",
            (await World.Load()).Only.Warnings,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_same_full_file_delivered_again_replaces_what_was_appended_since()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/truncate/stock/full.csv", "id\n100\n", landedSecondsAgo: 900)
            .Put("inbox/shop/append/stock/more.csv", "id\n2\n", landedSecondsAgo: 800);
        await World.Load();
        Assert.Equal(["2", "100"], World.Query("SELECT id FROM shop.stock ORDER BY id"));

        World.Put("inbox/shop/truncate/stock/full.csv", "id\n100\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Equal(["100"], World.Query("SELECT id FROM shop.stock"));

        World.Put("inbox/shop/append/stock/more.csv", "id\n2\n", landedSecondsAgo: 600);
        await World.Load();
        Assert.Equal(["2", "100"], World.Query("SELECT id FROM shop.stock ORDER BY id"));

        World.Put("inbox/shop/append/stock/more.csv", "id\n2\n", landedSecondsAgo: 500);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }
}
