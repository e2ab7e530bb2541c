using System.Globalization;
using System.Text;
using System.Text.Json;
using Headrace.Sources;

namespace Headrace.Aws;

/// <summary>
/// Records of one shard as a file of JSON lines, one record a line, in their order. Its key says which records they
/// are: <c>shard/first-last@read</c>, sequence numbers and when they were read; so the files of a position say how far
/// each shard was read.
/// </summary>
internal sealed class StreamChunk
{
    private const string ReadAtFormat = "yyyyMMdd'T'HHmmss'Z'";

    private StreamChunk(LakeFile file, byte[] lines) => (File, Lines) = (file, lines);

    public LakeFile File { get; }

    public byte[] Lines { get; }

    /// <summary>The chunk of records that are not none.</summary>
    /// <param name="dataset">Only operations of this dataset are taken; null for all.</param>
    public static StreamChunk Of(ShardRecords records, string? dataset, DateTimeOffset now)
    {
        using var lines = new MemoryStream();
        foreach (var record in records.Records)
        foreach (var one in AggregatedRecord.Of(record.Data))
            if (dataset is null || IsOf(one.Span, dataset))
                Write(lines, one.Span);
        return new StreamChunk(
            FileOf(
                records.Shard,
                records.Records[0].Sequence,
                records.Records[^1].Sequence,
                lines.Length,
                records.Records[0].ArrivedAt,
                now
            ),
            lines.ToArray()
        );
    }

    /// <summary>A chunk without records, which says that there was nothing to read by now.</summary>
    public static StreamChunk Nothing(string shard, string last, DateTimeOffset now) =>
        new(FileOf(shard, last, last, 0, now, now), []);

    /// <summary>How far each shard was read, and when.</summary>
    public static IReadOnlyDictionary<string, (string Last, DateTimeOffset ReadAt)> Position(Position from)
    {
        var shards = new Dictionary<string, (string Last, DateTimeOffset ReadAt)>(StringComparer.Ordinal);
        foreach (var key in from.Files.Keys)
            if (Parse(key) is var (shard, _, last, at))
            {
                var known = shards.GetValueOrDefault(shard, ("", DateTimeOffset.MinValue));
                shards[shard] = (Newer(known.Item1, last), at > known.Item2 ? at : known.Item2);
            }

        return shards;
    }

    private static string Newer(string one, string other) =>
        string.CompareOrdinal(StreamPlace.Padded(one), StreamPlace.Padded(other)) < 0 ? other : one;

    private static LakeFile FileOf(
        string shard,
        string first,
        string last,
        long bytes,
        DateTimeOffset arrivedAt,
        DateTimeOffset now
    )
    {
        var key = string.Create(
            CultureInfo.InvariantCulture,
            $"{shard}/{first}-{last}@{now.UtcDateTime.ToString(ReadAtFormat, CultureInfo.InvariantCulture)}"
        );
        return new LakeFile(key, bytes, arrivedAt, key, new Dictionary<string, string>());
    }

    private static (string Shard, string First, string Last, DateTimeOffset At)? Parse(string key) =>
        key.Split('/') is [var shard, var rest]
        && rest.Split('@') is [var numbers, var time]
        && numbers.Split('-') is [var first, var last]
        && DateTimeOffset.TryParseExact(
            time,
            ReadAtFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        )
            ? (shard, first, last, at)
            : null;

    // What is no operation is taken: it is set aside with its text, and not passed over.
    private static bool IsOf(ReadOnlySpan<byte> record, string dataset)
    {
        try
        {
            var reader = new Utf8JsonReader(record);
            while (reader.Read())
                if (reader is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName })
                {
                    var isDataset = reader.ValueTextEquals("dataset"u8);
                    reader.Read();
                    if (isDataset)
                        return reader.TokenType != JsonTokenType.String || reader.ValueTextEquals(dataset);
                    reader.Skip();
                }
        }
        catch (JsonException)
        {
            // as above
        }

        return true;
    }

    // A record is one line, whatever it holds: in an object ends of lines are blanks, all else becomes a text.
    private static void Write(MemoryStream lines, ReadOnlySpan<byte> record)
    {
        if (IsObject(record))
            foreach (var one in record)
                lines.WriteByte(one is (byte)'\n' or (byte)'\r' ? (byte)' ' : one);
        else
        {
            using var json = new Utf8JsonWriter(lines);
            json.WriteStringValue(Encoding.UTF8.GetString(record));
        }

        lines.WriteByte((byte)'\n');
    }

    private static bool IsObject(ReadOnlySpan<byte> record)
    {
        try
        {
            var reader = new Utf8JsonReader(record);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read()) { }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
