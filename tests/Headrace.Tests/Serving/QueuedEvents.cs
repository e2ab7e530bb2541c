using Headrace.Configuration;
using Headrace.Hosting;
using Headrace.Server;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Flows that start from a queue which gets the events of their bucket.</summary>
public sealed class QueuedEvents(S3Server s3)
{
    private const string Prices = """
        prices:
          source: { connection: lake, path: "prices/*.csv" }
          columns: { id: bigint, price: "decimal(12,2)" }
          read: incremental
          write: append
          retries: 0
          trigger: { on_files: true }
        """;

    private readonly List<string> said = [];

    private static World Project(string bucket, string flows = Prices) =>
        new World().Configuration(
            $$"""
            version: 1
            threads: 1
            connections:
              lake: {{bucket}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              {{flows.Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );

    private async Task<ServedProject> Serve(World world)
    {
        var served = await ServedProject.Start(
            world,
            say: line =>
            {
                lock (said)
                    said.Add(line);
            }
        );
        // The first look at the bucket, which finds what was there before.
        await ServedProject.Until(() =>
            Task.FromResult(served.Server.Jobs.All.Any(job => job is { EndedAt: not null } && Cause(job) == "files"))
        );
        return served;
    }

    private static string Cause(Job job) => job.View().Cause;

    private static int EventJobs(ServedProject served) => served.Server.Jobs.All.Count(job => Cause(job) == "event");

    private int Said(string text)
    {
        lock (said)
            return said.Count(line => line.Contains(text, StringComparison.Ordinal));
    }

    private static async Task<string[]> Ids(ServedProject served)
    {
        await ServedProject.Until(() => Task.FromResult(!served.Server.Hosts.IsOpen));
        return served.World.Query("SELECT id FROM raw.prices ORDER BY id");
    }

    private static Task Empty(TestQueue queue) => ServedProject.Until(async () => await queue.CountAsync() == (0, 0));

    private static string Events(TestQueue queue, string more = "") => $", events: {{ queue: \"{queue.Url}\"{more} }}";

    [Fact]
    public async Task Messages_start_a_flow_and_are_removed_once_their_files_are_loaded()
    {
        var bucket = await s3.BucketAsync();
        var queue = await TestQueue.MakeAsync(bucket.Endpoint);
        await using var served = await Serve(Project(bucket.YamlOf(bucket.Endpoint, Events(queue))));

        await bucket.PutAsync("prices/2.csv", "id,price\n2,1\n");
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        var (one, two) = (
            TestQueue.Notification(bucket.Name, "in/prices/1.csv"),
            TestQueue.Notification(bucket.Name, "in/prices/2.csv")
        );
        await queue.SendAsync(two, one, two, TestQueue.Notification(bucket.Name, "in/prices/gone.csv"), one);
        await Empty(queue);

        Assert.Equal(["1", "2"], await Ids(served));
        Assert.InRange(EventJobs(served), 1, 5);
    }

    [Fact]
    public async Task A_message_whose_run_failed_comes_again()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint);
        var queue = await TestQueue.MakeAsync(bucket.Endpoint, hidden: 2);
        await using var served = await Serve(Project(bucket.YamlOf(proxy.Endpoint, Events(queue))));
        proxy.Answer = request =>
            Task.FromResult(
                request.RawUrl!.Contains("1.csv", StringComparison.Ordinal)
                    ? new S3Answer(403, "AccessDenied", "Access Denied")
                    : null
            );

        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        await queue.SendAsync(TestQueue.Notification(bucket.Name, "in/prices/1.csv"));
        await ServedProject.Until(() => Task.FromResult(EventJobs(served) >= 2));
        var (waiting, hidden) = await queue.CountAsync();
        proxy.Answer = _ => Task.FromResult<S3Answer?>(null);
        await Empty(queue);

        Assert.Equal(1, waiting + hidden);
        Assert.Equal(["1"], await Ids(served));
    }

    [Fact]
    public async Task A_message_is_hidden_so_long_as_its_run_goes_on()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint);
        var queue = await TestQueue.MakeAsync(bucket.Endpoint, hidden: 2);
        await using var served = await Serve(Project(bucket.YamlOf(proxy.Endpoint, Events(queue))));
        proxy.Answer = async request =>
        {
            if (request.RawUrl!.Contains("1.csv", StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
            return null;
        };

        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        await queue.SendAsync(TestQueue.Notification(bucket.Name, "in/prices/1.csv"));
        await ServedProject.Until(() => Task.FromResult(EventJobs(served) == 1));
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        Assert.Equal((0, 1), await queue.CountAsync());
        await Empty(queue);

        Assert.Equal(1, EventJobs(served));
        Assert.Equal(["1"], await Ids(served));
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_told_and_goes_to_a_folder_after_tries()
    {
        var bucket = await s3.BucketAsync();
        var queue = await TestQueue.MakeAsync(bucket.Endpoint, hidden: 1);
        await using var served = await Serve(
            Project(bucket.YamlOf(bucket.Endpoint, Events(queue, ", dead_letters: ./unread")))
        );

        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        await queue.SendAsync("hello", TestQueue.Notification(bucket.Name, "in/prices/1.csv"));
        await Empty(queue);

        var file = Assert.Single(Directory.GetFiles(Path.Combine(served.World.Folder, "unread")));
        Assert.Equal("hello", File.ReadAllText(file));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(1, Said("HDR-251"));
        Assert.Equal(1, Said($"lies in {file}"));
        Assert.Equal(["1"], await Ids(served));
    }

    [Fact]
    public async Task Without_a_folder_what_cannot_be_read_is_left_to_the_queue()
    {
        var bucket = await s3.BucketAsync();
        var dead = await TestQueue.MakeAsync(bucket.Endpoint);
        var queue = await TestQueue.MakeAsync(bucket.Endpoint, hidden: 1, deadLetters: dead);
        await using var served = await Serve(Project(bucket.YamlOf(bucket.Endpoint, Events(queue))));

        await queue.SendAsync("{}");
        await ServedProject.Until(async () => await dead.CountAsync() == (1, 0));

        Assert.Equal(1, Said("HDR-251"));
        Assert.Equal((0, 0), await queue.CountAsync());
    }

    [Fact]
    public async Task Events_of_other_buckets_and_test_events_start_nothing_and_are_told_once()
    {
        var bucket = await s3.BucketAsync();
        var queue = await TestQueue.MakeAsync(bucket.Endpoint);
        await using var served = await Serve(Project(bucket.YamlOf(bucket.Endpoint, Events(queue))));

        var other = TestQueue.Notification("elsewhere", "in/prices/1.csv");
        await queue.SendAsync(other, """{"Service": "Amazon S3", "Event": "s3:TestEvent"}""", other);
        await Empty(queue);

        Assert.Equal(0, EventJobs(served));
        Assert.Equal(1, Said("the bucket 'elsewhere', which is no connection"));
        Assert.Equal(1, Said("a test event of S3"));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_told_and_listing_finds_the_files()
    {
        var bucket = await s3.BucketAsync();
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        await using var served = await Serve(
            Project(bucket.YamlOf(bucket.Endpoint, $", events: {{ queue: \"{bucket.Endpoint}/123456789012/none\" }}"))
        );

        await ServedProject.Until(() => Task.FromResult(Said("HDR-250") > 0));

        Assert.Equal(["1"], await Ids(served));
    }

    [Fact]
    public async Task Two_connections_to_one_queue_are_one_listener_and_a_queue_is_an_address()
    {
        var bucket = await s3.BucketAsync();
        var queue = await TestQueue.MakeAsync(bucket.Endpoint);
        using var wrong = Project(bucket.YamlOf(bucket.Endpoint, ", events: { queue: prices-queue }"));
        var answer = await wrong.Run("plan", "--json");
        Assert.Equal(2, answer.Exit);
        Assert.Contains("no URL of a queue", answer.Output, StringComparison.Ordinal);

        using var two = Project(
            $"{bucket.YamlOf(bucket.Endpoint, Events(queue))}\n  more: {bucket.YamlOf(bucket.Endpoint, Events(queue))}",
            Prices
                + "\n"
                + Prices
                    .Replace("prices:", "others:", StringComparison.Ordinal)
                    .Replace("connection: lake", "connection: more", StringComparison.Ordinal)
        );
        var loaded = ProjectFile.Load(two.Folder, null, _ => null);
        Assert.Single(QueueListener.Of(loaded.Project!, _ => null!, _ => { }, TimeProvider.System));
    }
}
