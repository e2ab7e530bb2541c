using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Headrace.State;

namespace Headrace.Postgres.Redshift;

/// <summary>Every statement that goes to Redshift, and the only place that quotes for its dialect. This part has Headrace's own tables.</summary>
internal static partial class RedshiftSql
{
    /// <summary>What each session begins with.</summary>
    public static readonly IReadOnlyList<string> Session = ["SET search_path TO pg_catalog", "SET timezone TO 'UTC'", "SET statement_timeout TO 0"];

    /// <summary>What a session that was used before is asked.</summary>
    public const string Hello = "SELECT 1";

    public const string Version = "SELECT version()";

    /// <summary>Tells which of Headrace's tables are there.</summary>
    public const string OwnTables = "SELECT CAST(table_name AS varchar(128)) FROM svv_tables WHERE table_schema = 'headrace'";

    public const string CreateOwnSchema = "CREATE SCHEMA IF NOT EXISTS headrace";

    private const string ProcessNames =
        "connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled, last_sync_time, last_status, last_inserted, last_updated, last_deleted, last_error";

    private const string FileColumns = "key, action, size, sha256, rows, quarantined, schema_version, outcome, note, error_code, stamp, landed_at, version, parts";

    /// <summary>A quoted identifier; Redshift folds its letters all the same.</summary>
    public static string Identifier(string name) => PostgresSql.Identifier(name);

    /// <summary>A text literal, in which Redshift takes a backslash for an escape; NULL for null.</summary>
    public static string Literal(string? text) => text is null ? "NULL"
        : text.Contains('\0', StringComparison.Ordinal) ? throw new ArgumentException("The text has a NUL.", nameof(text))
        : $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A time with a zone; NULL for null.</summary>
    public static string Literal(DateTimeOffset? time) => time is { } moment
        ? $"CAST('{moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00' AS timestamptz)" : "NULL";

