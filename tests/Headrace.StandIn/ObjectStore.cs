using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Headrace.StandIn;

/// <summary>The objects that COPY reads and UNLOAD writes: S3, and files below one folder.</summary>
public sealed class ObjectStore : IDisposable
{
    private readonly IAmazonS3? s3;
    private readonly string? root;

    public ObjectStore(StandInSettings settings)
    {
        root = settings.FolderRoot is null
            ? null
            : Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.FolderRoot)) + Path.DirectorySeparatorChar;
        if (settings.S3Endpoint is not null)
            s3 = new AmazonS3Client(
                new BasicAWSCredentials(settings.AccessKey, settings.SecretKey),
                new AmazonS3Config
                {
                    ServiceURL = settings.S3Endpoint,
                    AuthenticationRegion = settings.Region,
                    ForcePathStyle = true,
                    RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                    ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
                }
            );
    }

    /// <summary>The URLs that begin with <paramref name="prefix"/>, in order.</summary>
    public async Task<List<string>> ListAsync(string prefix)
    {
        if (File(prefix) is { } path)
        {
            var folder = Path.GetDirectoryName(path)!;
            return !Directory.Exists(folder)
                ? []
                :
                [
                    .. Directory
                        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                        .Where(file => file.StartsWith(path, StringComparison.Ordinal))
                        .Order(StringComparer.Ordinal)
                        .Select(file => $"file://{file}"),
                ];
        }

        var (bucket, key) = Split(prefix);
        var urls = new List<string>();
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = key };
        ListObjectsV2Response page;
        do
        {
            page = await Named(prefix, S3.ListObjectsV2Async(request));
            urls.AddRange((page.S3Objects ?? []).Select(found => $"s3://{bucket}/{found.Key}"));
            request.ContinuationToken = page.NextContinuationToken;
        } while (page.IsTruncated == true);
        return urls;
    }

    /// <summary>An object to read and its size in bytes; null when there is none.</summary>
    public async Task<(Stream Content, long Size)?> OpenAsync(string url)
    {
        if (File(url) is { } path)
            return System.IO.File.Exists(path) ? (System.IO.File.OpenRead(path), new FileInfo(path).Length) : null;
        var (bucket, key) = Split(url);
        try
        {
            var found = await S3.GetObjectAsync(bucket, key);
            return (found.ResponseStream, found.ContentLength);
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public async Task PutAsync(string url, byte[] content)
    {
        if (File(url) is { } path)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await System.IO.File.WriteAllBytesAsync(path, content);
            return;
        }

        var (bucket, key) = Split(url);
        using var stream = new MemoryStream(content);
        await Named(
            url,
            S3.PutObjectAsync(
                new PutObjectRequest
                {
                    BucketName = bucket,
                    Key = key,
                    InputStream = stream,
                    UseChunkEncoding = false,
                }
            )
        );
    }

    public async Task DeleteAsync(string url)
    {
        if (File(url) is { } path)
        {
            System.IO.File.Delete(path);
            return;
        }

        var (bucket, key) = Split(url);
        await Named(url, S3.DeleteObjectAsync(bucket, key));
    }

    public void Dispose() => s3?.Dispose();

    private IAmazonS3 S3 => s3 ?? throw new Refusal("XX000", "stand-in: no S3 endpoint was given at start");

    // file:///… is the stand-in's own; the path must stay below the folder given at start.
    private string? File(string url)
    {
        if (!url.StartsWith("file://", StringComparison.Ordinal))
            return null;
        var path = url["file://".Length..];
        return root is not null && Path.GetFullPath(path) == path && path.StartsWith(root, StringComparison.Ordinal)
            ? path
            : throw new Refusal("XX000", $"stand-in: '{url}' is not below the folder given at start");
    }

    private static (string Bucket, string Key) Split(string url)
    {
        if (!url.StartsWith("s3://", StringComparison.Ordinal) || url.IndexOf('/', 5) is not (> 5 and var slash))
            throw new Refusal("XX000", $"The specified S3 prefix '{url}' is not valid");
        return (url[5..slash], url[(slash + 1)..]);
    }

    private static async Task<T> Named<T>(string url, Task<T> call)
    {
        try
        {
            return await call;
        }
        catch (AmazonServiceException failed)
        {
            throw new Refusal(
                "XX000",
                $"S3ServiceException:{failed.Message},Status {(int)failed.StatusCode},Error {failed.ErrorCode}",
                $"{url}"
            );
        }
    }
}
