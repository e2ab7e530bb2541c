using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Headrace.Sources;

/// <summary>What the summary of an export of DynamoDB says: a full one, or the changes of a window.</summary>
/// <param name="Manifest">The file of the summary.</param>
/// <param name="From">Where its window begins, with what happened at that moment; null for a full export.</param>
/// <param name="To">Where its window ends, or the moment of a full export.</param>
/// <param name="FilesKey">The key of the list of its files, as the bucket had it.</param>
/// <param name="Items">How many items it has.</param>
/// <remarks>
/// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html: the summary of 2020-06-30
/// for full exports, of 2023-08-01 for incremental ones, which has no exportTime.
/// </remarks>
internal sealed record DynamoExport(
    LakeFile Manifest,
    string Sha256,
    DateTimeOffset? From,
    DateTimeOffset To,
    string FilesKey,
    long Items
)
{
    /// <summary>The name of the summary's file.</summary>
    public const string Summary = "manifest-summary.json";

    private const string Window = "window ";
    private const string Full = "full ";
    private const string Form = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public bool IsFull => From is null;

    /// <summary>The folder of the export, with a / at its end.</summary>
    public string Folder => FolderOf(Manifest.Key);

    /// <summary>The window as text, for people.</summary>
    public string Span => From is { } from ? $"{Text(from)}..{Text(To)}" : Text(To);

    /// <summary>
    /// The key under which a position knows that the export was applied; no file of this name is in the lake.
    /// </summary>
    public string Mark => $"{Folder}{(IsFull ? Full : Window)}{Span}";

    /// <summary>Reads the summary.</summary>
    /// <exception cref="FormatException">It is none, or one of another format.</exception>
    public static DynamoExport Parse(LakeFile manifest, byte[] bytes, string sha256)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            var summary = json.RootElement;
            if (Of(summary, "outputFormat") is { } format and not "DYNAMODB_JSON")
                throw new FormatException($"its format is {format}, and Headrace reads DYNAMODB_JSON");
            var isFull = Of(summary, "exportTime") is not null;
            return new DynamoExport(
                manifest,
                sha256,
                isFull ? null : Time(summary, "exportFromTime"),
                Time(summary, isFull ? "exportTime" : "exportToTime"),
                Of(summary, "manifestFilesS3Key") ?? throw new FormatException("manifestFilesS3Key is missing"),
                summary.TryGetProperty("itemCount", out var items) && items.TryGetInt64(out var count) ? count : -1
            );
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new FormatException(error.Message, error);
        }
    }

    /// <summary>The files of a list: JSON lines, whatever its name says.</summary>
    /// <exception cref="FormatException">It is no such list.</exception>
    public IReadOnlyList<DataFile> Files(byte[] list)
    {
        // Keys are those of the bucket it was made in. What stands before the folder of exports may differ here.
        var here = Folder[..^Tail(Folder).Length];
        var there = FilesKey[..FilesKey.LastIndexOf(Tail(FolderOf(FilesKey)), StringComparison.Ordinal)];
        var files = new List<DataFile>();
        foreach (var line in Encoding.UTF8.GetString(list).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            try
            {
                if (line.Trim().Length == 0)
                    continue;
                using var json = JsonDocument.Parse(line);
                var key = Of(json.RootElement, "dataFileS3Key") ?? throw new FormatException("a file without a key");
                if (!key.StartsWith(there, StringComparison.Ordinal))
                    throw new FormatException($"{key} is not beside the export");
                files.Add(
                    new DataFile(
                        here + key[there.Length..],
                        Of(json.RootElement, "md5Checksum"),
                        json.RootElement.TryGetProperty("itemCount", out var items) ? items.GetInt64() : -1
                    )
                );
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                throw new FormatException(error.Message, error);
            }

        return files;
    }

    /// <summary>The key of the list of its files in this lake.</summary>
    public string ListKey => Folder + FilesKey[(FilesKey.LastIndexOf('/') + 1)..];

    /// <summary>What a position was read to, by a window or by a full export; null before the first one.</summary>
    public static (DateTimeOffset To, bool IsFull)? Reached(Position from)
    {
        (DateTimeOffset To, bool IsFull)? reached = null;
        foreach (var key in from.Files.Keys)
        {
            var name = key[(key.LastIndexOf('/') + 1)..];
            var isFull = name.StartsWith(Full, StringComparison.Ordinal);
            if (!isFull && !name.StartsWith(Window, StringComparison.Ordinal))
                continue;
            var text = name.Split(' ')[1];
            if (
                Parse(text[(text.LastIndexOf("..", StringComparison.Ordinal) is >= 0 and var at ? at + 2 : 0)..])
                is not { } to
            )
                continue;
            if (reached is null || to > reached.Value.To)
                reached = (to, isFull);
        }

        return reached;
    }

    /// <summary>True when a position knows that an export of this folder was applied.</summary>
    public static bool IsApplied(Position from, string folder) =>
        from.Files.Keys.Any(key =>
            key.StartsWith(folder + Window, StringComparison.Ordinal)
            || key.StartsWith(folder + Full, StringComparison.Ordinal)
        );

    /// <summary>True for a key that <see cref="Mark"/> made.</summary>
    public static bool IsMark(string key) =>
        key[(key.LastIndexOf('/') + 1)..] is var name
        && (name.StartsWith(Window, StringComparison.Ordinal) || name.StartsWith(Full, StringComparison.Ordinal));

    /// <summary>The folder of a key, with a / at its end.</summary>
    public static string FolderOf(string key) => key[..(key.LastIndexOf('/') + 1)];

    // AWSDynamoDB/<export>/ at the end of a folder.
    private static string Tail(string folder) => string.Join('/', folder.Split('/').TakeLast(3));

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Form, CultureInfo.InvariantCulture);

    private static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private static DateTimeOffset Time(JsonElement summary, string name) =>
        Of(summary, name) is { } text && Parse(text) is { } time
            ? time
            : throw new FormatException($"{name} is missing or no time");

    private static string? Of(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A file of an export.</summary>
    /// <param name="Md5">Of its stored bytes, in base64; null when the list does not say it.</param>
    /// <param name="Items">How many items it has; -1 when the list does not say it.</param>
    public sealed record DataFile(string Key, string? Md5, long Items);
}
