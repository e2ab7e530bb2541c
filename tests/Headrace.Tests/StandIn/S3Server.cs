using Amazon.S3;
using Xunit;

[assembly: AssemblyFixture(typeof(Headrace.Tests.StandIn.S3Server))]

namespace Headrace.Tests.StandIn;

/// <summary>The S3 of all tests, as moto plays it; started by the first one that asks, gone with the last one.</summary>
public sealed class S3Server : IAsyncDisposable
{
    private readonly Lazy<Task<MotoServer>> moto = new(MotoServer.StartAsync);
    private int buckets;

    public S3Server()
    {
        // The credentials of all who ask; moto takes any.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
    }

    /// <summary>A new, empty bucket.</summary>
    public async Task<TestBucket> BucketAsync()
    {
        var endpoint = (await moto.Value).Endpoint;
        var name = $"lake-{Interlocked.Increment(ref buckets)}";
        var client = new AmazonS3Client(
            "test",
            "test",
            new AmazonS3Config
            {
                ServiceURL = endpoint,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
            }
        );
        await client.PutBucketAsync(name);
        return new TestBucket(client, endpoint, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (moto.IsValueCreated)
            await (await moto.Value).DisposeAsync();
    }
}
