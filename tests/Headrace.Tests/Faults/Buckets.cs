using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>What goes wrong between a run and its bucket.</summary>
public sealed class Buckets(S3Server s3) : ProjectTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<(TestBucket, FaultyS3)> Start(string flow)
    {
        var bucket = await s3.BucketAsync();
        var proxy = new FaultyS3(bucket.Endpoint);
        World.Configuration(
            $$"""
            version: 1
            threads: 1
            connections:
              lake: {{bucket.YamlOf(proxy.Endpoint)}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
              retry_delay: 10ms
            flows:
              {{flow.Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );
        return (bucket, proxy);
    }

    private static bool Gets(System.Net.HttpListenerRequest request, string key) =>
        request.HttpMethod == "GET" && request.RawUrl!.Contains(key, StringComparison.Ordinal);

    private string[] Ids() => World.Query("SELECT id FROM raw.prices ORDER BY id");

    [Fact]
    public async Task F61_a_storm_of_slow_down_ends_in_success()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        for (var i = 0; i < 8; i++)
            await bucket.PutAsync($"prices/{i}.csv", $"id,price\n{i},1\n");
        var asked = 0;
        proxy.Answer = _ =>
            Task.FromResult(
                Interlocked.Increment(ref asked) % 3 == 0
                    ? new S3Answer(asked % 2 == 0 ? 503 : 429, "SlowDown", "Please reduce your request rate.")
                    : null
            );
        Assert.Equal("8i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(8, Ids().Length);
    }

    [Fact]
    public async Task F61_a_bucket_that_only_says_slow_down_is_given_up_and_gone_on_with_later()
    {
        var (bucket, proxy) = await Start(Prices.Replace("write:", "retries: 0\n  write:", StringComparison.Ordinal));
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        proxy.Answer = request =>
            Task.FromResult(Gets(request, "1.csv") ? new S3Answer(503, "SlowDown", "Please reduce") : null);
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal(("failed", "HDR-135"), (run.Outcome, run.Error));
        Assert.Equal(["0"], World.Query("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'prices'"));
        proxy.Answer = _ => Task.FromResult<S3Answer?>(null);
        await World.Load();
        Assert.Equal(["1"], Ids());
    }

    [Fact]
    public async Task F64_expired_credentials_stop_the_run_and_are_looked_for_once_more()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        var expired = 0;
        proxy.Answer = request =>
            Task.FromResult(
                Gets(request, "1.csv") && Interlocked.Increment(ref expired) == 1
                    ? new S3Answer(400, "ExpiredToken", "The provided token has expired.")
                    : null
            );
        await World.Load();
        Assert.Equal(["1"], Ids());

        await bucket.PutAsync("prices/2.csv", "id,price\n2,1\n");
        proxy.Answer = request =>
            Task.FromResult(
                Gets(request, "2.csv") ? new S3Answer(400, "ExpiredToken", "The provided token has expired.") : null
            );
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal(("failed", "HDR-134"), (run.Outcome, run.Error));
        Assert.Equal(["1"], Ids());
        Assert.Equal(["prices/1.csv"], World.Query("SELECT key FROM headrace.files"));
    }

    [Fact]
    public async Task F35_one_file_that_may_not_be_read_holds_up_no_other_one()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        await bucket.PutAsync("prices/2.csv", "id,price\n2,1\n");
        proxy.Answer = request =>
            Task.FromResult(Gets(request, "1.csv") ? new S3Answer(403, "AccessDenied", "Access Denied") : null);
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal("HDR-113", run.Error);
        Assert.Equal(["2"], Ids());
    }

    [Fact]
    public async Task F17_a_file_replaced_between_list_and_get_waits_for_the_next_run()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        var replaced = 0;
        proxy.Answer = async request =>
        {
            if (Gets(request, "1.csv") && Interlocked.Increment(ref replaced) == 1)
                await bucket.PutAsync("prices/1.csv", "id,price\n2,2\n");
            return null;
        };
        Assert.Contains("changed while it was read", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        await World.Load();
        Assert.Equal(["2"], Ids());
    }

    [Fact]
    public async Task F21_a_file_deleted_between_list_and_get_is_said_and_a_loaded_one_is_not_missed()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        proxy.Answer = async request =>
        {
            if (Gets(request, "1.csv"))
                await bucket.RemoveAsync("prices/1.csv");
            return null;
        };
        Assert.Equal("HDR-112", (await World.Run("run", "--json")).Only.Error);
        proxy.Answer = _ => Task.FromResult<S3Answer?>(null);
        await bucket.PutAsync("prices/2.csv", "id,price\n2,1\n");
        await World.Load();
        await bucket.RemoveAsync("prices/2.csv");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.Equal(["2"], Ids());
    }

    [Fact]
    public async Task A_replaced_file_is_not_deleted_after_its_load()
    {
        var (bucket, proxy) = await Start(
            Prices.Replace("write:", "after_load: delete\n  write:", StringComparison.Ordinal)
        );
        await using var _ = proxy;
        await bucket.PutAsync("prices/1.csv", "id,price\n1,1\n");
        proxy.Answer = async request =>
        {
            if (request.HttpMethod == "DELETE")
                await bucket.PutAsync("prices/1.csv", "id,price\n2,2\n");
            return null;
        };
        await World.Load();
        Assert.Equal("id,price\n2,2\n", await bucket.TextAsync("prices/1.csv"));
        Assert.Equal(["1"], Ids());
    }

    [Fact]
    public async Task A_drop_folder_in_a_bucket_appends_truncates_and_follows_its_schema()
    {
        var (bucket, proxy) = await Start(Inbox);
        await using var _ = proxy;
        async Task Drop(string key, string text)
        {
            // S3 tells times by the second.
            await Task.Delay(1000, Cancel);
            await bucket.PutAsync($"inbox/shop/{key}", text);
        }

        const string Id = """{"name": "id", "type": "bigint", "nullable": false}""";
        await Drop("schema/prices/1.json", Schema(Id));
        await Drop("append/prices/1.csv", "id\n1\n");
        await Drop("append/prices/2.csv", "id\n2\n");
        await World.Load();
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM shop.prices ORDER BY id"));
        await Drop("truncate/prices/1.csv", "id\n3\n");
        await Drop("schema/prices/2.json", Schema(Id, "2", "\"schema\""));
        await Drop("append/prices/3.csv", "id\n4\n");
        Assert.Equal("HDR-143", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["3"], World.Query("SELECT id FROM shop.prices"));
        Assert.Equal(
            ["append|loaded", "append|loaded", "append|refused", "schema|loaded", "schema|loaded", "truncate|loaded"],
            World.Query("SELECT action, outcome FROM headrace.files ORDER BY 1, 2")
        );
    }

    [Fact]
    public async Task Doctor_and_plan_say_what_is_wrong_with_a_bucket()
    {
        var (bucket, proxy) = await Start(Prices);
        await using var _ = proxy;
        var doctor = await World.Run("doctor");
        Assert.Contains($"s3://{bucket.Name}/in/, readable", doctor.Output, StringComparison.Ordinal);
        proxy.Answer = _ => Task.FromResult<S3Answer?>(new S3Answer(404, "NoSuchBucket", "gone"));
        Assert.Contains("HDR-110", (await World.Run("doctor")).Output, StringComparison.Ordinal);
        Assert.Equal("HDR-110", (await World.Run("plan", "--json")).Only.Error);
        Assert.False(Cancel.IsCancellationRequested);
    }
}
