using Headrace.Configuration;
using Headrace.Hosting;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Hosting;

/// <summary>A project as a function of AWS Lambda, whose runtime API is a fake.</summary>
public sealed class LambdaCalls : IAsyncLifetime
{
    private const string Orders = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          columns: { id: bigint }
          read: incremental
          write: append
          batch_bytes: 1
        """;

    private readonly World world = new();
    private readonly FakeLambda lambda = new();
    private readonly CancellationTokenSource ending = new();
    private Task function = Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        // The function signs its calls; the fake accepts any signature.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        return ValueTask.CompletedTask;
    }

    private void Begin(string flows = Orders, TimeProvider? clock = null)
    {
        world.Flows(flows);
        function = LambdaService.RunAsync(
            () => Task.FromResult(ProjectFile.Load(world.Folder, null, _ => null)),
            lambda.Variable,
            clock ?? TimeProvider.System,
            _ => { },
            ending.Token
        );
    }

    private static string Event(string key) => TestQueue.Notification("lake", key);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await lambda.DisposeAsync();
        try
        {
            await function;
        }
        catch (Exception error) when (error is OperationCanceledException or HeadraceException)
        {
            // It has ended, as it was told.
        }

        ending.Dispose();
        world.Dispose();
    }

    [Fact]
    public async Task Each_invocation_runs_what_its_event_asks_for()
    {
        Begin();
        world.Put("orders/1.csv", "id\n1\n");

        var (first, loaded) = await lambda.Call(Event("orders/1.csv"), Cancel);
        var (again, none) = await lambda.Call(Event("orders/1.csv"), Cancel);
        var (other, skipped) = await lambda.Call(TestQueue.Notification("elsewhere", "x"), Cancel);

        Assert.Equal(("response", "response", "response"), (first, again, other));
        Assert.Equal("loaded", loaded.GetProperty("runs")[0].GetProperty("outcome").GetString());
        Assert.Equal("up_to_date", none.GetProperty("runs")[0].GetProperty("outcome").GetString());
        Assert.Equal(0, skipped.GetProperty("runs").GetArrayLength());
        Assert.Contains("elsewhere", skipped.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(["1"], world.Query("SELECT id FROM raw.orders"));
        Assert.Empty(lambda.Invoked);
    }

    [Fact]
    public async Task What_the_time_does_not_allow_is_asked_for_again()
    {
        Begin(clock: new HastyClock());
        for (var i = 1; i <= 3; i++)
            world.Put($"orders/{i}.csv", $"id\n{i}\n");

        var (kind, answer) = await lambda.Call(Event("orders/1.csv"), Cancel);
        var calls = 1;
        for (; answer.TryGetProperty("remains", out var remains); calls++)
        {
            Assert.Equal("response", kind);
            Assert.Equal("orders", remains[0].GetString());
            (kind, answer) = await lambda.Answer(Cancel);
        }

        Assert.Equal(4, calls); // the last one finds that nothing is left
        Assert.All(lambda.Invoked, document => Assert.Equal("{\"headrace\": {\"run\": [\"orders\"]}}", document));
        Assert.Equal(["1", "2", "3"], world.Query("SELECT id FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task Work_that_is_left_and_cannot_be_asked_for_is_an_error()
    {
        lambda.RefusesInvoke = true;
        Begin(clock: new HastyClock());
        world.Put("orders/1.csv", "id\n1\n").Put("orders/2.csv", "id\n2\n");

        var (kind, body) = await lambda.Call(Event("orders/1.csv"), Cancel);

        Assert.Equal(("error", "HDR-254"), (kind, body.GetProperty("errorType").GetString()));
        Assert.Equal(["1"], world.Query("SELECT id FROM raw.orders"));
    }

    [Fact]
    public async Task An_invocation_without_time_rolls_back_and_says_so()
    {
        Begin();
        world.Put("orders/1.csv", "id\n1\n");
        lambda.Time = TimeSpan.FromSeconds(1);

        var (kind, body) = await lambda.Call(Event("orders/1.csv"), Cancel);

        Assert.Equal(("error", "HDR-256"), (kind, body.GetProperty("errorType").GetString()));
    }

    [Fact]
    public async Task What_cannot_be_read_or_done_is_an_error_and_comes_again()
    {
        Begin();
        world.Put("orders/1.csv", "id\n1\n");

        var (unread, document) = await lambda.Call("{\"x\": 1}", Cancel);
        world.Put("orders/2.csv", "other\n1\n");
        var (failed, why) = await lambda.Call(Event("orders/2.csv"), Cancel);

        Assert.Equal(("error", "HDR-253"), (unread, document.GetProperty("errorType").GetString()));
        Assert.Equal(("error", "HDR-255"), (failed, why.GetProperty("errorType").GetString()));
        Assert.Contains("orders HDR-", why.GetProperty("errorMessage").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_that_is_not_right_is_told_when_the_function_begins()
    {
        Begin("orders: { }");

        var (kind, body) = await lambda.Answer(Cancel);

        Assert.Equal("init", kind);
        Assert.StartsWith("HDR-5", body.GetProperty("errorType").GetString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<HeadraceException>(() => function);
    }

    [Fact]
    public async Task Outside_of_lambda_it_says_what_it_is_for()
    {
        var answer = await world.Flows(Orders).Run("lambda", "--json");

        Assert.Equal(2, answer.Exit);
        Assert.Contains("AWS_LAMBDA_RUNTIME_API", answer.Messages, StringComparison.Ordinal);
    }

    // Every look at it finds that an hour has gone.
    private sealed class HastyClock : TimeProvider
    {
        private long looks;

        public override long GetTimestamp() => Interlocked.Increment(ref looks) * TimestampFrequency * 3600;
    }
}
