using System.Text.Json;
using System.Text.Json.Serialization;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// What an export held, as far as the next comparison needs it: a Parquet file with the key (<c>k0…</c>), the digest of the
/// row's text (<c>hi</c>, <c>lo</c>; NULL where there was no text) and of its values (<c>row</c>); with before-images all
/// columns (<c>c0…</c>) as well.
/// </summary>
internal sealed record SnapshotMemory
{
    /// <summary>The Parquet file.</summary>
    [JsonIgnore]
    public string Path { get; init; } = "";

    /// <summary>The key of the text digests; null when there are none.</summary>
    public string? Key { get; init; }

    public required IReadOnlyList<Column> Columns { get; init; }

    public required IReadOnlyList<string> PrimaryKey { get; init; }

    public required IReadOnlyList<string> Compare { get; init; }

    public bool Before { get; init; }

    public required long Rows { get; init; }

    /// <summary>The digests' key, as one.</summary>
    [JsonIgnore]
    public DigestKey? DigestKey => Key is null ? null : DigestKey.Parse(Key);

    /// <summary>Reads the memory of a load; null when it is not there, or not whole.</summary>
    public static SnapshotMemory? Read(string folder, string loadId)
    {
        var path = System.IO.Path.Combine(folder, $"{loadId}.parquet");
        try
        {
            var memory = JsonSerializer.Deserialize(File.ReadAllBytes(System.IO.Path.ChangeExtension(path, "json")), SnapshotJson.Default.SnapshotMemory);
            return memory is null || !File.Exists(path) ? null : memory with { Path = path };
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the description beside the Parquet file; without it the file is nobody's memory.</summary>
    public void Write()
    {
        // The rows must be on the disk before the load that they belong to is.
        using (var rows = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(rows);
        var path = System.IO.Path.ChangeExtension(Path, "json");
        File.WriteAllBytes($"{path}.tmp", JsonSerializer.SerializeToUtf8Bytes(this, SnapshotJson.Default.SnapshotMemory));
        File.Move($"{path}.tmp", path, overwrite: true);
    }

    /// <summary>True when it can be compared with exports of these rules into a table with these columns.</summary>
    public bool Fits(LoadRules rules, IReadOnlyList<Column>? table) =>
        PrimaryKey.SequenceEqual(rules.PrimaryKey) && Compare.SequenceEqual(rules.Snapshot!.Compare) && (Before || !rules.Snapshot.Before)
        && (table is null || Columns.All(column => table.Any(other => other.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase) && other.Type == column.Type)));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SnapshotMemory))]
[JsonSerializable(typeof(string))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
