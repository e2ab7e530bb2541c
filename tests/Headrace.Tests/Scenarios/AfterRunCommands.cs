using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Commands that run after runs.</summary>
public sealed class AfterRunCommands : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private string[] Heard(string file) =>
        File.Exists(Path.Combine(world.Folder, file)) ? File.ReadAllLines(Path.Combine(world.Folder, file)) : [];

    private void Flow(string more, string flow = "") =>
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults: { target: { connection: warehouse, schema: raw } }
            {{more}}
            flows:
              a: { source: { connection: lake, path: "a/{shop}/*" }, read: incremental, write: append{{flow}} }
            """
        );

    [Fact]
    public async Task ACommandLearnsOfItsRunsByItsEnvironmentAlone()
    {
        Flow(
            """after_run: { command: "echo all $HEADRACE_FLOW $HEADRACE_OUTCOME >> heard" }""",
            """, after_run: { command: [sh, -c, 'echo "$1" "$HEADRACE_DATASET" >> heard', x, "$(touch hit)"] }"""
        );
        world.Put("a/$(touch x); rm y/1.csv", "id\n1\n");
        await world.Load();
        Assert.Equal(["$(touch hit) a/$(touch x); rm y", "all a loaded"], Heard("heard"));
        Assert.Equal("up_to_date", (await world.Load()).Only.Outcome);
        Assert.Equal("all a up_to_date", Heard("heard")[^1]);
        Assert.False(File.Exists(Path.Combine(world.Folder, "hit")) || File.Exists(Path.Combine(world.Folder, "x")));
    }

    [Fact]
    public async Task ItsFailureIsAWarningWithItsStatusAndTheEndOfItsOutput()
    {
        Flow("""after_run: { command: "echo out; echo to the end >&2; exit 7" }""");
        world.Put("a/s/1.csv", "id\n1\n");
        var run = await world.Load();
        Assert.Equal((0, "loaded"), (run.Exit, run.Only.Outcome));
        Assert.Contains("after_run: exit status 7; it said: ", run.Only.Warnings, StringComparison.Ordinal);
        Assert.Contains("to the end", run.Only.Warnings, StringComparison.Ordinal);

        Flow("""after_run: { command: [no-such-program, x] }""");
        Assert.Contains("no-such-program cannot be run", (await world.Load()).Only.Warnings, StringComparison.Ordinal);
        Flow("""after_run: { command: "sleep 60", timeout: 200ms }""");
        Assert.Contains("it was ended after 00:00:00.2", (await world.Load()).Only.Warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterARunThatFailedNothingRuns()
    {
        Flow("""after_run: { command: "touch all" }""", """, after_run: { command: "touch own" }, primary_key: id""");
        world.Put("a/s/1.csv", "id\n1\n", landedSecondsAgo: 900);
        await world.Load("a");
        File.Delete(Path.Combine(world.Folder, "all"));
        File.Delete(Path.Combine(world.Folder, "own"));
        world.Put("a/t/2.csv.gz", [0x1f, 0x8b, 8, 0]);
        Assert.NotEqual(0, (await world.Run("run")).Exit);
        Assert.Empty(Directory.GetFiles(world.Folder, "own").Concat(Directory.GetFiles(world.Folder, "all")));
    }
}
