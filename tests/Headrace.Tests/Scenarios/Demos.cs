using System.Text.Json;
using System.Text.RegularExpressions;
using Headrace.Tests.House;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>The demos, with what they say to try, and the page that shows one.</summary>
public sealed partial class Demos : IDisposable
{
    private readonly World world = new(Path.Combine(Directory.CreateTempSubdirectory("headrace-").FullName, "demo"));

    public Demos() => Directory.Delete(world.Lake);

    public void Dispose()
    {
        world.Dispose();
        Directory.Delete(Path.GetDirectoryName(world.Folder)!, recursive: true);
    }

    [GeneratedRegex("^```(?<kind>[a-z]+)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [Fact]
    public async Task ThePageOfTheStarSchemaShowsWhatTheDemoDoes()
    {
        var demo = await Try("--star");
        foreach (Match block in Block().Matches(Repository.Read("docs", "star-schema.md")))
        {
            var (kind, text) = (block.Groups["kind"].Value, block.Groups["text"].Value);
            if (kind == "json")
                Assert.True(JsonDocument.Parse(text).RootElement.GetProperty("AddColumnName").GetBoolean());
            else if (kind == "yaml")
                Assert.EndsWith(
                    "\n" + text,
                    File.ReadAllText(Path.Combine(world.Folder, "headrace.yaml")),
                    StringComparison.Ordinal
                );
            else if (kind == "sql")
                Assert.Equal(
                    text.Split('\n', 2)[1],
                    File.ReadAllText(Path.Combine(world.Folder, text[3..].Split('\n')[0]))
                );
            else if (kind == "text")
                foreach (var line in text.Split('\n'))
                    Assert.Contains(line, demo.Text.Split('\n'));
            else
                Shown(text);
        }

        Assert.DoesNotContain("5550", demo.Text, StringComparison.Ordinal);
        Assert.Equal(0, (await world.Run("quarantine", "release", "orders", "1", "--set", "quantity=2")).Exit);
        Assert.Equal("loaded", (await world.Load()).Run("fact_orders").Outcome);
        Assert.Equal(
            ["Arlington|83.80", "London|79.80", "Paris|39.90", "Rome|125.70"],
            world.Query(
                "SELECT city, sum(amount) FROM mart.fact_orders JOIN mart.dim_customer USING (customer_sk) GROUP BY city "
                    + "ORDER BY city"
            )
        );
        Assert.Equal(0, (await world.Run("verify", "customers", "products", "orders")).Exit);
    }

    [Fact]
    public async Task TheDemoOfTheShopLeavesARowToRelease()
    {
        var demo = await Try();
        Assert.Contains("suppliers-00000002", demo.Text, StringComparison.Ordinal);
        Assert.Equal(0, (await world.Run("quarantine", "release", "orders", "1", "--set", "amount=12.50")).Exit);
        Assert.All((await world.Load()).Runs, run => Assert.Equal("up_to_date", run.Outcome));

        // It takes its own folder anew, and leaves another one alone.
        await Try();
        File.Delete(Path.Combine(world.Folder, ".headrace", "demo"));
        Assert.Contains("HDR-532", (await world.Run("demo", world.Folder)).Text, StringComparison.Ordinal);
    }

    private async Task<Answer> Try(params string[] words)
    {
        var demo = await world.Run(["demo", world.Folder, .. words]);
        Assert.True(demo.Exit == 0, demo.Text);
        return demo;
    }

    // A command line that shows a file has it below.
    private void Shown(string text)
    {
        foreach (var command in text.Split("$ ").Where(command => command.StartsWith("cat ", StringComparison.Ordinal)))
            Assert.Equal(
                command.Split('\n', 2)[1],
                File.ReadAllText(Path.Combine(world.Folder, command[4..].Split('\n')[0]))
            );
    }
}
