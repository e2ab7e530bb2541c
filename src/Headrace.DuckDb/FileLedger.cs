using System.Text.Json;

namespace Headrace.DuckDb;

/// <summary>Writes <c>headrace.files</c>: one row for each file version that was loaded, skipped or refused.</summary>
internal sealed class FileLedger(DuckDbConnection db, TimeProvider clock, CancellationToken cancel)
{
    private static readonly string Files = HeadraceTables.Table("files");

    // Rows travel as one JSON text: a statement for each of a thousand small files would cost a second.
    private const string Shape =
        """[{"key":"VARCHAR","action":"VARCHAR","size":"BIGINT","sha256":"VARCHAR","rows":"BIGINT","quarantined":"BIGINT","schema_version":"VARCHAR","outcome":"VARCHAR","note":"VARCHAR","error_code":"VARCHAR","stamp":"VARCHAR","landed_us":"BIGINT","version":"VARCHAR","parts":"BIGINT"}]""";

    /// <summary>Files from which no rows were loaded. A note that says nothing is of known content, which only gets its new stamp.</summary>
    public void Write(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes)
    {
        var touched = notes.Where(IsTouched).Select(note => Row(note.File, note.Sha256, note.Action, note.Fate)).ToList();
        if (touched.Count > 0)
            db.Execute(
                $"UPDATE {Files} AS f SET stamp = n.stamp FROM ({Unnest("$1")}) AS n WHERE f.dataset = $2 AND f.key = n.key AND f.sha256 IS NOT DISTINCT FROM n.sha256",
                cancel, Json(touched), dataset.Name);

        var others = notes.Where(note => !IsTouched(note))
            .Select(note => Row(note.File, note.Sha256, note.Action, note.Fate) with
            {
                Note = note.Note,
                ErrorCode = note.Error?.Code,
                Version = note.Version,
                Parts = note.Version is null ? null : notes.Count(other => other.Version == note.Version),
            }).ToList();
        Insert(dataset, target, others, null);
    }

    /// <summary>Files whose rows (or schema) this transaction loads.</summary>
    public void Loaded(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string loadId) => Insert(dataset, target, rows, loadId);

    public static FileRow Row(LakeFile file, string sha256, string action, FileFate fate) =>
        new(file.Key, action, file.Size, sha256.Length == 0 ? null : sha256, fate.ToString().ToLowerInvariant(), file.Stamp,
            (file.LandedAt.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>Those of which every record was set aside.</summary>
    public static IReadOnlyList<(string Key, long Rows)> SetAside(IEnumerable<FileRow> files) =>
        [.. files.Where(file => file is { Rows: 0, Quarantined: > 0 }).Select(file => (file.Key, file.Quarantined))];

    private static bool IsTouched(FileNote note) =>
        note.Error is null && note.Note is null;

    private void Insert(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string? loadId)
    {
        if (rows.Count == 0)
            return;
        var json = Json(rows);

        // A refused version is no history of rows: what counts is what became of it. The same refusal keeps its first row.
        if (db.Scalar<long>($"SELECT count(*) FROM {Files} WHERE dataset = $1 AND outcome = 'refused'", cancel, dataset.Name) > 0)
            db.Execute(
                $"""
                DELETE FROM {Files} AS f USING ({Unnest("$1")}) AS n WHERE f.dataset = $2 AND f.key = n.key AND f.outcome = 'refused'
                    AND NOT (n.outcome = 'refused' AND f.stamp = n.stamp AND f.note IS NOT DISTINCT FROM n.note)
                """,
                cancel, json, dataset.Name);
        db.Execute(
            $"""
            INSERT INTO {Files} (flow, dataset, schema_name, table_name, key, action, size, sha256, rows, quarantined, schema_version, outcome, note, error_code,
                stamp, landed_at, seen_at, loaded_at, load_id, sequence, version, parts)
            SELECT $2, $3, $4, $5, n.key, n.action, n.size, n.sha256, n.rows, n.quarantined, n.schema_version, n.outcome, n.note, n.error_code,
                n.stamp, make_timestamptz(n.landed_us), $6, CASE WHEN $7 IS NULL THEN NULL ELSE $6 END, $7,
                coalesce((SELECT max(sequence) FROM {Files}), 0) + row_number() OVER (), n.version, n.parts
            FROM ({Unnest("$1")}) AS n
            WHERE n.outcome <> 'refused' OR n.key NOT IN (SELECT f.key FROM {Files} AS f WHERE f.dataset = $3 AND f.outcome = 'refused')
            """,
            cancel, json, dataset.Flow, dataset.Name, target.Schema, target.Table, clock.GetUtcNow(), loadId);
    }

    private static string Unnest(string parameter) => $"SELECT unnest(from_json({parameter}, '{Shape}'), recursive := true)";

    private static string Json(IReadOnlyList<FileRow> rows) => JsonSerializer.Serialize(rows, FileRowJson.Default.IReadOnlyListFileRow);
}

/// <summary>A row of <c>headrace.files</c> before it has a load.</summary>
internal sealed record FileRow(string Key, string Action, long Size, string? Sha256, string Outcome, string Stamp, long LandedUs)
{
    public long Rows { get; init; }

    public long Quarantined { get; init; }

    public string? SchemaVersion { get; init; }

    public string? Note { get; init; }

    public string? ErrorCode { get; init; }

    public string? Version { get; init; }

    public long? Parts { get; init; }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower)]
[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyList<FileRow>))]
internal sealed partial class FileRowJson : System.Text.Json.Serialization.JsonSerializerContext;
