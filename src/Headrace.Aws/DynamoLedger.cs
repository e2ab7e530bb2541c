using System.Globalization;
using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// The ledger of several machines in a table of DynamoDB, whose items have a kind (<c>pk</c>) and a name
/// (<c>sk</c>): <c>run</c> by time, <c>latest</c> run of each dataset and of each outcome of it, <c>lease</c>,
/// <c>mark</c>, and <c>meta</c>. What may change at two places at once is changed by a condition.
/// </summary>
/// <param name="lease">How long a dataset stays with a machine that says nothing any more.</param>
public sealed class DynamoLedger(DynamoDb db, string table, TimeSpan lease, TimeProvider clock) : ILedger
{
    // An item may have 400 KB.
    private const int LongestDetail = 350_000;

    private readonly LedgerTable items = new(db, table, clock);

    /// <summary>What keeping it takes; the table is made when it is missing.</summary>
    public static IEnumerable<AwsRight> Rights(DynamoDbConnection dynamo, string table) =>
        [
            new(
                [
                    "dynamodb:DescribeTable",
                    "dynamodb:CreateTable",
                    "dynamodb:GetItem",
                    "dynamodb:Query",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                ],
                [DynamoDb.Arn(dynamo, table)]
            ),
        ];

    public async Task<IHold?> HoldAsync(Dataset dataset, Run? run, CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        return await DynamoLease.TakeAsync(items, dataset, lease, clock, run, cancel);
    }

    public async Task<IReadOnlyList<Run>> UnderWayAsync(CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        var runs = new List<Run>();
        await foreach (var (name, _) in items.ListAsync(json => Kind(json, "lease", ""), DynamoLease.Begun, cancel))
        {
            var (held, at) = await items.GetAsync("lease", name, cancel);
            if (held.TryGetValue(DynamoLease.Begun, out var begun))
                runs.Add(DynamoLease.IsHeld(held, at) ? RunOf(begun) : RunOf(begun).Ended());
        }

        return [.. runs.OrderByDescending(run => run.StartedAt)];
    }

