using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F13: somebody asks the process to end.</summary>
public sealed class Signals : ProjectTests
{
    [Theory]
    [InlineData("INT", "fenced")]
    [InlineData("INT", "changes_staged")]
    [InlineData("TERM", "rows_applied")]
    [InlineData("TERM", "lake_listed")]
    public async Task F13_an_interrupted_run_rolls_back_says_so_and_the_next_one_goes_on(string signal, string boundary)
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n3,3.50\n");
        using var child = World.Start(World.At(boundary, "stop"), "run");
        await child.Stopped();
        child.Signal(signal);
        child.Signal("CONT");
        var answer = await child.Ended();

        // A signal that is heard only after the commit is too late to undo anything.
        Assert.Contains(answer.Exit, (int[])[0, 130]);
        if (answer.Exit == 130)
            Assert.Contains("Interrupted", answer.Messages, StringComparison.Ordinal);
        await World.Load();
        Assert.Equal(["1|1.50", "3|3.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task F13_a_second_signal_ends_the_process_without_waiting_and_nothing_is_half_done()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n3,3.50\n");
        using var child = World.Start(World.At("rows_applied", "stop"), "run");
        await child.Stopped();
        child.Signal("INT");
        child.Signal("TERM");
        child.Signal("CONT");
        Assert.NotEqual(1, (await child.Ended()).Exit);
        await World.Load();
        Assert.Equal(["1|1.50", "3|3.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
    }
}
