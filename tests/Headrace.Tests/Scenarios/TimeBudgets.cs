using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary><c>--time-budget</c>: what the time does not allow is left for the next run, and named.</summary>
public sealed class TimeBudgets : ProjectTests
{
    [Fact]
    public async Task No_dataset_begins_once_the_time_is_over_and_something_is_loaded()
    {
        World.Flows(
            """
            orders:
              source: { connection: lake, path: "orders/{shop}/*.csv" }
              read: incremental
              write: append
              target: { table: "orders_{shop}" }
            """
        );
        var file = Path.Combine(World.Folder, "headrace.yaml");
        File.WriteAllText(
            file,
            File.ReadAllText(file).Replace("threads: 1", "threads: 1\nparallel: 1", StringComparison.Ordinal)
        );
        foreach (var shop in (string[])["a", "b", "c"])
            World.Put($"orders/{shop}/1.csv", "id\n1\n");

        var (runs, remains) = (new List<string>(), new List<string?>());
        for (var more = true; more && runs.Count < 9; )
        {
            var answer = await World.Load("--time-budget", "0s");
            runs.Add(string.Join(' ', answer.Runs.Select(run => $"{run.Dataset[^1]}:{run.Outcome}")));
            more = answer.Json.TryGetProperty("remains", out var left);
            if (more)
                remains.Add(left.ToString());
        }

        Assert.Equal(
            [
                "a:loaded b:skipped c:skipped",
                "a:up_to_date b:loaded c:skipped",
                "a:up_to_date b:up_to_date c:loaded", // and does not know that it was the last file
                "a:up_to_date b:up_to_date c:up_to_date",
            ],
            runs
        );
        Assert.All(remains, left => Assert.Equal("[\"orders\"]", left));
    }
}
