using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Headrace.Lake;
using Polly;
using Polly.Retry;

namespace Headrace.Aws;

/// <summary>The reading half: what sources ask.</summary>
public sealed partial class S3Store
{
    private static readonly TimeSpan LongestPart = TimeSpan.FromMinutes(1);

    // For answers that break off: what is refused was asked again already.
    private static readonly ResiliencePipeline Again = new ResiliencePipelineBuilder()
        .AddRetry(
            new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder()
                    .Handle<IOException>()
                    .Handle<HttpRequestException>()
                    .Handle<TimeoutException>(),
                MaxRetryAttempts = Retries,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            }
        )
        .Build();

    /// <inheritdoc/>
    public async Task LookAsync(CancellationToken cancel)
    {
        try
        {
            await AskAsync(client => client.ListObjectsV2Async(Listing("", settings.ExpectedBucketOwner, 1), cancel));
        }
        catch (Exception error) when (IsRefusal(error, cancel))
        {
            throw await NamedAsync(error, cancel);
        }
    }

    /// <summary>
    /// Sees that files whose keys begin so may be listed and read: the first byte of one; its key, or null when there
    /// is no file.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-110, HDR-112, HDR-113, HDR-130, HDR-133 to HDR-137.</exception>
    public async Task<string?> TryAsync(string start, CancellationToken cancel)
    {
        try
        {
            var listing = Listing(start, settings.ExpectedBucketOwner, 1);
            if ((await AskAsync(client => client.ListObjectsV2Async(listing, cancel))).S3Objects is not [var found, ..])
                return null;
            var file = FileOf(found);
            var first = new byte[file.Size > 0 ? 1 : 0];
            await NamedAsync(file.Key, () => ReadAsync(file, 0, first, cancel), cancel);
            return file.Key;
        }
        catch (Exception error) when (IsRefusal(error, cancel))
        {
            throw await NamedAsync(error, cancel);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LakeFile>> ListAsync(
        PathPattern pattern,
        Action<string, string> skipped,
        CancellationToken cancel
    )
    {
        var files = new List<LakeFile>();
        try
        {
            await foreach (var file in FilesAsync(pattern.Prefix, cancel))
                // What ends in / stands for a folder in consoles.
                if (!PathPattern.IsData(file.Key.AsSpan(pattern.Prefix.Length)))
                    continue;
                else if (!PlainKey.IsPlain(file.Key))
                    skipped(PlainKey.Of(file.Key), "its name has control characters");
                else if (pattern.TryMatch(file.Key, out var captures))
                    files.Add(file with { Captures = captures });
        }
        catch (Exception error) when (IsRefusal(error, cancel))
        {
            throw await NamedAsync(error, cancel);
        }

        return files;
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel)
    {
        var stream = new RangedStream(
            (from, part, stop) => NamedAsync(file.Key, () => ReadAsync(file, from, part, stop), stop),
            file.Size,
            PartBytes,
            cancel
        );
        try
        {
            await stream.BeginAsync(); // what cannot be read is told here, as it is by a folder
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<bool> HasAsync(string key, CancellationToken cancel) =>
        NamedAsync(key, async () => await FindAsync(key, cancel) is not null, cancel);

    /// <summary>
    /// Nothing to ask: each part was asked for by its ETag, so all of them are of the listed version.
    /// </summary>
    public Task ConfirmAsync(LakeFile file, CancellationToken cancel) => Task.CompletedTask;

    private Task<GetObjectMetadataResponse?> FindAsync(string key, CancellationToken cancel) =>
        AskAsync<GetObjectMetadataResponse?>(async client =>
        {
            try
            {
                return await client.GetObjectMetadataAsync(
                    new GetObjectMetadataRequest
                    {
                        BucketName = settings.Bucket,
                        Key = Whole(key),
                        ExpectedBucketOwner = settings.ExpectedBucketOwner,
                    },
                    cancel
                );
            }
            catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }
        });

    // Fills a buffer with the bytes from a place on, whole or not at all.
    private async Task<bool> ReadAsync(LakeFile file, long from, Memory<byte> part, CancellationToken cancel) =>
        await Again.ExecuteAsync(
            async cancel =>
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                timeout.CancelAfter(LongestPart);
                try
                {
                    using var answer = await AskAsync(client =>
                        client.GetObjectAsync(
                            new GetObjectRequest
                            {
                                BucketName = settings.Bucket,
                                Key = Whole(file.Key),
                                EtagToMatch = TagOf(file),
                                // An empty file has no range.
                                ByteRange = part.Length == 0 ? null : new ByteRange(from, from + part.Length - 1),
                                ExpectedBucketOwner = settings.ExpectedBucketOwner,
                            },
                            timeout.Token
                        )
                    );
                    if (answer.ContentLength != part.Length)
                        throw Error.FileChanging(Named(file.Key));
                    await answer.ResponseStream.ReadExactlyAsync(part, timeout.Token);
                    return true;
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    throw new TimeoutException($"no answer within {LongestPart.TotalSeconds:0} seconds");
                }
            },
            cancel
        );

    // The listing may be millions of keys long, so it is taken page by page.
    private async IAsyncEnumerable<LakeFile> FilesAsync(
        string prefix,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var request = Listing(prefix, settings.ExpectedBucketOwner, null);
        do
        {
            var page = await AskAsync(client => client.ListObjectsV2Async(request, cancel));
            foreach (var found in page.S3Objects ?? [])
                yield return FileOf(found);
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        } while (request.ContinuationToken is not null);
    }

    private LakeFile FileOf(S3Object found) =>
        new(
            WebUtility.UrlDecode(found.Key)[Prefix.Length..],
            found.Size ?? 0,
            new DateTimeOffset((found.LastModified ?? default).ToUniversalTime()),
            $"{found.ETag.Trim('"')}-{found.Size:x}",
            new Dictionary<string, string>()
        );

    // In an answer of XML a key with a control character would end the whole listing, so keys are asked for in the
    // form that URLs have.
    private ListObjectsV2Request Listing(string prefix, string? owner, int? most) =>
        new()
        {
            BucketName = settings.Bucket,
            Prefix = Whole(prefix),
            Encoding = EncodingType.Url,
            MaxKeys = most,
            ExpectedBucketOwner = owner,
        };

    private static string TagOf(LakeFile file) => $"\"{file.Stamp[..file.Stamp.LastIndexOf('-')]}\"";

    private async Task<T> NamedAsync<T>(string key, Func<Task<T>> step, CancellationToken cancel)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (IsRefusal(error, cancel) || error is TimeoutException)
        {
            throw Named(error, key);
        }
    }

    // S3 says of another owner no more than that access is denied.
    private async Task<HeadraceException> NamedAsync(Exception error, CancellationToken cancel)
    {
        if (
            error is not AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden, ErrorCode: "AccessDenied" }
            || settings.ExpectedBucketOwner is not { } owner
        )
            return Named(error, null);
        try
        {
            await AskAsync(client => client.ListObjectsV2Async(Listing("", null, 1), cancel));
            return Error.StoreOwner(Address, owner, error);
        }
        catch (Exception other) when (IsRefusal(other, cancel))
        {
            return Named(error, null);
        }
    }
}
