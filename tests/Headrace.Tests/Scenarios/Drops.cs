using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>The drop folder: append, truncate, their order, what is refused, what is written down.</summary>
public sealed class Drops : ProjectTests
{
    private const string IdAndPrice =
        """{"name": "id", "type": "bigint", "nullable": false}, {"name": "price", "type": "decimal(10,2)"}""";

    [Fact]
    public async Task Append_adds_and_truncate_replaces()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.5\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("inbox/shop/append/prices/2.csv", "id,price\n2,2.5\n", landedSecondsAgo: 800);
        await World.Load();
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
        World.Put("inbox/shop/truncate/prices/3.csv", "id,price\n3,3.5\n4,4.5\n", landedSecondsAgo: 700);
        Assert.Equal("2i 0u 2d 0s 0q", (await World.Load()).Run("inbox/shop/prices").Counts);
        Assert.Equal(["3", "4"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
    }

    [Theory]
    [InlineData("table_ready")]
    [InlineData("rows_applied")]
    [InlineData("files_written")]
    [InlineData("before_commit")]
    public async Task A_truncate_is_seen_whole_or_not_at_all(string boundary)
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.5\n2,2.5\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("inbox/shop/truncate/prices/2.csv", "id,price\n3,3.5\n", landedSecondsAgo: 800);
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
        await World.Load();
        Assert.Equal(["3"], World.Query("SELECT id FROM shop.prices"));
    }

    [Fact]
    public async Task Files_are_applied_in_the_order_of_landing_then_name()
    {
        World.Flows(Inbox);
        World.Put("inbox/shop/append/prices/z.csv", "id\n1\n", landedSecondsAgo: 900);
        World.Put("inbox/shop/truncate/prices/y.csv", "id\n2\n", landedSecondsAgo: 800);
        World.Put("inbox/shop/append/prices/c.csv", "id\n3\n", landedSecondsAgo: 700);
        var same = DateTime.UtcNow.AddSeconds(-600);
        foreach (
            var (name, id) in (ReadOnlySpan<(string, int)>)
                [("truncate/prices/b.csv", 5), ("append/prices/a.csv", 4), ("truncate/prices/a.csv", 6)]
        )
        {
            World.Put($"inbox/shop/{name}", $"id\n{id}\n");
            File.SetLastWriteTimeUtc(World.PathOf($"inbox/shop/{name}"), same);
        }

        World.Put("inbox/shop/append/prices/d.csv", "id\n7\n", landedSecondsAgo: 500);
        await World.Load();
        Assert.Equal(["5", "7"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
        Assert.Equal(
            ["z", "y", "c", "a", "a", "b", "d"],
            World.Query("SELECT regexp_extract(key, '([a-z]).csv', 1) FROM headrace.files ORDER BY sequence")
        );
    }

    [Fact]
    public async Task A_file_with_other_columns_is_refused_stays_and_blocks_nothing()
    {
        World.Flows(Inbox).Put("inbox/shop/schema/prices/1.json", Schema(IdAndPrice), landedSecondsAgo: 900);
        World.Put("inbox/shop/append/prices/bad.csv", "id,prize\n1,1.5\n", landedSecondsAgo: 800);
        World.Put("inbox/shop/append/prices/more.csv", "id,price,x\n1,1.5,1\n", landedSecondsAgo: 750);
        World.Put("inbox/shop/append/prices/good.csv", "PRICE,id\n2.5,2\n", landedSecondsAgo: 700);
        World.Put("inbox/shop/append/stock/1.csv", "id\n1\n", landedSecondsAgo: 700);
        var answer = await World.Run("run", "--json");
        Assert.Equal(
            (4, "HDR-141", "loaded"),
            (answer.Exit, answer.Run("inbox/shop/prices").Error, answer.Run("inbox/shop/stock").Outcome)
        );
        Assert.Contains("id, prize", answer.Run("inbox/shop/prices").ErrorText, StringComparison.Ordinal);
        Assert.Contains("more.csv", answer.Run("inbox/shop/prices").Warnings, StringComparison.Ordinal);
        Assert.Equal(["2|2.50"], World.Query("SELECT * FROM shop.prices"));
        Assert.True(File.Exists(World.PathOf("inbox/shop/append/prices/bad.csv")));

        World.Put("inbox/shop/append/prices/bad.csv", "id,price\n1,1.5\n", landedSecondsAgo: 600);
        World.Remove("inbox/shop/append/prices/more.csv");
        await World.Load();
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT * FROM shop.prices ORDER BY id"));
        Assert.Equal("loaded|1", World.Value("SELECT outcome, rows FROM headrace.files WHERE key LIKE '%bad.csv'"));
    }

    [Fact]
    public async Task An_action_that_is_not_allowed_is_refused_until_the_schema_allows_it()
    {
        World
            .Flows(Inbox)
            .Put(
                "inbox/shop/schema/prices/1.json",
                Schema(IdAndPrice, allowed: "\"append\", \"schema\""),
                landedSecondsAgo: 900
            );
        World.Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.5\n", landedSecondsAgo: 800);
        World.Put("inbox/shop/truncate/prices/2.csv", "id,price\n2,2.5\n", landedSecondsAgo: 700);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-143"), (answer.Exit, answer.Run("inbox/shop/prices").Error));
        Assert.Equal(["1"], World.Query("SELECT id FROM shop.prices"));
        World.Put("inbox/shop/schema/prices/2.json", Schema(IdAndPrice, "2"), landedSecondsAgo: 600);
        await World.Load();
        Assert.Equal(["2"], World.Query("SELECT id FROM shop.prices"));
    }

    [Fact]
    public async Task Without_a_schema_and_with_infer_false_a_file_waits_for_the_schema()
    {
        World
            .Flows(Inbox + "\n  infer: false")
            .Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.5\n", landedSecondsAgo: 800);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-146"), (answer.Exit, answer.Only.Error));
        World.Put("inbox/shop/schema/prices/1.json", Schema(IdAndPrice), landedSecondsAgo: 100);
        await World.Load();
        Assert.Equal(["1|1.50"], World.Query("SELECT * FROM shop.prices"));
    }

