using System.Globalization;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>
/// A stand-in for DynamoDB's exports, which moto does not make as AWS does: ExportTableToPointInTime, ListExports and
/// DescribeExport are its own, and files are written by <see cref="DynamoExportMaker"/>. All else is moto's.
/// </summary>
public sealed class DynamoServer : IAsyncDisposable
{
    private readonly MotoServer moto;
    private readonly FakeHttp http;
    private readonly List<JsonObject> exports = [];
    private readonly Dictionary<string, JsonObject> tokens = new(StringComparer.Ordinal);
    private long started;

    public DynamoServer(MotoServer moto, TestBucket bucket, string prefix)
    {
        this.moto = moto;
        http = new FakeHttp(AnswerAsync);
        Maker = new DynamoExportMaker(
            (key, bytes) => bucket.PutAsync(key, bytes).GetAwaiter().GetResult(),
            prefix,
            $"in/{prefix}"
        );
        // Exports are looked for by when they were started.
        started = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    }

    public string Endpoint => http.Endpoint;

    public DynamoExportMaker Maker { get; }

    /// <summary>From when to when changes are kept.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Kept { get; set; } =
        (DateTimeOffset.UtcNow.AddDays(-35), DateTimeOffset.UtcNow);

    /// <summary>Writes the files of an export: with no window of the whole table at a time.</summary>
    public Action<DynamoExportMaker, string?, string> Write { get; set; } = (_, _, _) => { };

    /// <summary>How many questions the server answers with IN_PROGRESS before an export ends; negative: it never ends.</summary>
    public int Looks { get; set; }

    /// <summary>A code and a message of a failure; null when exports end well.</summary>
    public (string Code, string Message)? Failure { get; set; }

    /// <summary>An answer in the service's stead; null for its own.</summary>
    public Func<string, (int Status, string Body)?> Instead { get; set; } = _ => null;

    /// <summary>The windows of all exports that were started, in order; full ones are "full".</summary>
    public List<string> Started { get; } = [];

    /// <summary>The questions that started exports.</summary>
    public List<JsonObject> Asked { get; } = [];

    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Makes a table of moto's.</summary>
    public async Task MakeTable(string name, bool isKept = true)
    {
        await moto.AskAsync(
            "dynamodb",
            "DynamoDB_20120810.CreateTable",
            new JsonObject
            {
                ["TableName"] = name,
                ["BillingMode"] = "PAY_PER_REQUEST",
                ["AttributeDefinitions"] = new JsonArray(
                    new JsonObject { ["AttributeName"] = "id", ["AttributeType"] = "S" }
                ),
                ["KeySchema"] = new JsonArray(new JsonObject { ["AttributeName"] = "id", ["KeyType"] = "HASH" }),
            },
            "1.0"
        );
        if (isKept)
            await moto.AskAsync(
                "dynamodb",
                "DynamoDB_20120810.UpdateContinuousBackups",
                new JsonObject
                {
                    ["TableName"] = name,
                    ["PointInTimeRecoverySpecification"] = new JsonObject { ["PointInTimeRecoveryEnabled"] = true },
                },
                "1.0"
            );
    }

    public ValueTask DisposeAsync() => http.DisposeAsync();

    private async Task<(int Status, string Body)> AnswerAsync(AskedRequest request)
    {
        var operation = request.Headers["x-amz-target"].Split('.')[1];
        if (Instead(operation) is { } instead)
            return instead;
        var body = JsonNode.Parse(request.Body)!.AsObject();
        switch (operation)
        {
            case "ExportTableToPointInTime":
                return (200, Described(Start(body)));
            case "ListExports":
                // One a page, so that pages are followed.
                var at = int.Parse($"{body["NextToken"] ?? "0"}", CultureInfo.InvariantCulture);
                var page = new JsonObject
                {
                    ["ExportSummaries"] = new JsonArray([
                        .. exports.Skip(at).Take(1).Select(one => (JsonNode)Copy(one, "ExportArn", "ExportStatus")),
                    ]),
                };
                if (at + 1 < exports.Count)
                    page["NextToken"] = $"{at + 1}";
                return (200, page.ToJsonString());
            case "DescribeExport":
                var known = exports.Single(one => $"{one["ExportArn"]}" == $"{body["ExportArn"]}");
                Look(known);
                return (200, Described(known));
            default:
                var answer = await moto.ForwardAsync(request.Headers, request.Body);
                if (operation == "DescribeContinuousBackups" && answer.Status == 200)
                {
                    var json = JsonNode.Parse(answer.Body)!;
                    var recovery = json["ContinuousBackupsDescription"]!["PointInTimeRecoveryDescription"]!;
                    recovery["EarliestRestorableDateTime"] = Kept.From.ToUnixTimeMilliseconds() / 1000.0;
                    recovery["LatestRestorableDateTime"] = Kept.To.ToUnixTimeMilliseconds() / 1000.0;
                    answer.Body = json.ToJsonString();
                }

                return answer;
        }
    }

    private static JsonObject Copy(JsonObject one, params string[] names) =>
        new(names.Select(name => KeyValuePair.Create(name, one[name]?.DeepClone())));

    private static string Described(JsonObject export) =>
        new JsonObject { ["ExportDescription"] = export.DeepClone() }.ToJsonString();

    // The same question is answered with the same export.
    private JsonObject Start(JsonObject asked)
    {
        if (tokens.TryGetValue($"{asked["ClientToken"]}", out var known))
            return known;
        Asked.Add((JsonObject)asked.DeepClone());
        var export = (JsonObject)asked.DeepClone();
        export["ExportArn"] = $"{asked["TableArn"]}/export/{started++:D14}-{Guid.NewGuid().ToString("N")[..8]}";
        export["ExportStatus"] = "IN_PROGRESS";
        export["looks"] = Looks;
        var window = asked["IncrementalExportSpecification"];
        if (window is null)
            export["ExportTime"] = Kept.To.ToUnixTimeMilliseconds() / 1000.0;
        Started.Add(window is null ? "full" : $"{TextOf(window["ExportFromTime"])} {TextOf(window["ExportToTime"])}");
        exports.Add(export);
        return tokens[$"{asked["ClientToken"]}"] = export;
    }

    private void Look(JsonObject export)
    {
        if ($"{export["ExportStatus"]}" != "IN_PROGRESS" || (int)export["looks"]! < 0)
            return;
        export["looks"] = (int)export["looks"]! - 1;
        if ((int)export["looks"]! >= 0)
            return;
        if (Failure is var (code, message))
        {
            (export["ExportStatus"], export["FailureCode"], export["FailureMessage"]) = ("FAILED", code, message);
            return;
        }

        var window = export["IncrementalExportSpecification"];
        Write(
            Maker,
            window is null ? null : TextOf(window["ExportFromTime"]),
            TextOf(window is null ? export["ExportTime"] : window["ExportToTime"])
        );
        export["ExportStatus"] = "COMPLETED";
    }

    private static string TextOf(JsonNode? seconds) =>
        Text(DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round((double)seconds! * 1000)));
}