    public async Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel)
    {
        if (runs.Count == 0)
            return;
        await items.EnsureAsync(cancel);
        foreach (var run in runs)
        {
            await PutAsync("run", NameOf(run.StartedAt, run.Id), run, null, cancel);
            // Of two machines the newer run stays.
            foreach (var latest in (string[])["latest", Latest(run.Outcome)])
                await PutAsync(
                    latest,
                    run.Dataset,
                    run,
                    "attribute_not_exists(started) OR started <= :started",
                    cancel
                );
        }
    }

    public async Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        var runs = new List<Run>();
        await foreach (
            var detail in items.ListAsync(
                json =>
                {
                    json.WriteString(
                        "KeyConditionExpression",
                        query.Before is null ? "pk = :kind" : "pk = :kind AND sk < :before"
                    );
                    List<string> filters = [];
                    if (query.Of is not null)
                        filters.Add("(flow = :of OR dataset = :of OR begins_with(id, :of))");
                    if (query.Outcome is not null)
                        filters.Add("outcome = :outcome");
                    if (!query.WithIdle)
                        filters.Add("outcome <> :idle");
                    if (query.WithDdl)
                        filters.Add("contains(detail, :ddl)");
                    if (filters.Count > 0)
                        json.WriteString("FilterExpression", string.Join(" AND ", filters));
                    json.WriteStartObject("ExpressionAttributeValues");
                    LedgerTable.Text(json, ":kind", "run");
                    if (query.Before is var (startedAt, id))
                        LedgerTable.Text(json, ":before", NameOf(startedAt, id));
                    if (query.Of is { } of)
                        LedgerTable.Text(json, ":of", of);
                    if (query.Outcome is { } outcome)
                        LedgerTable.Text(json, ":outcome", Word(outcome));
                    if (!query.WithIdle)
                        LedgerTable.Text(json, ":idle", Word(Outcome.UpToDate));
                    if (query.WithDdl)
                        LedgerTable.Text(json, ":ddl", RunJson.Ddl);
                    json.WriteEndObject();
                    json.WriteBoolean("ScanIndexForward", false);
                },
                "detail",
                cancel
            )
        )
        {
            runs.Add(RunOf(detail.Value));
            if (runs.Count == query.Most)
                break;
        }

        return runs;
    }

    public async Task<IReadOnlyList<Run>> LatestAsync(IReadOnlyList<Outcome> outcomes, CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        var runs = new List<Run>();
        foreach (var kind in outcomes.Count == 0 ? ["latest"] : outcomes.Select(Latest))
        await foreach (var detail in items.ListAsync(json => Kind(json, kind, ""), "detail", cancel))
            runs.Add(RunOf(detail.Value));
        return
        [
            .. runs.GroupBy(run => run.Dataset, StringComparer.Ordinal)
                .OrderBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => one.MaxBy(run => NameOf(run.StartedAt, run.Id), StringComparer.Ordinal)!),
        ];
    }

    public async Task<IReadOnlyDictionary<string, string>> MarksAsync(string prefix, CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        var marks = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var (name, value) in items.ListAsync(json => Kind(json, "mark", prefix), "value", cancel))
            marks[name] = value;
        return marks;
    }

    public async Task<bool> MarkAsync(string name, string? from, string? to, CancellationToken cancel)
    {
        await items.EnsureAsync(cancel);
        // A second try of the same change finds its own token; who takes a mark away gets no second try.
        var token = Id.New("m", clock);
        var condition = from is null ? "attribute_not_exists(pk)" : "#value = :from";
        return await items.ChangeAsync(
            to is null ? "DeleteItem" : "PutItem",
            json =>
            {
                if (to is null)
                    LedgerTable.Key(json, "mark", name);
                else
                {
                    json.WriteStartObject("Item");
                    LedgerTable.Text(json, "pk", "mark");
                    LedgerTable.Text(json, "sk", name);
                    LedgerTable.Text(json, "value", to);
                    LedgerTable.Text(json, "token", token);
                    json.WriteEndObject();
                }

                json.WriteString("ConditionExpression", to is null ? condition : $"{condition} OR #token = :token");
                json.WriteStartObject("ExpressionAttributeNames");
                if (from is not null)
                    json.WriteString("#value", "value");
                if (to is not null)
                    json.WriteString("#token", "token");
                json.WriteEndObject();
                json.WriteStartObject("ExpressionAttributeValues");
                if (from is not null)
                    LedgerTable.Text(json, ":from", from);
                if (to is not null)
                    LedgerTable.Text(json, ":token", token);
                json.WriteEndObject();
            },
            cancel,
            isRetried: to is not null
        );
    }

    private static void Kind(Utf8JsonWriter json, string kind, string prefix)
    {
        json.WriteString(
            "KeyConditionExpression",
            prefix.Length == 0 ? "pk = :kind" : "pk = :kind AND begins_with(sk, :prefix)"
        );
        json.WriteStartObject("ExpressionAttributeValues");
        LedgerTable.Text(json, ":kind", kind);
        if (prefix.Length > 0)
            LedgerTable.Text(json, ":prefix", prefix);
        json.WriteEndObject();
    }

    // Sorts by time and then by run.
    private static string NameOf(DateTimeOffset startedAt, string id) =>
        string.Create(CultureInfo.InvariantCulture, $"{startedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'} {id}");

    private static string Word(Outcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

    // The newest run that ended so, of each dataset.
    private static string Latest(Outcome outcome) => $"latest {Word(outcome)}";

    internal static Run RunOf(string detail) => JsonSerializer.Deserialize(detail, RunJson.Default.Run)!;

    internal static string DetailOf(Run run)
    {
        var detail = JsonSerializer.Serialize(run, RunJson.Default.Run);
        return System.Text.Encoding.UTF8.GetByteCount(detail) <= LongestDetail
            ? detail
            : JsonSerializer.Serialize(
                run with
                {
                    Warnings = [.. run.Warnings.Take(20).Select(one => one.Length > 1000 ? one[..1000] : one)],
                    Checks = [],
                    Ddl = [],
                },
                RunJson.Default.Run
            );
    }

    private Task<bool> PutAsync(string kind, string name, Run run, string? condition, CancellationToken cancel) =>
        items.ChangeAsync(
            "PutItem",
            json =>
            {
                json.WriteStartObject("Item");
                LedgerTable.Text(json, "pk", kind);
                LedgerTable.Text(json, "sk", name);
                LedgerTable.Text(json, "id", run.Id);
                LedgerTable.Text(json, "flow", run.Flow);
                LedgerTable.Text(json, "dataset", run.Dataset);
                LedgerTable.Text(json, "outcome", Word(run.Outcome));
                LedgerTable.Text(json, "started", NameOf(run.StartedAt, run.Id));
                LedgerTable.Text(json, "detail", DetailOf(run));
                json.WriteEndObject();
                if (condition is null)
                    return;
                json.WriteString("ConditionExpression", condition);
                json.WriteStartObject("ExpressionAttributeValues");
                LedgerTable.Text(json, ":started", NameOf(run.StartedAt, run.Id));
                json.WriteEndObject();
            },
            cancel
        );
}
