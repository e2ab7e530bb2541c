using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>
/// Writes exports of DynamoDB into a lake as AWS documents them, which no emulator does: a summary, a list of files,
/// data (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html). A fake.
/// </summary>
/// <param name="put">Puts a file under its key.</param>
/// <param name="prefix">What the keys begin with in the lake.</param>
/// <param name="bucketPrefix">What they began with in the bucket that AWS wrote to.</param>
public sealed class DynamoExportMaker(Action<string, byte[]> put, string prefix, string? bucketPrefix = null)
{
    private int made;

    /// <summary>A full export, of one file for each list of items.</summary>
    public string Full(string time, params IEnumerable<string>[] files) =>
        Write(
            $"AWSDynamoDB/{NewId()}/",
            files,
            isShared: false,
            new JsonObject { ["version"] = "2020-06-30", ["exportTime"] = time }
        );

    /// <summary>The changes of a window.</summary>
    public string Window(string from, string to, params IEnumerable<string>[] files) =>
        Write(
            $"AWSDynamoDB/{NewId()}/",
            files,
            isShared: true,
            new JsonObject
            {
                ["version"] = "2023-08-01",
                ["exportFromTime"] = from,
                ["exportToTime"] = to,
                ["exportType"] = "INCREMENTAL_EXPORT",
                ["outputView"] = "NEW_AND_OLD_IMAGES",
            }
        );

    /// <summary>An item of a full export.</summary>
    public static string Item(string item) => $$"""{"Item":{{item}}}""";

    /// <summary>A change; without a new image a delete.</summary>
    public static string Change(long micros, string keys, string? image) =>
        $$$"""{"Metadata":{"WriteTimestampMicros":{"N":"{{{micros}}}"}},"Keys":{{{keys}}}"""
        + (image is null ? "}" : $$""","NewImage":{{image}}}""");

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "AWS says MD5.")]
    private string Write(string folder, IEnumerable<string>[] files, bool isShared, JsonObject summary)
    {
        var (list, items) = (new StringBuilder(), 0);
        foreach (var lines in files)
        {
            var texts = lines.ToList();
            items += texts.Count;
            var name = $"{(isShared ? "AWSDynamoDB/" : folder)}data/{Guid.NewGuid():N}.json.gz";
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
                gzip.Write(Encoding.UTF8.GetBytes(string.Concat(texts.Select(text => text + "\n"))));
            put(prefix + name, packed.ToArray());
            list.Append(
                new JsonObject
                {
                    ["itemCount"] = texts.Count,
                    ["md5Checksum"] = Convert.ToBase64String(MD5.HashData(packed.ToArray())),
                    ["etag"] = "00000000000000000000000000000000-1",
                    ["dataFileS3Key"] = (bucketPrefix ?? prefix) + name,
                }.ToJsonString()
            );
            list.Append('\n');
        }

        put($"{prefix}{folder}_started", []);
        put($"{prefix}{folder}manifest-files.json", Encoding.UTF8.GetBytes(list.ToString()));
        summary["outputFormat"] = "DYNAMODB_JSON";
        summary["itemCount"] = items;
        summary["s3Bucket"] = "exports";
        summary["s3Prefix"] = (bucketPrefix ?? prefix).TrimEnd('/');
        summary["manifestFilesS3Key"] = $"{bucketPrefix ?? prefix}{folder}manifest-files.json";
        put($"{prefix}{folder}manifest-summary.json", Encoding.UTF8.GetBytes(summary.ToJsonString()));
        return $"{prefix}{folder}";
    }

    private string NewId() => $"{1_700_000_000_000 + made++:D14}-{Guid.NewGuid():N}"[..23];
}