    [Fact]
    public async Task An_action_that_there_is_not_is_refused_with_those_that_there_are()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/apend/prices/1.csv", "id\n1\n")
            .Put("inbox/shop/APPEND/stock/1.csv", "id\n1\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((4, "HDR-144"), (answer.Exit, answer.Run("inbox/shop/prices").Error));
        Assert.Contains("append, truncate, schema", answer.Text, StringComparison.Ordinal);
        Assert.Equal("1", World.Value("SELECT count(*) FROM shop.stock"));
    }

    [Fact]
    public async Task A_truncate_that_lands_before_loaded_rows_does_not_wipe_them()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id\n1\n", landedSecondsAgo: 100);
        await World.Load();
        World.Put("inbox/shop/truncate/prices/2.csv", "id\n2\n", landedSecondsAgo: 500);
        Assert.Equal("HDR-145", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["1"], World.Query("SELECT id FROM shop.prices"));
        File.SetLastWriteTimeUtc(World.PathOf("inbox/shop/truncate/prices/2.csv"), DateTime.UtcNow.AddSeconds(-10));
        await World.Load();
        Assert.Equal(["2"], World.Query("SELECT id FROM shop.prices"));
    }

    [Fact]
    public async Task An_empty_truncate_does_not_wipe_a_table_by_mistake()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id\n1\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("inbox/shop/truncate/prices/2.csv", "id\n", landedSecondsAgo: 100);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-202"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["1"], World.Query("SELECT id FROM shop.prices"));
        World.Flows(Inbox + "\n  limits: { min_rows: 0 }");
        await World.Load();
        Assert.Empty(World.Query("SELECT id FROM shop.prices"));
    }

    [Fact]
    public async Task The_same_rows_under_a_new_name_are_appended_once_for_each_time_the_table_was_replaced()
    {
        World.Flows(Inbox);
        World.Put("inbox/shop/truncate/prices/monday.csv", "id\n1\n", landedSecondsAgo: 900);
        World.Put("inbox/shop/append/prices/1.csv", "id\n2\n", landedSecondsAgo: 800);
        World.Put("inbox/shop/append/prices/2.csv", "id\n2\n", landedSecondsAgo: 700);
        Assert.Contains(
            "2.csv has the content of inbox/shop/append/prices/1.csv",
            (await World.Load()).Only.Warnings,
            StringComparison.Ordinal
        );
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
        World.Put("inbox/shop/truncate/prices/tuesday.csv", "id\n1\n", landedSecondsAgo: 600);
        await World.Load();
        Assert.Equal(["1"], World.Query("SELECT id FROM shop.prices"));
        World.Put("inbox/shop/append/prices/3.csv", "id\n2\n", landedSecondsAgo: 500);
        await World.Load();
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
    }

    [Fact]
    public async Task A_changed_append_file_is_not_loaded_until_it_is_accepted()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id\n1\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("inbox/shop/append/prices/1.csv", "id\n2\n", landedSecondsAgo: 800);
        Assert.Equal(
            (3, "HDR-211"),
            (await World.Run("run", "--json")) is var answer ? (answer.Exit, answer.Only.Error) : default
        );
        Assert.Equal(0, (await World.Run("run", "inbox", "--accept", "inbox/shop/append/prices/1.csv")).Exit);
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
    }

    [Fact]
    public async Task Every_format_may_be_dropped()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv.gz", "id,name\n1,a\n", gzip: true);
        World
            .Put("inbox/shop/append/prices/2.jsonl", "{\"name\":\"b\",\"id\":2}\n")
            .Put("inbox/shop/append/prices/3.json", "[{\"id\":3,\"name\":\"c\"}]");
        World
            .PutParquet("inbox/shop/append/prices/4.parquet", "SELECT 4::BIGINT AS id, 'd' AS name")
            .Put("inbox/shop/append/prices/5", "id,name\n5,e\n");
        await World.Load();
        Assert.Equal(["1|a", "2|b", "3|c", "4|d", "5|e"], World.Query("SELECT id, name FROM shop.prices ORDER BY id"));
    }
}
