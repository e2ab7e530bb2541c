using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary><c>headrace run --event</c>: one document says which flows to run.</summary>
public sealed class EventRuns : ProjectTests
{
    private string File(string text)
    {
        var path = Path.Combine(World.Folder, "event.json");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private void Start() =>
        World
            .Flows(Prices + "\n" + Customers + "\nlist:\n" + After)
            .Put("prices/1.csv", "id,price\n1,1\n")
            .Put("customers/1.csv", "id,name\n1,Ann\n")
            .Put("list/1.csv", "id\n1\n");

    private const string After = """
          source: { connection: lake, path: "list/*" }
          read: incremental
          write: append
          after: [prices]
        """;

    [Fact]
    public async Task An_event_runs_the_flows_whose_files_it_names_and_what_follows_them()
    {
        Start();

        var answer = await World.Run(
            "run",
            "--json",
            "--event",
            File($"[{TestQueue.Notification("lake", "prices/new.csv")}, {TestQueue.Notification("other", "x")}]")
        );

        Assert.Equal(0, answer.Exit);
        Assert.Equal(
            ["list loaded", "prices loaded"],
            answer.Runs.Select(run => $"{run.Dataset} {run.Outcome}").Order()
        );
        Assert.Equal(
            "an event for the bucket 'other', which is no connection of this project",
            Assert.Single(answer.Json.GetProperty("warnings").EnumerateArray()).GetString()
        );
    }

    [Fact]
    public async Task An_event_that_names_nothing_of_ours_runs_nothing_and_says_so()
    {
        Start();

        var other = await World.Run("run", "--json", "--event", File(TestQueue.Notification("lake", "secrets/x")));
        var test = await World.Run("run", "--event", File("""{"Event": "s3:TestEvent"}"""));

        Assert.Equal((0, 0), (other.Exit, other.Runs.Count));
        Assert.Equal(
            "an event for 'secrets/x' of 'lake', which no enabled flow reads",
            Assert.Single(other.Json.GetProperty("warnings").EnumerateArray()).GetString()
        );
        Assert.Equal(0, test.Exit);
        Assert.Contains("the event starts no flow (a test event of S3)", test.Output, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(World.Warehouse));
    }

    [Theory]
    [InlineData("hello", "it is no JSON document")]
    [InlineData("{}", "it is no notification of S3")]
    public async Task An_unknown_document_is_wrong_usage(string text, string why)
    {
        Start();

        var answer = await World.Run("run", "--json", "--event", File(text));

        Assert.Equal(2, answer.Exit);
        Assert.Contains("HDR-531", answer.Output, StringComparison.Ordinal);
        Assert.Contains(why, answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_and_flows_beside_an_event_are_wrong_usage()
    {
        Start();

        Assert.Equal(2, (await World.Run("run", "--event", Path.Combine(World.Folder, "none.json"))).Exit);
        Assert.Equal(2, (await World.Run("run", "prices", "--event", File("{}"))).Exit);
        Assert.Equal(2, (await World.Run("run", "--event", File("""{"headrace": {"run": ["nothing"]} }"""))).Exit);
    }

    [Fact]
    public async Task The_event_may_come_on_standard_input()
    {
        Start();
        var file = File(TestQueue.Notification("lake", "customers/1.csv"));

        using var child = World.Start(
            "sh",
            ["-c", "\"$@\" < \"$0\"", file, .. World.Words("run", "--json", "--event", "-")],
            new Dictionary<string, string>()
        );
        var answer = await child.Ended();

        Assert.Equal("customers", answer.Only.Dataset);
    }
}
