using System.Text.Json;
using Headrace.Server;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>How requests go, told while they go.</summary>
public sealed class LiveEvents
{
    private const string Flow = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: append
        """;

    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly Run Orders = new()
    {
        Id = "r_1",
        Flow = "orders",
        Dataset = "orders",
        StartedAt = Noon,
        Outcome = Outcome.Running,
    };

    private static LiveRequests Live(TimeProvider? clock, CancellationToken stop) =>
        new(
            view => $"{view.State} {string.Join(' ', view.Progress.Select(one => one.Rows))}",
            clock ?? TimeProvider.System,
            stop
        )
        {
            Pause = TimeSpan.Zero,
            Patience = TimeSpan.FromMilliseconds(200),
        };

    private static Job Queued() => new("q_1", ["orders"], "request", Noon);

    [Fact]
    public async Task A_run_is_seen_to_go_on_up_to_its_end_over_http()
    {
        var (served, request) = await Asked();
        await using var _ = served;
        var (status, page) = await served.Ask(HttpMethod.Get, $"/requests/{request}", null, ("Accept", "text/html"));

        using var client = new HttpClient { BaseAddress = new Uri(served.Server.Address) };
        using var answer = await Follow(client, request);
        var events = (await answer.Content.ReadAsStringAsync(Cancel)).Split(
            "\n\n",
            StringSplitOptions.RemoveEmptyEntries
        );

        Assert.Equal(200, status);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains($"data-events=\"/api/v1/requests/{request}/events\"", page, StringComparison.Ordinal);
        Assert.True(events.Length >= 2, string.Join('\n', events));
        Assert.All(events[..^1], one => Assert.StartsWith("event: state\ndata: {", one, StringComparison.Ordinal));
        Assert.StartsWith("event: end\ndata: {", events[^1], StringComparison.Ordinal);
        var last = JsonDocument.Parse(events[^1].Split("data: ")[1]).RootElement;
        Assert.Equal("done", last.GetProperty("state").GetString());
        Assert.Equal(1_000_000, last.GetProperty("runs")[0].GetProperty("inserted").GetInt32());
        Assert.Equal("404 HDR-533", await served.Fault(HttpMethod.Get, "/api/v1/requests/q_none/events"));
    }

    [Fact]
    public async Task Each_change_is_an_event_and_silence_has_a_line()
    {
        var clock = new FakeTimeProvider(Noon);
        var (job, to) = (Queued(), new Seen());
        var sending = Live(clock, Cancel).SendAsync(job, to, Cancel);

        await to.Until("event: state\ndata: queued \n\n");
        job.Start(Noon);
        await to.Until("event: state\ndata: running \n\n");
        job.Observe(Orders, new LoadProgress("loads", 5, null));
        await to.Until("event: state\ndata: running 5\n\n");
        await ServedProject.Until(() =>
        {
            clock.Advance(LiveRequests.Heartbeat);
            return Task.FromResult(to.Text.EndsWith(": still here\n\n", StringComparison.Ordinal));
        });
        job.End(null, null, Noon);

        Assert.True(await sending);
        Assert.EndsWith("event: end\ndata: done \n\n", to.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_reader_is_cut_off_and_holds_no_run()
    {
        var job = Queued();
        var sending = Live(null, Cancel).SendAsync(job, new Stuck(), Cancel);

        for (var i = 0; i < 100_000; i++)
            job.Observe(Orders, new LoadProgress("loads", i, null)); // does not wait, and keeps nothing
        job.End(null, null, Noon);

        Assert.True(job.Ended.IsCompleted);
        Assert.False(await sending.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
    }

    [Fact]
    public async Task A_server_that_stops_ends_what_is_read()
    {
        using var stop = new CancellationTokenSource();
        var to = new Seen();
        var sending = Live(null, stop.Token).SendAsync(Queued(), to, Cancel);
        await to.Until("event: state\ndata: queued \n\n");

        await stop.CancelAsync();

        Assert.True(await sending.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
    }

    [Fact]
    public async Task A_server_that_stops_tells_readers_the_end_of_what_runs()
    {
        var (served, request) = await Asked();
        await using var _ = served;
        using var client = new HttpClient { BaseAddress = new Uri(served.Server.Address) };
        using var answer = await Follow(client, request);
        var reading = answer.Content.ReadAsStringAsync(Cancel);

        await served.Server.DisposeAsync();

        Assert.Contains(
            "event: end\n",
            await reading.WaitAsync(TimeSpan.FromSeconds(20), Cancel),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_hundred_readers_are_served_and_one_more_is_told_to_come_later()
    {
        var (served, request) = await Asked(5_000_000);
        await using var _ = served;
        using var client = new HttpClient { BaseAddress = new Uri(served.Server.Address) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 101).Select(_ => Follow(client, request)));
        var texts = await Task.WhenAll(answers.Select(answer => answer.Content.ReadAsStringAsync(Cancel)));

        var refused = Assert.Single(answers, answer => !answer.IsSuccessStatusCode);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Contains("HDR-607", texts[Array.IndexOf(answers, refused)], StringComparison.Ordinal);
        Assert.Equal(100, texts.Count(text => text.Contains("event: end\n", StringComparison.Ordinal)));
        using var later = await Follow(client, request);
        Assert.True(later.IsSuccessStatusCode);
    }

    /// <summary>A server that was asked for a run over a file of so many rows.</summary>
    private static async Task<(ServedProject Served, string Request)> Asked(int rows = 1_000_000)
    {
        var world = new World().Flows(Flow);
        world.Put(
            "orders/1.csv",
            string.Concat(Enumerable.Range(0, rows).Select(n => $"{n},text {n}\n").Prepend("id,t\n"))
        );
        var served = await ServedProject.Start(world);
        var (_, text) = await served.Ask(HttpMethod.Post, "/api/v1/flows/orders/run");
        return (served, JsonDocument.Parse(text).RootElement.GetProperty("request").GetString()!);
    }

    private static Task<HttpResponseMessage> Follow(HttpClient client, string request) =>
        client.GetAsync($"/api/v1/requests/{request}/events", HttpCompletionOption.ResponseHeadersRead, Cancel);

    private sealed class Seen : MemoryStream
    {
        private readonly Lock gate = new();

        public string Text
        {
            get
            {
                lock (gate)
                    return System.Text.Encoding.UTF8.GetString(ToArray());
            }
        }

        public Task Until(string ending) =>
            ServedProject.Until(
                () => Task.FromResult(Text.EndsWith(ending, StringComparison.Ordinal)),
                found: () => Text
            );

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (gate)
                Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Stuck : MemoryStream
    {
        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
