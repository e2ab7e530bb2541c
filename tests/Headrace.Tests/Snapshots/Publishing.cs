using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Operations are published after the commit: each of them, under one id, in whole files.</summary>
public sealed class Publishing : ExportTests
{
    private static readonly string[] Flags =
    [
        "state_written",
        "export_compared",
        "rows_deleted",
        "rows_applied",
        "before_commit",
        "after_commit",
        "operations_sent",
        "operations_written",
        "operations_published",
        "spool_removed",
    ];

    public static TheoryData<string> Boundaries => [.. Flags];

    [Theory]
    [MemberData(nameof(Boundaries))]
    public async Task A_kill_loses_no_operation_and_makes_none_twice(string boundary)
    {
        Flow("publish: { connection: ops, before: true }");
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v2", "1,A,1", "3,c,3");
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        Assert.All(Operation.Files(Ops).SelectMany(File.ReadLines), line => Operation.Parse(line));
        await World.Load();
        Holds();
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(2, Operation.Files(Ops).Count);
        Assert.Empty(Directory.GetFiles(Ops, ".*"));
        Assert.Equal("2|2", World.Value("SELECT count(*), count(published_at) FROM headrace.published"));
    }

    [Theory]
    [InlineData("after_commit")]
    [InlineData("operations_published")]
    public async Task What_was_committed_is_published_under_the_same_ids_before_anything_else(string boundary)
    {
        Flow("publish: { connection: ops, before: true }");
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v2", "1,A,1", "3,c,3");
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        var outbox = Assert.Single(
            Directory.GetFiles(Path.Combine(World.Folder, ".headrace/outbox"), "*.jsonl", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains("v2", StringComparison.Ordinal)
        );
        var expected = File.ReadAllText(outbox);
        World.Remove("items/v2/1.csv"); // the operations do not need it any more
        Assert.Equal(3, (await World.Load()).Only["published"]);
        Assert.Equal(expected, File.ReadAllText(Operation.Files(Ops)[1]));
        Holds();
    }

    [Fact]
    public async Task The_same_operations_have_the_same_ids_in_another_place()
    {
        using var other = new World();
        foreach (var world in (World[])[World, other])
        {
            Flow();
            if (world == other)
                File.Copy(Path.Combine(World.Folder, "headrace.yaml"), Path.Combine(other.Folder, "headrace.yaml"));
            world
                .Put("items/v1/1.csv", "id,name,price\n1,a,1\n2,b,2\n")
                .Put("items/v2/1.csv", "id,name,price\n1,A,1\n3,c,3\n");
            await world.Load();
        }

        var ids = Operation.Read(Ops).Select(operation => operation.Id).ToList();
        Assert.Equal(5, ids.Distinct().Count());
        Assert.Equal(
            ids.Order(),
            Operation.Read(Path.Combine(other.Folder, "ops")).Select(operation => operation.Id).Order()
        );
    }

    [Fact]
    public async Task Keys_that_differ_only_in_their_last_digits_have_ids_of_their_own()
    {
        Flow("columns: { id: \"decimal(38,0)\", name: text, price: \"decimal(38,10)\" }");
        Export(
            "v1",
            "12345678901234567890123456789012345678,a,1.0000000001",
            "12345678901234567890123456789012345679,a,1234567890123456789012345678.0000000001"
        );
        await World.Load();
        Assert.Equal(2, Operation.Read(Ops).Count);
        Assert.Equal(
            [
                "12345678901234567890123456789012345678 1.0000000001",
                "12345678901234567890123456789012345679 1234567890123456789012345678.0000000001",
            ],
            Operation
                .Read(Ops)
                .Select(operation =>
                    $"{operation.Key.GetProperty("id").GetRawText()} "
                    + $"{operation.After.GetProperty("price").GetRawText()}"
                )
                .Order()
        );
    }

    [Fact]
    public async Task A_flow_that_only_publishes_needs_no_target_and_knows_its_position()
    {
        Flow("write: ", "target: ");
        Export("v1", "1,a,1", "2,b,2");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Export("v2", "1,A,1", "3,c,3");
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal(("would_load", "1i 1u 1d 0s 0q"), (plan.Outcome, plan.Counts));
        Assert.Equal(
            ("1i 1u 1d 0s 0q", 3L),
            (await World.Load()).Only is var run ? (run.Counts, run["published"]) : default
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.False(File.Exists(World.Warehouse));
        Assert.Equal(["DELETE 2: - -> -", "INSERT 3: - -> 3|c|3.00", "UPDATE 1: - -> 1|A|1.00"], Operations.Skip(2));
    }

    [Fact]
    public async Task An_export_without_changes_publishes_nothing()
    {
        Flow();
        Export("v1", "1,a,1");
        await World.Load();
        Export("v2", "1,a,1.00");
        var run = (await World.Load()).Only;
        Assert.Equal(("loaded", "0i 0u 0d 1s 0q", 0L), (run.Outcome, run.Counts, run["published"]));
        Assert.Single(Operation.Files(Ops));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_made_good_by_the_next_run()
    {
        Flow("retries: 0");
        File.WriteAllText(Ops, "in the way");
        Export("v1", "1,a,1");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-310", "1i 0u 0d 0s 0q"), (answer.Exit, answer.Only.Error, answer.Only.Counts));
        File.Delete(Ops);
        Assert.Equal(1, (await World.Load()).Only["published"]);
        Assert.Equal(["INSERT 1: - -> 1|a|1.00"], Operations);
    }

    private void Holds()
    {
        Assert.Equal(["1|A|1.00", "3|c|3.00"], Rows);
        Assert.Equal(
            [
                "INSERT 1: - -> 1|a|1.00",
                "INSERT 2: - -> 2|b|2.00",
                "DELETE 2: 2|b|2.00 -> -",
                "INSERT 3: - -> 3|c|3.00",
                "UPDATE 1: 1|a|1.00 -> 1|A|1.00",
            ],
            Operations
        );
    }
}
