using System.Text;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>The program that users run, as <c>build.sh --native</c> makes it: <c>./test</c> says where it is.</summary>
public sealed class ReleaseBuild : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private static string Program()
    {
        var program = Environment.GetEnvironmentVariable("HEADRACE_RELEASE");
        Assert.SkipWhen(program is null, "HEADRACE_RELEASE does not say where the release build is; ./test does.");
        return program!;
    }

    [Fact]
    public async Task R14_nothing_can_be_planted_or_armed_in_it()
    {
        var program = Program();
        world.Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, primary_key: id, """
                + "write: merge }"
        );
        world.Put("stock/1.csv", "id,v\n1,a\n1,b\n");
        var armed = new Dictionary<string, string>
        {
            ["HEADRACE_ALLOW_FAILPOINTS"] = "1",
            ["HEADRACE_FAILPOINT"] = "before_commit:1:kill",
            ["HEADRACE_PLANT"] = "first-row-wins",
        };
        using var child = World.Start(program, ["-C", world.Folder, "run", "--json"], armed);
        var answer = await child.Ended();

        Assert.Equal(0, answer.Exit);
        Assert.Equal("loaded", answer.Only.Outcome);
        Assert.Equal(["1|b"], world.Query("SELECT id, v FROM raw.stock"));
        var binary = await File.ReadAllBytesAsync(program, TestContext.Current.CancellationToken);
        foreach (
            var word in (string[])["HEADRACE_PLANT", "HEADRACE_FAILPOINT", .. Failpoint.Bugs, .. Failpoint.TableBugs]
        )
            Assert.False(
                binary.AsSpan().IndexOf(Encoding.Unicode.GetBytes(word)) >= 0,
                $"The program holds the text '{word}'."
            );
    }

    [Fact]
    public async Task R14_what_is_planted_or_armed_in_the_build_of_the_tests_is_said_and_kept_with_the_run()
    {
        world.Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, primary_key: id, """
                + "write: merge }"
        );
        world.Put("stock/1.csv", "id,v\n1,a\n1,b\n");
        var planted = new Dictionary<string, string>
        {
            ["HEADRACE_ALLOW_FAILPOINTS"] = "1",
            ["HEADRACE_PLANT"] = "first-row-wins",
        };
        var answer = await world.RunProcess(planted, "run", "--json", "-q");

        Assert.Equal(["1|a"], world.Query("SELECT id, v FROM raw.stock"));
        Assert.Contains("first-row-wins", answer.Messages, StringComparison.Ordinal);
        Assert.Contains("first-row-wins", answer.Only.Warnings, StringComparison.Ordinal);
        Assert.Contains("first-row-wins", (await world.Run("runs", "--json")).Output, StringComparison.Ordinal);
    }
}