    /// <summary>A number; NULL for null.</summary>
    public static string Literal(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "NULL";

    public static string Qualified(TableName name) => $"{Identifier(name.Schema)}.{Identifier(name.Table)}";

    public static string SchemaExists(string schema) => $"SELECT count(*) FROM pg_namespace WHERE nspname = {Literal(schema.ToLowerInvariant())}";

    /// <summary>The table of a dataset's position, without its schema.</summary>
    public static string PositionTable(Dataset dataset) => PositionTable(dataset.Name);

    /// <inheritdoc cref="PositionTable(Dataset)"/>
    public static string PositionTable(string dataset) => $"position_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset)))[..16]}";

    public static string CreatePosition(Dataset dataset) => RedshiftState.Own.Create(PositionTable(dataset), WarehouseState.Steps.Columns("positions", StateKind.Redshift));

    /// <summary>Waits for everybody else who has the position. It takes no snapshot: what is read after it is what the one before has committed.</summary>
    public static string LockPosition(Dataset dataset) => $"LOCK headrace.{PositionTable(dataset)}";

    /// <summary>The table that loads of one target lock: readers of the target are not held up by that.</summary>
    public static string TargetLock(TableName target) =>
        $"target_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(target.ToString().ToLowerInvariant())))[..16]}";

    public static string CreateTargetLock(TableName target) => $"CREATE TABLE IF NOT EXISTS headrace.{TargetLock(target)} (schema_name varchar(65535), table_name varchar(65535))";

    /// <summary>Waits for other loads of the target; it takes no snapshot.</summary>
    public static string Lock(TableName target) => $"LOCK headrace.{TargetLock(target)}";

    /// <summary>Waits for loads that are under way.</summary>
    public const string LockLoads = "LOCK headrace.loads";

    /// <summary>Generation, load, cursor, the version of the state.</summary>
    public static string ReadPosition(Dataset dataset) => $"SELECT generation, load_id, cursor, (SELECT max(version) FROM headrace.meta) FROM headrace.{PositionTable(dataset)} WHERE dataset = {Literal(dataset.Name)}";

    public static string InsertPosition(ChangeSet changes, string runId, DateTimeOffset now) =>
        $"""
        INSERT INTO headrace.{PositionTable(changes.Dataset)} (dataset, flow, generation, load_id, run_id, updated_at, cursor)
        VALUES ({Literal(changes.Dataset.Name)}, {Literal(changes.Dataset.Flow)}, 1, {Literal(changes.Id)}, {Literal(runId)}, {Literal(now)}, {Literal(changes.Cursor)})
        """;

    public static string MovePosition(ChangeSet changes, string runId, DateTimeOffset now) =>
        $"""
        UPDATE headrace.{PositionTable(changes.Dataset)} SET generation = generation + 1, load_id = {Literal(changes.Id)}, run_id = {Literal(runId)}, updated_at = {Literal(now)}
            {(changes.Cursor is { } cursor ? $", cursor = {Literal(cursor)}" : "")}
        WHERE dataset = {Literal(changes.Dataset.Name)} AND generation = {Literal(changes.From.Generation)}
        """;

    /// <summary>Moves the generation alone.</summary>
    public static string MovePosition(Dataset dataset) => $"UPDATE headrace.{PositionTable(dataset)} SET generation = generation + 1 WHERE dataset = {Literal(dataset.Name)}";

    /// <summary>The next comparison asks the table what it holds, and not the memory of the last load.</summary>
    public static string ForgetLoad(Dataset dataset, string id) => $"UPDATE headrace.{PositionTable(dataset)} SET load_id = {Literal(id)} WHERE dataset = {Literal(dataset.Name)}";

    public static string Committed(IReadOnlyList<string> loads) => $"SELECT load_id FROM headrace.loads WHERE load_id IN ({string.Join(", ", loads.Select(Literal))})";

    public static string CountLoads(Dataset dataset, bool thatInserted) =>
        $"SELECT count(*) FROM headrace.loads WHERE dataset = {Literal(dataset.Name)}{(thatInserted ? " AND inserted > 0" : "")}";

    /// <summary>Key, stamp, SHA-256, outcome, note, version, action, load, rows.</summary>
    public static string Files(Dataset dataset) =>
        $"SELECT key, stamp, coalesce(sha256, ''), outcome, note, version, action, load_id, rows FROM headrace.files WHERE dataset = {Literal(dataset.Name)} ORDER BY sequence";

    /// <summary>When the newest files landed that replaced the table, and that brought rows.</summary>
    public static string NewestLanded(Dataset dataset) =>
        $"""
        SELECT max(CASE WHEN action = 'truncate' THEN landed_at END), max(CASE WHEN action <> 'schema' THEN landed_at END)
        FROM headrace.files WHERE dataset = {Literal(dataset.Name)} AND outcome = 'loaded'
        """;

    /// <summary>The document that holds, when it landed, its key.</summary>
    public static string LastSchema(Dataset dataset) =>
        $"SELECT document, landed_at, key FROM headrace.schema_documents WHERE dataset = {Literal(dataset.Name)} ORDER BY generation DESC LIMIT 1";

    public static string InsertSchema(ChangeSet changes, SchemaDocument document, LakeFile file, string sha256, DateTimeOffset now) =>
        $"""
        INSERT INTO headrace.schema_documents (flow, dataset, schema_version, key, sha256, document, landed_at, applied_at, load_id, generation)
        VALUES ({Literal(changes.Dataset.Flow)}, {Literal(changes.Dataset.Name)}, {Literal(document.Version)}, {Literal(file.Key)}, {Literal(sha256)}, {Literal(document.Json)},
            {Literal(file.LandedAt)}, {Literal(now)}, {Literal(changes.Id)}, {Literal(changes.From.Generation + 1)})
        """;

    public static string InsertLoad(ChangeSet changes, LoadAttempt attempt, LoadResult result, long files, DateTimeOffset now) =>
        $"""
        INSERT INTO headrace.loads (load_id, run_id, flow, dataset, schema_name, table_name, generation, operation, files, inserted, updated, deleted, unchanged, quarantined, committed_at)
        VALUES ({Literal(changes.Id)}, {Literal(attempt.RunId)}, {Literal(changes.Dataset.Flow)}, {Literal(changes.Dataset.Name)}, {Literal(changes.Target.Schema)}, {Literal(changes.Target.Table)},
            {Literal(changes.From.Generation + 1)}, {Literal(changes.Action == "load" ? changes.Operation.ToString().ToLowerInvariant() : changes.Action)}, {Literal(files)},
            {Literal(result.Inserted)}, {Literal(result.Updated)}, {Literal(result.Deleted)}, {Literal(result.Unchanged)}, {Literal(result.Quarantined)}, {Literal(now)})
        """;

    public static string InsertPublication(Publication publication, DateTimeOffset now) =>
        $"""
        INSERT INTO headrace.published (load_id, of_flow, dataset, version, generation, operations, committed_at)
        VALUES ({Literal(publication.LoadId)}, {Literal(publication.Dataset.Flow)}, {Literal(publication.Dataset.Name)}, {Literal(publication.Version)},
            {Literal(publication.Generation)}, {Literal(publication.Operations)}, {Literal(now)})
        """;

    public static string PendingOf(string flow) => $"SELECT DISTINCT dataset FROM headrace.published WHERE of_flow = {Literal(flow)} AND published_at IS NULL ORDER BY dataset";

    /// <summary>Load, version, generation, operations.</summary>
    public static string Pending(Dataset dataset) =>
        $"SELECT load_id, version, generation, operations FROM headrace.published WHERE dataset = {Literal(dataset.Name)} AND published_at IS NULL ORDER BY generation";

    public static string Published(string loadId, DateTimeOffset now) => $"UPDATE headrace.published SET published_at = {Literal(now)} WHERE load_id = {Literal(loadId)}";
}
