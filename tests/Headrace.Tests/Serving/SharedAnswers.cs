using Headrace.Server;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>One answer for all who ask the same within a second.</summary>
public sealed class SharedAnswers
{
    private int made;
    private long version;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RecentAnswers Recent() => new(() => version);

    private Task<string> Make() => Task.FromResult($"{Interlocked.Increment(ref made)}");

    [Fact]
    public async Task Who_asks_while_it_is_made_or_soon_after_has_the_same()
    {
        var (recent, begun) = (Recent(), new TaskCompletionSource<string>());
        var first = recent.GetAsync("/", () => begun.Task, Cancel);
        var second = recent.GetAsync("/", Make, Cancel);
        begun.SetResult("one");

        Assert.Equal(
            ["one", "one", "one", "1"],
            [
                await first,
                await second,
                await recent.GetAsync("/", Make, Cancel),
                await recent.GetAsync("/runs", Make, Cancel),
            ]
        );
    }

    [Fact]
    public async Task A_change_or_a_second_makes_it_old()
    {
        var recent = Recent();
        var answers = new List<string> { await recent.GetAsync("/", Make, Cancel) };
        version++;
        answers.Add(await recent.GetAsync("/", Make, Cancel));
        recent.Forget();
        answers.Add(await recent.GetAsync("/", Make, Cancel));
        await Task.Delay(1100, Cancel);
        answers.Add(await recent.GetAsync("/", Make, Cancel));

        Assert.Equal(["1", "2", "3", "4"], answers);
    }

    [Fact]
    public async Task What_could_not_be_made_is_made_again_by_who_waits()
    {
        var (recent, begun) = (Recent(), new TaskCompletionSource<string>());
        var first = recent.GetAsync("/", () => begun.Task, Cancel);
        var second = recent.GetAsync("/", Make, Cancel);
        begun.SetException(new InvalidOperationException("no ledger"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        Assert.Equal("1", await second);
    }

    [Fact]
    public async Task Who_asked_for_a_change_sees_it_at_once()
    {
        var world = new World()
            .Flows(
                """
                orders:
                  source: { connection: lake, path: "*.csv" }
                  read: incremental
                  write: append
                  columns: { id: integer }
                """
            )
            .Put("1.csv", "id\n1\nx\n");
        await using var served = await ServedProject.Start(world);
        var before = await served.Get("/api/v1/datasets");

        await served.Run("orders");
        var after = await served.Get("/api/v1/datasets");
        var (_, discarded) = await served.Ask(
            HttpMethod.Post,
            "/api/v1/quarantine/discard",
            """{"of":"orders","ids":[1]}"""
        );
        var last = await served.Get("/api/v1/datasets");

        Assert.Contains("\"last_run\":null", before.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\"last_run\":null", after.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"quarantine\":1", after.ToString(), StringComparison.Ordinal);
        Assert.True(last.ToString().Contains("\"quarantine\":0", StringComparison.Ordinal), $"{discarded} {last}");
    }
}
