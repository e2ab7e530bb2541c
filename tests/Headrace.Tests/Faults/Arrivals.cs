using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F17 to F23: files that come again, under two names, late, unfinished, or go away.</summary>
public sealed class Arrivals : ProjectTests
{
    [Fact]
    public async Task F17_a_changed_file_stops_an_append_until_it_is_accepted()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put("prices/1.csv", "id,price\n1,1.60\n");
        var stopped = await World.Run("run", "--json");
        Assert.Equal((3, "stopped", "HDR-211"), (stopped.Exit, stopped.Only.Outcome, stopped.Only.Error));
        Assert.Contains("--accept prices/1.csv", stopped.Only.ErrorText, StringComparison.Ordinal);
        Assert.Equal(["1|1.50"], World.Query("SELECT * FROM raw.prices"));

        var accepted = await World.Run("run", "prices", "--accept", "prices/1.csv", "--json");
        Assert.Equal((0, "loaded"), (accepted.Exit, accepted.Only.Outcome));
        Assert.Equal(["1|1.50", "1|1.60"], World.Query("SELECT * FROM raw.prices ORDER BY price"));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(["loaded", "loaded"], World.Query("SELECT outcome FROM headrace.files"));
    }

    [Fact]
    public async Task F17_a_changed_file_of_a_merge_replaces_its_rows_by_key()
    {
        World.Flows(Customers).Put("customers/1.csv", "id,name\n1,Ada\n2,Bob\n");
        await World.Load();
        World.Put("customers/1.csv", "id,name\n1,Ada\n2,Bert\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|Ada", "2|Bert"], World.Query("SELECT * FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task F17_a_file_that_was_only_touched_is_not_loaded_again()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put("prices/1.csv", "id,price\n1,1.50\n", landedSecondsAgo: 60);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F18_the_same_content_under_two_names_is_loaded_once_unless_asked_for()
    {
        World
            .Flows(Prices)
            .Put("prices/1.csv", "id,price\n1,1.50\n")
            .Put("prices/2.csv", "id,price\n1,1.50\n", landedSecondsAgo: 3000);
        var run = (await World.Load()).Only;
        Assert.Contains("prices/2.csv has the content of prices/1.csv", run.Warnings, StringComparison.Ordinal);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
        Assert.Equal(
            ["prices/1.csv|loaded|NULL", "prices/2.csv|alias|prices/1.csv"],
            World.Query("SELECT key, outcome, note FROM headrace.files ORDER BY key")
        );

        World.Flows(Prices + "\n  same_content: load").Put("prices/3.csv", "id,price\n1,1.50\n");
        await World.Load();
        Assert.Equal("2", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F19_files_that_come_in_any_order_are_all_loaded_once()
    {
        World.Flows(Prices);
        foreach (var day in (int[])[3, 1, 5, 2, 4])
        {
            World.Put($"prices/2026-10-0{day}.csv", $"id,price\n{day},1.50\n");
            Assert.Equal(1, (await World.Load()).Only["inserted"]);
        }

        Assert.Equal(["1", "2", "3", "4", "5"], World.Query("SELECT id FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task F19_of_files_that_are_there_together_the_last_to_land_wins_a_merge()
    {
        World.Flows(Customers);
        World.Put("customers/a.csv", "id,name\n1,new\n", landedSecondsAgo: 100);
        World.Put("customers/b.csv", "id,name\n1,old\n", landedSecondsAgo: 200);
        await World.Load();
        Assert.Equal("new", World.Value("SELECT name FROM raw.customers"));
    }

    [Fact]
    public async Task F20_a_file_that_is_still_being_written_is_left_for_the_next_run()
    {
        World.Flows(Prices + "\n  settle: 500ms");
        Directory.CreateDirectory(World.PathOf("prices"));
        using var writer = new StreamWriter(World.PathOf("prices/1.csv")) { AutoFlush = true };
        await writer.WriteAsync("id,price\n1,1.5");
        var running = World.Run("run", "--json");
        for (var i = 2; !running.IsCompleted; i++)
        {
            await writer.WriteAsync($"0\n{i},1.5");
            await Task.WhenAny(running, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        var answer = await running;
        Assert.Equal((0, "up_to_date"), (answer.Exit, answer.Only.Outcome));
        Assert.Contains("still being written", answer.Only.Warnings, StringComparison.Ordinal);
        await writer.WriteAsync("0\n");
        await writer.DisposeAsync();
        File.SetLastWriteTimeUtc(World.PathOf("prices/1.csv"), DateTime.UtcNow.AddMinutes(-1));
        await World.Load();
        Assert.Equal("1.50", World.Value("SELECT DISTINCT price FROM raw.prices"));
    }

    [Fact]
    public async Task F20_hidden_and_temporary_names_are_no_data()
    {
        World.Flows(Prices);
        foreach (
            var name in (string[])[".1.csv", "_1.csv", "1.csv.tmp", "1.csv.part", "1.csv.filepart", "1.csv.crdownload"]
        )
            World.Put($"prices/{name}", "id,price\n1,1.50\n");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task F21_a_file_that_is_gone_between_listing_and_reading_is_named_and_the_others_are_loaded()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n").Put("prices/2.csv", "id,price\n2,2.50\n");
        using var child = World.Start(World.At("lake_listed", "stop"), "run", "--json");
        await child.Stopped();
        World.Remove("prices/1.csv");
        child.Signal("CONT");
        var answer = await child.Ended();
        Assert.Equal((1, "HDR-112"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["2"], World.Query("SELECT id FROM raw.prices"));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task F21_a_file_that_changes_between_listing_and_reading_is_read_by_the_next_run()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        using var child = World.Start(World.At("file_opened", "stop"), "run", "--json");
        await child.Stopped();
        await File.AppendAllTextAsync(World.PathOf("prices/1.csv"), "2,2.50\n", TestContext.Current.CancellationToken);
        child.Signal("CONT");
        var answer = await child.Ended();
        Assert.Equal((0, "up_to_date"), (answer.Exit, answer.Only.Outcome));
        Assert.Contains("the next run looks again", answer.Only.Warnings, StringComparison.Ordinal);
        await World.Load();
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task F22_retention_that_removes_loaded_files_changes_nothing()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n").Put("prices/2.csv", "id,price\n2,2.50\n");
        await World.Load();
        World.Remove("prices/1.csv");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        World.Put("prices/1.csv", "id,price\n1,1.50\n");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(
            "2|2",
            World.Value("SELECT (SELECT count(*) FROM raw.prices), (SELECT count(*) FROM headrace.files)")
        );
    }

    [Fact]
    public async Task F22_a_lake_that_is_gone_stops_the_run()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        Directory.Delete(World.Lake, recursive: true);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-110"), (answer.Exit, answer.Only.Error));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F23_empty_files_and_files_with_only_a_header_are_recorded_as_no_rows()
    {
        World
            .Flows(Prices)
            .Put("prices/empty.csv", "")
            .Put("prices/header.csv", "id,price\n")
            .Put("prices/packed.csv.gz", "id,price\n", gzip: true);
        var run = (await World.Load()).Only;
        Assert.Equal(("loaded", 0L), (run.Outcome, run["inserted"]));
        Assert.Equal(
            ["prices/empty.csv|0|loaded", "prices/header.csv|0|loaded", "prices/packed.csv.gz|0|loaded"],
            World.Query("SELECT key, rows, outcome FROM headrace.files ORDER BY key")
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Theory]
    [InlineData("")]
    [InlineData("id,price\n")]
    public async Task F23_an_empty_file_does_not_replace_a_table_that_has_rows(string empty)
    {
        World
            .Flows(Prices.Replace("append", "replace", StringComparison.Ordinal))
            .Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put("prices/2.csv", empty);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "stopped", "HDR-202"), (answer.Exit, answer.Only.Outcome, answer.Only.Error));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }
}
