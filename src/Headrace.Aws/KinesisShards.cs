using System.Globalization;
using System.Text.Json;

namespace Headrace.Aws;

/// <summary>
/// Reads the shards of a stream, parents to their ends before their children, and each on behind what was read of it.
/// </summary>
/// <param name="from">Of each shard that was read the sequence number of its last record that counts.</param>
/// <param name="until">Records that arrived later are for the next run.</param>
/// <remarks>
/// Resharding: https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html. Limits:
/// five calls a second for each shard, an iterator lives five minutes.
/// </remarks>
internal sealed class KinesisShards(
    KinesisStream stream,
    IReadOnlyDictionary<string, string> from,
    DateTimeOffset until,
    TimeProvider clock
)
{
    private const int MostTries = 8;

    // A closed shard may say its end some answers after its last record. Where it is never said a run goes on without.
    private const int MostAtLatest = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<string> ended = new(StringComparer.Ordinal);
    private readonly HashSet<string> read = new(StringComparer.Ordinal);
    private IReadOnlyList<Shard>? shards;

    /// <summary>True once nothing is left to read but what arrived after the moment.</summary>
    public bool IsRead => shards is not null && shards.All(shard => read.Contains(shard.Id));

    /// <summary>How long the stream keeps records.</summary>
    public async Task<TimeSpan> RetentionAsync(CancellationToken cancel)
    {
        using var answer = await AskAsync("DescribeStreamSummary", _ => { }, cancel);
        return TimeSpan.FromHours(
            answer.RootElement.GetProperty("StreamDescriptionSummary").GetProperty("RetentionPeriodHours").GetInt32()
        );
    }

    /// <summary>The next records of shards, up to about so many bytes.</summary>
    public async Task<IReadOnlyList<ShardRecords>> NextAsync(long bytes, CancellationToken cancel)
    {
        shards ??= await ListAsync(cancel);
        var found = new List<ShardRecords>();
        for (var before = -1; before != read.Count; )
        {
            before = read.Count;
            foreach (var shard in shards.Where(shard => !read.Contains(shard.Id) && shard.Parents.All(IsDrained)))
            {
                if (bytes <= 0)
                    return found;
                var records = await ReadAsync(shard, bytes, cancel);
                bytes -= records.Bytes;
                if (records.Records.Count > 0)
                    found.Add(records);
            }
        }

        // Children of a shard that is not read to its end wait for the next run.
        read.UnionWith(shards.Select(shard => shard.Id).Where(_ => bytes > 0));
        return found;
    }

    // A parent whose records are gone is not listed any more.
    private bool IsDrained(string parent) => ended.Contains(parent) || !shards!.Any(shard => shard.Id == parent);

    private async Task<ShardRecords> ReadAsync(Shard shard, long most, CancellationToken cancel)
    {
        var records = new List<StreamRecord>();
        var (bytes, last, atLatest) = (0L, shard.Last, 0);
        var iterator = await IteratorAsync(shard.Id, last, cancel);
        while (bytes < most)
        {
            JsonDocument answer;
            try
            {
                answer = await AskAsync("GetRecords", json => json.WriteString("ShardIterator", iterator), cancel);
            }
            catch (AwsRefusal refusal) when (refusal.Code.StartsWith("ExpiredIterator", StringComparison.Ordinal))
            {
                iterator = await IteratorAsync(shard.Id, last, cancel);
                continue;
            }

            using (answer)
            {
                foreach (var record in answer.RootElement.GetProperty("Records").EnumerateArray())
                {
                    var one = new StreamRecord(
                        record.GetProperty("SequenceNumber").GetString()!,
                        Time(record.GetProperty("ApproximateArrivalTimestamp")),
                        record.GetProperty("Data").GetBytesFromBase64()
                    );
                    if (one.ArrivedAt > until)
                    {
                        read.Add(shard.Id);
                        return Found();
                    }

                    records.Add(one);
                    (bytes, last) = (bytes + one.Data.Length, one.Sequence);
                }

                iterator =
                    answer.RootElement.TryGetProperty("NextShardIterator", out var next)
                    && next.ValueKind == JsonValueKind.String
                        ? next.GetString()!
                        : "";
                if (iterator.Length == 0)
                {
                    ended.Add(shard.Id);
                    read.Add(shard.Id);
                    return Found();
                }

                // An answer without records is not the end: it may stand before records that are still to come.
                if (answer.RootElement.TryGetProperty("MillisBehindLatest", out var behind) && behind.GetInt64() == 0)
                {
                    if (!shard.IsClosed || ++atLatest > MostAtLatest)
                    {
                        read.Add(shard.Id);
                        return Found();
                    }

                    await Task.Delay(Pause, clock, cancel);
                }
            }
        }

        return Found();

        ShardRecords Found()
        {
            shard.Last = last;
            return new ShardRecords(shard.Id, records, bytes);
        }
    }

    private async Task<IReadOnlyList<Shard>> ListAsync(CancellationToken cancel)
    {
        var listed = new List<Shard>();
        for (string? token = null; ; )
        {
            using var answer = await AskAsync(
                "ListShards",
                json =>
                {
                    if (token is not null)
                        json.WriteString("NextToken", token);
                },
                cancel,
                isNamed: token is null
            );
            foreach (var shard in answer.RootElement.GetProperty("Shards").EnumerateArray())
            {
                var id = shard.GetProperty("ShardId").GetString()!;
                string?[] parents = [Text(shard, "ParentShardId"), Text(shard, "AdjacentParentShardId")];
                var isClosed =
                    shard.TryGetProperty("SequenceNumberRange", out var range)
                    && Text(range, "EndingSequenceNumber") is not null;
                listed.Add(
                    new Shard(id, [.. parents.OfType<string>()], isClosed) { Last = from.GetValueOrDefault(id) }
                );
            }

            token = Text(answer.RootElement, "NextToken");
            if (token is null)
                return [.. listed.OrderBy(shard => shard.Id, StringComparer.Ordinal)];
        }
    }

    private async Task<string> IteratorAsync(string shard, string? last, CancellationToken cancel)
    {
        using var answer = await AskAsync(
            "GetShardIterator",
            json =>
            {
                json.WriteString("ShardId", shard);
                json.WriteString("ShardIteratorType", last is null ? "TRIM_HORIZON" : "AFTER_SEQUENCE_NUMBER");
                if (last is not null)
                    json.WriteString("StartingSequenceNumber", last);
            },
            cancel
        );
        return answer.RootElement.GetProperty("ShardIterator").GetString()!;
    }

    // A stream that is short of throughput answers within seconds.
    private async Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isNamed = true
    )
    {
        for (var tries = 1; ; tries++)
            try
            {
                return await stream.AskAsync(operation, write, cancel, isNamed && operation != "GetRecords");
            }
            catch (AwsRefusal refusal) when (refusal.IsTransient && tries < MostTries)
            {
                await Task.Delay(Pause * Math.Pow(2, tries) * (0.5 + Random.Shared.NextDouble()) / 2, clock, cancel);
            }
    }

    // Seconds with a fraction (JSON 1.1 of AWS).
    private static DateTimeOffset Time(JsonElement time) =>
        time.ValueKind == JsonValueKind.Number
            ? DateTimeOffset.UnixEpoch.AddSeconds(time.GetDouble())
            : DateTimeOffset.Parse(time.GetString()!, CultureInfo.InvariantCulture);

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Shard(string Id, IReadOnlyList<string> Parents, bool IsClosed)
    {
        // The sequence number behind which is read next; null for the oldest record.
        public string? Last { get; set; }
    }
}

/// <summary>Records of one shard in their order.</summary>
/// <param name="Bytes">Of their data.</param>
internal sealed record ShardRecords(string Shard, IReadOnlyList<StreamRecord> Records, long Bytes);

/// <summary>A record of a stream.</summary>
/// <param name="Sequence">A number of up to 129 digits.</param>
internal sealed record StreamRecord(string Sequence, DateTimeOffset ArrivedAt, byte[] Data);
