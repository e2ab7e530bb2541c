using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headrace.Postgres;

/// <summary>
/// How far a table has been read; kept as JSON in <see cref="Position.Cursor"/>. Values are the database's own texts.
/// </summary>
internal sealed record TableCursor
{
    private const int Known = 1;

    /// <summary>The source it was read from (<see cref="SourceTable.Identity"/>).</summary>
    public string Source { get; init; } = "";

    /// <summary>
    /// Rows whose update_key lies before this are read; null when there is none, or nothing was read.
    /// </summary>
    public string? Updated { get; init; }

    /// <summary>Rows whose create_key lies before this are read.</summary>
    public string? Created { get; init; }

    /// <summary>The key of the last row of a first sync that is not at its end; its cursors hold once it is.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>
    /// Where <see cref="Updated"/> stood before an increment that is not at its end: rows from there on do not come by
    /// create_key, too.
    /// </summary>
    public string? Began { get; init; }

    /// <summary>True while a first sync goes by ranges of a cursor and is not at its end.</summary>
    public bool? IsFirst { get; init; }

    /// <summary>
    /// What keeps late commits from being skipped: horizon, xid, sequence, lookback or none; null for a table that is
    /// read whole.
    /// </summary>
    public string? Promise { get; init; }

    /// <summary>When a table that is read whole was read, by the server's clock.</summary>
    public string? At { get; init; }

    /// <summary>The version of this text; null for the first one.</summary>
    public int? Version { get; init; }

    /// <summary>Null before the first batch.</summary>
    /// <exception cref="HeadraceException">HDR-406 when a newer Headrace wrote it.</exception>
    public static TableCursor? Parse(string? text)
    {
        var cursor = text is null ? null : JsonSerializer.Deserialize(text, TableCursorJson.Default.TableCursor);
        return cursor?.Version is { } version && version > Known
            ? throw Error.PlaceNewer("the cursor in headrace.positions", version, Known)
            : cursor;
    }

    public override string ToString() => JsonSerializer.Serialize(this, TableCursorJson.Default.TableCursor);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(TableCursor))]
internal sealed partial class TableCursorJson : JsonSerializerContext;
