using System.Text.Json;
using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Writes <c>headrace.files</c>, <c>loads</c>, <c>schema_documents</c> and <c>published</c>, in the transaction that is open.</summary>
internal sealed class PostgresLedger(NpgsqlConnection db, TimeProvider clock, CancellationToken cancel)
{
    // Rows travel as one JSON text: a statement for each of a thousand small files would take a second.
    private const string Unnest =
        """
        ROWS FROM (json_to_recordset($1::json) AS (key text, action text, size bigint, sha256 text, rows bigint, quarantined bigint, schema_version text,
            outcome text, note text, error_code text, stamp text, landed_us bigint, version text, parts bigint)) WITH ORDINALITY AS n(key, action, size, sha256, rows,
            quarantined, schema_version, outcome, note, error_code, stamp, landed_us, version, parts, place)
        """;

    /// <summary>Files from which no rows were loaded. A note that says nothing is of known content, which only gets its new stamp.</summary>
    public async Task WriteAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes)
    {
        await PostgresTables.LockAsync(db, $"dataset {dataset.Name}", cancel);
        var touched = notes.Where(IsTouched).Select(note => FileLedger.Row(note.File, note.Sha256, note.Action, note.Fate)).ToList();
        if (touched.Count > 0)
            await db.ExecuteAsync(
                $"UPDATE headrace.files AS f SET stamp = n.stamp FROM {Unnest} WHERE f.dataset = $2 AND f.key = n.key AND f.sha256 IS NOT DISTINCT FROM n.sha256",
                cancel, Json(touched), dataset.Name);
        await InsertAsync(dataset, target, [.. notes.Where(note => !IsTouched(note))
            .Select(note => FileLedger.Row(note.File, note.Sha256, note.Action, note.Fate) with
            {
                Note = note.Note,
                ErrorCode = note.Error?.Code,
                Version = note.Version,
                Parts = note.Version is null ? null : notes.Count(other => other.Version == note.Version),
            })], null);
    }

    /// <summary>Files whose rows (or schema) this transaction loads.</summary>
    public Task LoadedAsync(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string loadId) => InsertAsync(dataset, target, rows, loadId);

    public Task<long> AddAsync(Publication publication) => db.ExecuteAsync(
        "INSERT INTO headrace.published (load_id, of_flow, dataset, version, generation, operations, committed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", cancel,
        publication.LoadId, publication.Dataset.Flow, publication.Dataset.Name, publication.Version, publication.Generation, publication.Operations, clock.GetUtcNow());

    public Task<long> AddAsync(ChangeSet changes, LoadAttempt attempt, LoadResult result, long files) => db.ExecuteAsync(
        """
        INSERT INTO headrace.loads (load_id, run_id, flow, dataset, schema_name, table_name, generation, operation, files, inserted, updated, deleted, unchanged,
            quarantined, committed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """, cancel,
        changes.Id, attempt.RunId, changes.Dataset.Flow, changes.Dataset.Name, changes.Target.Schema, changes.Target.Table, changes.From.Generation + 1,
        changes.Action == "load" ? changes.Operation.ToString().ToLowerInvariant() : changes.Action, files,
        result.Inserted, result.Updated, result.Deleted, result.Unchanged, result.Quarantined, clock.GetUtcNow());

    public Task<long> AddAsync(ChangeSet changes, SchemaDocument document, LakeFile file, string sha256) => db.ExecuteAsync(
        "INSERT INTO headrace.schema_documents (flow, dataset, schema_version, key, sha256, document, landed_at, applied_at, load_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", cancel,
        changes.Dataset.Flow, changes.Dataset.Name, document.Version, file.Key, sha256, document.Json, file.LandedAt, clock.GetUtcNow(), changes.Id);

    private static bool IsTouched(FileNote note) => note.Error is null && note.Note is null;

    private async Task InsertAsync(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string? loadId)
    {
        if (rows.Count == 0)
            return;
        var json = Json(rows);

        // A refused version is no history of rows: what counts is what became of it. The same refusal keeps its first row.
        await db.ExecuteAsync(
            $"""
            DELETE FROM headrace.files AS f USING {Unnest} WHERE f.dataset = $2 AND f.key = n.key AND f.outcome = 'refused'
                AND NOT (n.outcome = 'refused' AND f.stamp = n.stamp AND f.note IS NOT DISTINCT FROM n.note)
            """, cancel, json, dataset.Name);
        await db.ExecuteAsync(
            $"""
            INSERT INTO headrace.files (flow, dataset, schema_name, table_name, key, action, size, sha256, rows, quarantined, schema_version, outcome, note, error_code,
                stamp, landed_at, seen_at, loaded_at, load_id, version, parts)
            SELECT $2, $3, $4, $5, n.key, n.action, n.size, n.sha256, n.rows, n.quarantined, n.schema_version, n.outcome, n.note, n.error_code,
                n.stamp, timestamptz 'epoch' + n.landed_us * interval '1 microsecond', $6, CASE WHEN $7::text IS NULL THEN NULL ELSE $6 END, $7::text, n.version, n.parts
            FROM {Unnest}
            WHERE n.outcome <> 'refused' OR NOT EXISTS (SELECT 1 FROM headrace.files AS f WHERE f.dataset = $3 AND f.key = n.key AND f.outcome = 'refused')
            ORDER BY n.place
            """,
            cancel, json, dataset.Flow, dataset.Name, target.Schema, target.Table, clock.GetUtcNow(), loadId);
    }

    private static string Json(IReadOnlyList<FileRow> rows) => JsonSerializer.Serialize(rows, FileRowJson.Default.IReadOnlyListFileRow);
}
