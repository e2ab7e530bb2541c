using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Tests.StandIn;

/// <summary>A bucket of one test. Keys are below the prefix of its connection.</summary>
public sealed class TestBucket(AmazonS3Client client, string endpoint, string name)
{
    private const string Prefix = "in/";

    private readonly Dictionary<string, (DateTime, long)> mirrored = new(StringComparer.Ordinal);

    public string Endpoint => endpoint;

    public string Name => name;

    public string Yaml => YamlOf(endpoint);

    /// <summary>The connection by way of another endpoint.</summary>
    /// <param name="more">Keys that come after the others.</param>
    public string YamlOf(string url, string more = "") =>
        $"{{ type: s3, bucket: {name}, prefix: in, region: us-east-1, endpoint: \"{url}\", settle: 0s{more} }}";

    public S3Connection Connection(string? url = null) =>
        new()
        {
            Bucket = name,
            Prefix = "in",
            Region = "us-east-1",
            Endpoint = url ?? endpoint,
        };

    public S3Store Store(string? url = null) => new(Connection(url));

    public Task PutAsync(string key, string text) => PutAsync(key, Encoding.UTF8.GetBytes(text));

    public async Task PutAsync(string key, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        await client.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = name,
                Key = Prefix + key,
                InputStream = stream,
            }
        );
    }

    /// <summary>Tells a queue of each file that is put, as S3 does.</summary>
    public Task NotifyAsync(TestQueue queue) =>
        client.PutBucketNotificationAsync(
            new PutBucketNotificationRequest
            {
                BucketName = name,
                QueueConfigurations =
                [
                    new QueueConfiguration { Queue = queue.Arn, Events = [EventType.ObjectCreatedAll] },
                ],
            }
        );

    public Task RemoveAsync(string key) => client.DeleteObjectAsync(name, Prefix + key);

    /// <summary>All keys, in order.</summary>
    public async Task<string[]> KeysAsync() =>
        [
            .. ((await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = name })).S3Objects ?? [])
                .Select(file => file.Key[Prefix.Length..])
                .Order(StringComparer.Ordinal),
        ];

    public async Task<string> TextAsync(string key)
    {
        using var answer = await client.GetObjectAsync(name, Prefix + key);
        using var reader = new StreamReader(answer.ResponseStream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    /// <summary>
    /// Brings the files of a folder that are new or changed, in the order of their times, and removes what is gone
    /// from it.
    /// </summary>
    public async Task MirrorAsync(string folder)
    {
        var there = new DirectoryInfo(folder)
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.LastWriteTimeUtc)
            .ThenBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => (Key: Path.GetRelativePath(folder, file.FullName), File: file))
            .ToList();
        foreach (var gone in mirrored.Keys.Except(there.Select(one => one.Key)).ToList())
        {
            await RemoveAsync(gone);
            mirrored.Remove(gone);
        }

        foreach (var (key, file) in there)
        {
            var version = (file.LastWriteTimeUtc, file.Length);
            if (mirrored.TryGetValue(key, out var known) && known == version)
                continue;
            await PutAsync(key, await File.ReadAllBytesAsync(file.FullName));
            mirrored[key] = version;
        }
    }
}
