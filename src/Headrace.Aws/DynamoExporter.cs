using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Headrace.Configuration;
using Headrace.Sources;

namespace Headrace.Aws;

/// <summary>Has DynamoDB export a table to a bucket.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
/// </remarks>
public sealed class DynamoExporter(DynamoDb db, ExportSettings export, S3Connection to)
{
    private string? arn;

    private string Prefix
    {
        get
        {
            var prefix = to.Prefix is "" or [.., '/'] ? to.Prefix : $"{to.Prefix}/";
            return $"{prefix}{export.Path}".TrimEnd('/');
        }
    }

    /// <summary>
    /// What starting exports and looking after them takes; DynamoDB writes the files in the caller's name.
    /// </summary>
    public static IEnumerable<AwsRight> Rights(DynamoDbConnection dynamo, ExportSettings export, S3Connection to) =>
        [
            new(
                [
                    "dynamodb:DescribeTable",
                    "dynamodb:DescribeContinuousBackups",
                    "dynamodb:ExportTableToPointInTime",
                    "dynamodb:ListExports",
                ],
                [DynamoDb.Arn(dynamo, export.Table)]
            ),
            new(["dynamodb:DescribeExport"], [$"{DynamoDb.Arn(dynamo, export.Table)}/export/*"]),
            .. S3Store.Writes(to, export.Path),
        ];

    /// <summary>From when to when DynamoDB knows what happened in the table.</summary>
    /// <exception cref="HeadraceException">HDR-270, HDR-271, HDR-275.</exception>
    public async Task<(DateTimeOffset From, DateTimeOffset To)> KeptAsync(CancellationToken cancel)
    {
        try
        {
            using var table = await db.AskAsync("DescribeTable", Table, cancel);
            arn = table.RootElement.GetProperty("Table").GetProperty("TableArn").GetString();
            using var answer = await db.AskAsync("DescribeContinuousBackups", Table, cancel);
            var recovery = answer
                .RootElement.GetProperty("ContinuousBackupsDescription")
                .GetProperty("PointInTimeRecoveryDescription");
            return recovery.GetProperty("PointInTimeRecoveryStatus").GetString() == "ENABLED"
                ? (
                    Time(recovery, "EarliestRestorableDateTime") ?? DateTimeOffset.MaxValue,
                    Time(recovery, "LatestRestorableDateTime") ?? DateTimeOffset.MinValue
                )
                : throw Error.RecoveryOff(export.Table);
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    /// <summary>The exports of the table into the flow's folder, in no order.</summary>
    /// <param name="since">Those that were started before are left out; null for all of the last 90 days.</param>
    public async Task<IReadOnlyList<TableExport>> ListAsync(DateTimeOffset? since, CancellationToken cancel)
    {
        try
        {
            var found = new List<TableExport>();
            for (string? token = null; ; )
            {
                using var page = await db.AskAsync(
                    "ListExports",
                    json =>
                    {
                        json.WriteString("TableArn", arn);
                        json.WriteNumber("MaxResults", 25);
                        if (token is not null)
                            json.WriteString("NextToken", token);
                    },
                    cancel
                );
                foreach (var summary in page.RootElement.GetProperty("ExportSummaries").EnumerateArray())
                    if (
                        summary.GetProperty("ExportArn").GetString() is { } id
                        && !(StartedAt(id) < since)
                        && await LookAsync(id, cancel) is { } one
                    )
                        found.Add(one);
                token = Text(page.RootElement, "NextToken");
                if (token is null)
                    return found;
            }
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    /// <summary>How an export stands; null when it goes elsewhere.</summary>
    public async Task<TableExport?> LookAsync(string id, CancellationToken cancel)
    {
        try
        {
            using var answer = await db.AskAsync("DescribeExport", json => json.WriteString("ExportArn", id), cancel);
            return Of(answer);
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    /// <summary>Starts an export, or finds that it was started.</summary>
    /// <param name="known">How many exports there were before: DynamoDB answers to the same question with the same
    /// export, and after a failure another one is wanted.</param>
    public async Task<TableExport> StartAsync(ExportWindow window, int known, CancellationToken cancel)
    {
        try
        {
            using var answer = await db.AskAsync(
                "ExportTableToPointInTime",
                json =>
                {
                    json.WriteString("TableArn", arn);
                    json.WriteString("S3Bucket", to.Bucket);
                    json.WriteString("S3Prefix", Prefix);
                    if (to.ExpectedBucketOwner is { } owner)
                        json.WriteString("S3BucketOwner", owner);
                    if (to.KmsKey is { } key)
                    {
                        json.WriteString("S3SseAlgorithm", "KMS");
                        json.WriteString("S3SseKmsKeyId", key);
                    }

                    json.WriteString("ExportFormat", "DYNAMODB_JSON");
                    json.WriteString("ClientToken", Token(window, known));
                    if (window is not { From: { } from, To: { } end })
                        return;
                    json.WriteString("ExportType", "INCREMENTAL_EXPORT");
                    json.WriteStartObject("IncrementalExportSpecification");
                    json.WriteNumber("ExportFromTime", Seconds(from));
                    json.WriteNumber("ExportToTime", Seconds(end));
                    json.WriteString("ExportViewType", "NEW_IMAGE"); // old images are not looked at
                    json.WriteEndObject();
                },
                cancel
            );
            return Of(answer)
                ?? throw new AwsRefusal("", "an answer with an export of somebody else", isTransient: false);
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    private TableExport? Of(JsonDocument answer)
    {
        var one = answer.RootElement.GetProperty("ExportDescription");
        if (Text(one, "S3Bucket") != to.Bucket || (Text(one, "S3Prefix") ?? "").TrimEnd('/') != Prefix)
            return null;
        var isWindow = one.TryGetProperty("IncrementalExportSpecification", out var window);
        return new TableExport(
            Text(one, "ExportArn") ?? "",
            isWindow ? Time(window, "ExportFromTime") : null,
            (isWindow ? Time(window, "ExportToTime") : Time(one, "ExportTime") ?? Time(one, "StartTime"))
                ?? throw new AwsRefusal("", "an export without a time", isTransient: false),
            Text(one, "ExportStatus") switch
            {
                "COMPLETED" => TableExportState.Done,
                "FAILED" => TableExportState.Failed,
                _ => TableExportState.Running,
            },
            Text(one, "FailureCode") is { } code ? $"{code} {Text(one, "FailureMessage")}".Trim() : null
        );
    }

    private HeadraceException Named(AwsRefusal refusal) =>
        refusal.Code switch
        {
            "ResourceNotFoundException" or "TableNotFoundException" => Error.DynamoTableMissing(
                export.Table,
                db.Address
            ),
            "PointInTimeRecoveryUnavailableException" => Error.RecoveryOff(export.Table),
            _ => db.Named(refusal),
        };

    private void Table(Utf8JsonWriter json) => json.WriteString("TableName", export.Table);

    private string Token(ExportWindow window, int known)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{arn} {to.Bucket} {Prefix} {window.From:O} {window.To:O} {known}"
        );
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }

    // …/export/01695097218000-d6299cbd: milliseconds.
    private static DateTimeOffset? StartedAt(string id) =>
        long.TryParse(
            id[(id.LastIndexOf('/') + 1)..].Split('-')[0],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var milliseconds
        )
        && milliseconds < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Times are seconds since 1970, with fractions.
    private static DateTimeOffset? Time(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(value.GetDouble() * 1000))
            : null;

    private static decimal Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000m;
}
