using System.Text.Json;
using System.Text.Json.Serialization;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// What an export held, as far as the next comparison needs it: Parquet files with the key (<c>k0…</c>), the digest of
/// the row's text (<c>hi</c>, <c>lo</c>; NULL where there was no text) and of its values (<c>row</c>); with
/// before-images all columns (<c>c0…</c>) as well.
/// </summary>
/// <remarks>
/// A large memory is not written anew for a few changes: a part is added with the rows that came, and with the digests
/// of those of earlier parts that went.
/// </remarks>
internal sealed record SnapshotMemory
{
    private const int Known = 1;

    /// <summary>Where its files are looked for, in this order.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>The version of this description; null for the first one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }

    /// <summary>Its files, the oldest part first.</summary>
    public required IReadOnlyList<SnapshotPart> Parts { get; init; }

    /// <summary>The key of the text digests; null when there are none.</summary>
    public string? Key { get; init; }

    public required IReadOnlyList<Column> Columns { get; init; }

    public required IReadOnlyList<string> PrimaryKey { get; init; }

    public required IReadOnlyList<string> Compare { get; init; }

    public bool Before { get; init; }

    public required long Rows { get; init; }

    /// <summary>
    /// True when the digests of its rows take JSON values by what they mean; memories of release 0.1.0 took their text.
    /// </summary>
    public bool IsJsonMeant { get; init; }

    /// <summary>True when each row has the digest of its text.</summary>
    public bool IsDigested { get; init; }

    /// <summary>The digests' key, as one.</summary>
    [JsonIgnore]
    public DigestKey? DigestKey => Key is null ? null : DigestKey.Parse(Key);

    /// <summary>The files that it consists of, without the description.</summary>
    [JsonIgnore]
    public IEnumerable<string> Files =>
        Parts.SelectMany(part => part.Gone is null ? [part.Rows] : (string[])[part.Rows, part.Gone]);

    /// <summary>A query for its rows.</summary>
    [JsonIgnore]
    public string Sql =>
        Parts
            .Skip(1)
            .Aggregate(
                $"SELECT * FROM {Table(Parts[0].Rows)}",
                (sql, part) =>
                    $"SELECT s.* FROM ({sql}) AS s ANTI JOIN {Table(part.Gone!)} AS g ON s.hi = g.hi "
                    + $"AND s.lo = g.lo UNION ALL SELECT * FROM {Table(part.Rows)}"
            );

    /// <summary>
    /// A query for the digests whose high half leaves <paramref name="round"/> when divided by <paramref
    /// name="rounds"/>.
    /// </summary>
    public string Digests(long rounds, long round) =>
        $"""
            SELECT hi, lo FROM ({Sql})
            WHERE hi IS NOT NULL{(rounds == 1 ? "" : SnapshotColumns.Text($" AND hi % {rounds} = {round}"))}
            """;

    /// <summary>
    /// Reads the memory of a load, which is in the first folder; null when it is not there, or not whole.
    /// </summary>
    public static SnapshotMemory? Read(IReadOnlyList<string> folders, string loadId)
    {
        try
        {
            Check(PathOf(folders[0], loadId));
            var memory = JsonSerializer.Deserialize(
                File.ReadAllBytes(PathOf(folders[0], loadId)),
                SnapshotJson.Default.SnapshotMemory
            );
            memory = memory is null ? null : memory with { Folders = folders };
            return
                memory is null || memory.Parts.Count == 0 || !memory.Files.All(file => File.Exists(memory.PathOf(file)))
                ? null
                : memory;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    // What a newer Headrace wrote may lack what this one needs.
    private static void Check(string path)
    {
        using var description = JsonDocument.Parse(File.ReadAllBytes(path));
        if (
            description.RootElement.TryGetProperty("version", out var version)
            && version.ValueKind == JsonValueKind.Number
            && version.TryGetInt32(out var found)
            && found > Known
        )
            throw Error.PlaceNewer(path, found, Known);
    }

    /// <summary>The description of a load's memory: a file that is there when its other files are.</summary>
    public static string PathOf(string folder, string loadId) => System.IO.Path.Combine(folder, $"{loadId}.json");

    /// <summary>
    /// Writes the description of a load's memory beside its files; without it they are nobody's memory.
    /// </summary>
    public void Write(string loadId)
    {
        // The rows must be on the disk before the load that they belong to is.
        foreach (var file in Files.Where(file => file.StartsWith($"{loadId}.", StringComparison.Ordinal)))
            using (var written = File.OpenHandle(PathOf(file), FileMode.Open, FileAccess.ReadWrite))
                RandomAccess.FlushToDisk(written);
        var path = PathOf(Folders[0], loadId);
        File.WriteAllBytes(
            $"{path}.tmp",
            JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.SnapshotMemory)
        );
        File.Move($"{path}.tmp", path, overwrite: true);
    }

    private string PathOf(string file) =>
        Folders.Select(folder => System.IO.Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? "";

    private string Table(string file) => $"read_parquet({DuckDb.Sql.Literal(PathOf(file))})";

    /// <summary>True when it can be compared with exports of these rules into a table with these columns.</summary>
    public bool Fits(LoadRules rules, IReadOnlyList<Column>? table) =>
        PrimaryKey.SequenceEqual(rules.PrimaryKey)
        && Compare.SequenceEqual(rules.Snapshot!.Compare)
        && (Before || !rules.Snapshot.Before)
        && (IsJsonMeant || Columns.All(column => column.Type.Kind != TypeKind.Json))
        && (
            table is null
            || Columns.All(column =>
                table.Any(other =>
                    other.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase) && other.Type == column.Type
                )
            )
        );
}

/// <summary>
/// A part of a memory: the file of its rows, and that of the digests of earlier parts' rows that it takes away.
/// </summary>
internal sealed record SnapshotPart(string Rows, string? Gone = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(SnapshotMemory))]
[JsonSerializable(typeof(string))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
