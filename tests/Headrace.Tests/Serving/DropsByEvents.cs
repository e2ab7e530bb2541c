using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>A drop folder in a bucket that events alone bring up to date: notifications as moto sends them.</summary>
public sealed class DropsByEvents(S3Server s3)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_loaded_once_and_in_order_whatever_order_their_events_have()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint);
        var queue = await TestQueue.MakeAsync(bucket.Endpoint, hidden: 5);
        await bucket.NotifyAsync(queue);
        await using var served = await ServedProject.Start(
            new World().Configuration(
                $$"""
                version: 1
                threads: 1
                connections:
                  lake: {{bucket.YamlOf(proxy.Endpoint, $", events: {{ queue: \"{queue.Url}\" }}")}}
                  warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
                flows:
                  inbox:
                    source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
                    read: drop
                    trigger: { on_files: true }
                    target: { connection: warehouse, schema: "{database}", table: "{table}" }
                """
            )
        );
        var world = served.World;
        var replaced = 0;
        proxy.Answer = async request =>
        {
            if (
                request.HttpMethod == "GET"
                && request.RawUrl!.Contains("/4.csv", StringComparison.Ordinal)
                && Interlocked.Increment(ref replaced) == 1
            )
                await bucket.PutAsync("inbox/shop/append/prices/4.csv", "id\n5\n");
            return null;
        };
        async Task Drop(string key, string text)
        {
            // S3 tells times by the second.
            await Task.Delay(1000, Cancel);
            await bucket.PutAsync($"inbox/shop/{key}", text);
        }

        await Drop(
            "schema/prices/1.json",
            """
            {"schema_version": 1, "columns": [{"name": "id", "type": "bigint", "nullable": false}],
            "allowed_operations": ["append", "truncate", "schema"]}
            """
        );
        await Drop("append/prices/1.csv", "id\n1\n");
        await Drop("append/prices/2.csv", "id\n2\n");
        await Drop("truncate/prices/1.csv", "id\n3\n");
        await Drop("append/prices/4.csv", "id\n4\n");
        // The same once more, the newest first.
        foreach (var key in (string[])["append/prices/4.csv", "truncate/prices/1.csv", "append/prices/1.csv"])
            await queue.SendAsync(
                TestQueue.Notification(bucket.Name, $"in/inbox/shop/{key}"),
                TestQueue.Notification(bucket.Name, $"in/inbox/shop/{key}")
            );
        await ServedProject.Until(async () =>
            await queue.CountAsync() == (0, 0)
            && File.Exists(world.Warehouse)
            && !served.Server.Hosts.IsOpen
            && served.Server.Jobs.All.All(job => job.EndedAt is not null)
        );

        Assert.Equal(["3", "5"], world.Query("SELECT id FROM shop.prices ORDER BY id"));
        Assert.Equal(
            ["append|1.csv", "append|2.csv", "append|4.csv", "schema|1.json", "truncate|1.csv"],
            world.Query(
                """
                SELECT action || '|' || split_part(key, '/', -1) FROM headrace.files
                WHERE outcome = 'loaded' ORDER BY 1
                """
            )
        );
    }
}
