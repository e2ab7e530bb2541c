using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>A bucket of S3. Credentials are found where AWS's tools look for them.</summary>
public sealed class S3Store : IObjectStore
{
    private const int MostInOneDelete = 1000;

    private readonly S3Connection settings;
    private readonly Lazy<AmazonS3Client> client;

    public S3Store(S3Connection settings)
    {
        this.settings = settings;
        client = new Lazy<AmazonS3Client>(() => new AmazonS3Client(Configuration(settings)));
    }

    public string Address => $"s3://{settings.Bucket}/{Prefix}";

    public string? Region => settings.Region;

    public string Url(string key) => $"s3://{settings.Bucket}/{Whole(key)}";

    public Task PutAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            // One request: S3 shows the file when all of it is there, and not before.
            await client.Value.PutObjectAsync(
                new PutObjectRequest
                {
                    BucketName = settings.Bucket,
                    Key = Whole(key),
                    FilePath = path,
                    ExpectedBucketOwner = settings.ExpectedBucketOwner,
                },
                cancel
            );
            return true;
        });

    public Task GetAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            using var found = await client.Value.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = settings.Bucket,
                    Key = Whole(key),
                    ExpectedBucketOwner = settings.ExpectedBucketOwner,
                },
                cancel
            );
            await using var file = new FileStream(
                path,
                FileMode.Create,
                FileAccess.Write,
                FileShare.None,
                1 << 16,
                useAsync: true
            );
            await found.ResponseStream.CopyToAsync(file, cancel);
            return true;
        });

    public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancel) =>
        NameAsync<IReadOnlyList<string>>(async () =>
        {
            var (keys, request) = (
                new List<string>(),
                new ListObjectsV2Request
                {
                    BucketName = settings.Bucket,
                    Prefix = Whole(prefix),
                    ExpectedBucketOwner = settings.ExpectedBucketOwner,
                }
            );
            do
            {
                var page = await client.Value.ListObjectsV2Async(request, cancel);
                keys.AddRange((page.S3Objects ?? []).Select(found => found.Key[Prefix.Length..]));
                request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
            } while (request.ContinuationToken is not null);
            return keys;
        });

    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            foreach (var some in keys.Chunk(MostInOneDelete))
                await client.Value.DeleteObjectsAsync(
                    new DeleteObjectsRequest
                    {
                        BucketName = settings.Bucket,
                        Objects = [.. some.Select(key => new KeyVersion { Key = Whole(key) })],
                        ExpectedBucketOwner = settings.ExpectedBucketOwner,
                    },
                    cancel
                );
            return true;
        });

    public void Dispose()
    {
        if (client.IsValueCreated)
            client.Value.Dispose();
    }

    // Path style where an endpoint is given: what is not AWS often has no name for each bucket.
    private static AmazonS3Config Configuration(S3Connection settings)
    {
        var configuration = new AmazonS3Config { MaxErrorRetry = 4 };
        if (settings.Endpoint is { } endpoint)
            (configuration.ServiceURL, configuration.ForcePathStyle, configuration.AuthenticationRegion) = (
                endpoint,
                true,
                settings.Region ?? "us-east-1"
            );
        else if (settings.Region is { } region)
            configuration.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        return configuration;
    }

    private string Prefix => settings.Prefix is "" or [.., '/'] ? settings.Prefix : $"{settings.Prefix}/";

    private string Whole(string key) => Prefix + key;

    private async Task<T> NameAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (AmazonS3Exception error)
        {
            throw Error.StagingFailed(
                Address,
                $"{error.ErrorCode} {error.Message}",
                error,
                (int)error.StatusCode is 0 or 429 or >= 500
            );
        }
        catch (Exception error) when (error is AmazonServiceException or HttpRequestException)
        {
            throw Error.StagingFailed(Address, error.Message, error, transient: true);
        }
        catch (Exception error) when (error is AmazonClientException or IOException or UnauthorizedAccessException)
        {
            throw Error.StagingFailed(Address, error.Message, error, transient: false);
        }
    }
}
