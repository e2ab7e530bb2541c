using System.Text.Json;

namespace Headrace;

/// <summary>
/// A table definition dropped as a JSON file:
/// <c>{"schema_version": 1, "columns": [{"name", "type", "nullable"}], "allowed_operations":
/// ["append","truncate","schema"]}</c>.
/// </summary>
/// <param name="Version">As written; a number or a text.</param>
/// <param name="Columns">At least one, names unique without regard to case.</param>
/// <param name="AllowedOperations">Actions whose files are taken.</param>
/// <param name="Json">The document as it was dropped.</param>
public sealed record SchemaDocument(
    string Version,
    IReadOnlyList<Column> Columns,
    IReadOnlyList<string> AllowedOperations,
    string Json
)
{
    /// <summary>The actions there are.</summary>
    public static readonly IReadOnlyList<string> Actions = ["append", "truncate", "schema"];

    /// <summary>True when the version was written as a number.</summary>
    public bool HasNumber { get; init; }

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a document; HDR-142 names the first thing that is wrong with it.</summary>
    public static SchemaDocument Parse(ReadOnlySpan<byte> utf8, string source)
    {
        var bytes = utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;
        try
        {
            using var json = JsonDocument.Parse(bytes.ToArray(), Strict);
            return Read(json.RootElement, source);
        }
        catch (JsonException error)
        {
            throw Error.BadSchemaDocument(
                source,
                $"it is not JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1})"
            );
        }
    }

    /// <summary>True when the actions of the drop folder include <paramref name="action"/>.</summary>
    public bool Allows(string action) => AllowedOperations.Contains(action, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Compares the versions of two documents: numbers by their value, texts by the numbers in them and letter by
    /// letter.
    /// </summary>
    public int CompareVersion(SchemaDocument other) =>
        HasNumber && other.HasNumber && Number(Version) is { } one && Number(other.Version) is { } two
            ? one.CompareTo(two)
            : NaturalOrder.Compare(Version, other.Version);

    /// <summary>True when both say the same, however they are written.</summary>
    public bool IsSame(SchemaDocument other) => JsonMeaning.IsSame(Json, other.Json);

    private static decimal? Number(string text) =>
        decimal.TryParse(
            text,
            System.Globalization.NumberStyles.Float,
            System.Globalization.CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;

    private static SchemaDocument Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Error.BadSchemaDocument(source, "it is not an object");
        foreach (var property in root.EnumerateObject())
            if (property.Name is not ("schema_version" or "columns" or "allowed_operations"))
                throw Error.BadSchemaDocument(
                    source,
                    $"the key '{property.Name}' is not known; known are schema_version, columns, allowed_operations"
                );

        var version = root.TryGetProperty("schema_version", out var found) ? found.ToString() : "";
        if (version.Length == 0)
            throw Error.BadSchemaDocument(source, "'schema_version' is missing");
        if (found.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
            throw Error.BadSchemaDocument(source, "'schema_version' is neither a number nor a text");

        if (
            !root.TryGetProperty("columns", out var list)
            || list.ValueKind != JsonValueKind.Array
            || list.GetArrayLength() == 0
        )
            throw Error.BadSchemaDocument(source, "'columns' is missing or has no column");
        var columns = new List<Column>();
        foreach (var item in list.EnumerateArray())
            columns.Add(ReadColumn(item, columns, source));

        var allowed = SchemaDocument.Actions;
        if (root.TryGetProperty("allowed_operations", out var operations))
        {
            if (
                operations.ValueKind != JsonValueKind.Array
                || operations.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String)
            )
                throw Error.BadSchemaDocument(source, "'allowed_operations' is not a list of texts");
            allowed = [.. operations.EnumerateArray().Select(item => item.GetString()!.ToLowerInvariant())];
            if (allowed.FirstOrDefault(action => !Actions.Contains(action)) is { } unknown)
                throw Error.BadSchemaDocument(
                    source,
                    $"the operation '{unknown}' is not known; known are {string.Join(", ", Actions)}"
                );
        }

        return new SchemaDocument(version, columns, allowed, root.GetRawText())
        {
            HasNumber = found.ValueKind == JsonValueKind.Number,
        };
    }

    private static Column ReadColumn(JsonElement item, List<Column> before, string source)
    {
        if (
            item.ValueKind != JsonValueKind.Object
            || !item.TryGetProperty("name", out var name)
            || name.ValueKind != JsonValueKind.String
            || name.GetString() is not { Length: > 0 } text
            || text.Contains('\0', StringComparison.Ordinal)
        )
            throw Error.BadSchemaDocument(source, $"column {before.Count + 1} has no name");
        if (before.Exists(column => column.Name.Equals(text, StringComparison.OrdinalIgnoreCase)))
            throw Error.BadSchemaDocument(source, $"the column '{text}' is there twice");
        if (
            !item.TryGetProperty("type", out var type)
            || type.ValueKind != JsonValueKind.String
            || !ColumnType.TryParse(type.GetString()!, out var columnType)
        )
            throw Error.BadSchemaDocument(
                source,
                $"the column '{text}' has no known type; known are {ColumnType.Names}"
            );
        if (
            item.TryGetProperty("nullable", out var nullable)
            && nullable.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
        )
            throw Error.BadSchemaDocument(source, $"'nullable' of the column '{text}' is neither true nor false");
        return new Column(text, columnType, nullable.ValueKind != JsonValueKind.False);
    }
}
