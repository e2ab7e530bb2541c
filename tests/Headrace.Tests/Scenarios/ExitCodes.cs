using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>The exit codes of the contract.</summary>
public sealed class ExitCodes : ProjectTests
{
    [Fact]
    public async Task Exit_0_when_all_went_well_and_when_there_was_nothing_to_do()
    {
        World.Flows(Prices);
        Assert.Equal(0, (await World.Run("run")).Exit);
        World.Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        Assert.Equal(0, (await World.Run("run")).Exit);
        Assert.Equal(0, (await World.Run("run")).Exit);
    }

    [Fact]
    public async Task Exit_1_when_a_run_failed()
    {
        World.Flows(Prices).Put("prices/1.csv", "a,b\n1,2\n");
        Assert.Equal(1, (await World.Run("run")).Exit);
        Assert.Equal(1, (await World.Run("plan")).Exit);
    }

    [Theory]
    [InlineData("rum")]
    [InlineData("run --jsn")]
    [InlineData("run --time-budget soon")]
    [InlineData("run price")]
    [InlineData("plan price")]
    [InlineData("--env nowhere run")]
    [InlineData("quarantine release prices x")]
    [InlineData("quarantine release prices --set price")]
    [InlineData("quarantine show price")]
    [InlineData("runs a b")]
    [InlineData("config show price")]
    [InlineData("")]
    public async Task Exit_2_when_the_command_line_is_wrong(string line)
    {
        World.Flows(Prices);
        var answer = await World.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, answer.Exit);
        Assert.NotEmpty(answer.Messages);
    }

    [Fact]
    public async Task Exit_2_when_there_is_no_configuration()
    {
        var answer = await World.Run("run", "--json");
        Assert.Equal((2, "HDR-501"), (answer.Exit, answer.Json.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("headrace init", answer.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_3_when_a_check_or_a_limit_stopped_the_load()
    {
        World.Flows(Prices + "\n  on_fail: stop").Put("prices/1.csv", "id,price\n1,x\n");
        Assert.Equal(3, (await World.Run("run")).Exit);
        Assert.Equal(3, (await World.Run("plan")).Exit);
    }

    [Fact]
    public async Task Exit_4_when_some_flows_succeeded_and_some_did_not()
    {
        World
            .Flows(Prices + "\n" + Customers)
            .Put("prices/1.csv", "a,b\n1,2\n")
            .Put("customers/1.csv", "id,name\n1,a\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal(4, answer.Exit);
        Assert.Equal(("failed", "loaded"), (answer.Run("prices").Outcome, answer.Run("customers").Outcome));
        Assert.Equal(1, (await World.Run("run", "prices")).Exit);
    }

    [Fact]
    public async Task Exit_130_when_interrupted()
    {
        // A run waits that long.
        World.Flows(Prices + "\n  settle: 9s").Put("prices/1.csv", "id,price\n1,1.50\n", landedSecondsAgo: 0);

        // Whoever runs the tests in the background has SIGINT ignored, and a child would inherit that.
        using var child = World.Start(
            "env",
            ["--default-signal=INT", .. World.Words("run")],
            World.At("config_read", "stop")
        );
        await child.Stopped();
        child.Signal("CONT");
        await child.Until(() =>
            Directory.Exists(Path.Combine(World.Folder, ".headrace")) || child.Age > TimeSpan.FromSeconds(2)
        );
        child.Signal("INT");
        var answer = await child.Ended();
        Assert.Equal(130, answer.Exit);
        Assert.Contains("Interrupted", answer.Messages, StringComparison.Ordinal);
        Assert.False(File.Exists(World.Warehouse));
    }

    [Theory]
    [InlineData("-q", "run", "prices")]
    [InlineData("run", "-q", "prices")]
    [InlineData("run", "prices", "-q")]
    [InlineData("run", "--quiet", "prices", "--no-color", "--no-input", "-v")]
    public async Task Options_may_stand_before_and_after_the_command(params string[] args)
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        var answer = await World.Run(args);
        Assert.Equal((0, ""), (answer.Exit, answer.Text));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task A_wrong_word_is_answered_with_the_likely_one()
    {
        World.Flows(Prices);
        Assert.Contains("headrace run", (await World.Run("rum")).Messages, StringComparison.Ordinal);
        Assert.Contains("did you mean 'prices'", (await World.Run("run", "price")).Messages, StringComparison.Ordinal);
        Assert.Equal(
            "HDR-518",
            (await World.Run("run", "price", "--json")).Json.GetProperty("error").GetProperty("code").GetString()
        );
    }
}
