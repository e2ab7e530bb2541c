using Headrace.DuckDb;

namespace Headrace.Postgres.Redshift;

/// <summary>The file ledger, the quarantine, the process table, the history.</summary>
internal static partial class RedshiftSql
{
    /// <summary>Rows of files on their way into <c>headrace.files</c>.</summary>
    public const string CreateNotes =
        """
        CREATE TEMP TABLE headrace_notes (place bigint, key varchar(65535), action varchar(64), size bigint, sha256 varchar(64), rows bigint, quarantined bigint, schema_version varchar(65535),
            outcome varchar(64), note varchar(65535), error_code varchar(64), stamp varchar(65535), landed_at timestamptz, version varchar(65535), parts bigint)
        """;

    public const string ClearNotes = "DELETE FROM headrace_notes";

    /// <param name="first">The place of the first row.</param>
    public static string InsertNotes(IEnumerable<FileRow> rows, long first) =>
        $"""
        INSERT INTO headrace_notes (place, {FileColumns}) VALUES {string.Join(", ", rows.Select((row, i) =>
            $"({Literal(first + i)}, {Literal(row.Key)}, {Literal(row.Action)}, {Literal(row.Size)}, {Literal(row.Sha256)}, {Literal(row.Rows)}, {Literal(row.Quarantined)}, {Literal(row.SchemaVersion)}, {Literal(row.Outcome)}, {Literal(Shortened(row.Note))}, {Literal(row.ErrorCode)}, {Literal(row.Stamp)}, {Literal(DateTimeOffset.UnixEpoch.AddTicks(row.LandedUs * TimeSpan.TicksPerMicrosecond))}, {Literal(row.Version)}, {Literal(row.Parts)})"))}
        """;

    public static string TouchFiles(Dataset dataset) =>
        $"""
        UPDATE headrace.files SET stamp = n.stamp FROM headrace_notes AS n
        WHERE files.dataset = {Literal(dataset.Name)} AND files.key = n.key AND ((files.sha256 = n.sha256) OR (files.sha256 IS NULL AND n.sha256 IS NULL))
        """;

    public static string DropRefused(Dataset dataset) =>
        $"""
        DELETE FROM headrace.files USING headrace_notes AS n WHERE files.dataset = {Literal(dataset.Name)} AND files.key = n.key AND files.outcome = 'refused'
            AND NOT (n.outcome = 'refused' AND files.stamp = n.stamp AND ((files.note = n.note) OR (files.note IS NULL AND n.note IS NULL)))
        """;

    public static string LastSequence(Dataset dataset) => $"SELECT coalesce(max(sequence), 0) FROM headrace.files WHERE dataset = {Literal(dataset.Name)}";

    public static string InsertFiles(Dataset dataset, TableName target, string? loadId, DateTimeOffset now, long after) =>
        $"""
        INSERT INTO headrace.files (flow, dataset, schema_name, table_name, {FileColumns}, seen_at, loaded_at, load_id, sequence)
        SELECT {Literal(dataset.Flow)}, {Literal(dataset.Name)}, {Literal(target.Schema)}, {Literal(target.Table)}, {string.Join(", ", FileColumns.Split(", ").Select(name => $"n.{name}"))},
            {Literal(now)}, {(loadId is null ? "CAST(NULL AS timestamptz)" : Literal(now))}, CAST({Literal(loadId)} AS varchar(64)), {Literal(after)} + n.place
        FROM headrace_notes AS n LEFT JOIN headrace.files AS f ON f.dataset = {Literal(dataset.Name)} AND f.key = n.key AND f.outcome = 'refused' AND n.outcome = 'refused'
        WHERE f.key IS NULL
        """;

    public const string CountWaiting = "SELECT dataset, count(*), min(held_at) FROM headrace.quarantine WHERE status = 'waiting' GROUP BY dataset ORDER BY dataset";

    /// <summary>The identity of a row that COPY made says nothing of its place.</summary>
    public static string Waiting(string of, bool all, int most) =>
        $"""
        SELECT id, flow, dataset, coalesce(schema_name, ''), coalesce(table_name, ''), file, line, "column", value, reason, "row", status, held_at, resolution
        FROM headrace.quarantine WHERE (flow = {Literal(of)} OR dataset = {Literal(of)}) {(all ? "" : "AND status = 'waiting' ")}ORDER BY held_at, dataset, file, line, id LIMIT {Literal(most)}
        """;

    /// <summary>Id, file and line of rows that wait.</summary>
    public static string WaitingOf(IReadOnlyList<string> datasets, TableName target) =>
        $"""
        SELECT id, file, line FROM headrace.quarantine WHERE status = 'waiting' AND dataset IN ({string.Join(", ", datasets.Select(Literal))})
            AND schema_name = {Literal(target.Schema)} AND table_name = {Literal(target.Table)} ORDER BY held_at, dataset, file, line, id
        """;

    public static string Discard(string of, IReadOnlyList<long>? ids, string? reason, DateTimeOffset now) =>
        $"""
        UPDATE headrace.quarantine SET status = 'discarded', resolved_at = {Literal(now)}, resolution = {Literal(reason)}
        WHERE status = 'waiting' AND (flow = {Literal(of)} OR dataset = {Literal(of)}){(ids is null ? "" : $" AND {Among(ids)}")}
        """;

    /// <summary>Those of the rows that wait for nothing any more: their table was replaced since. No subquery is correlated, for not all of those are had.</summary>
    public static string Replaced(TableName target, IReadOnlyList<long> ids) =>
        $"""
        SELECT DISTINCT q.id FROM headrace.quarantine AS q JOIN headrace.loads AS l ON l.schema_name = q.schema_name AND l.table_name = q.table_name
        WHERE {Waits(target, ids)} AND l.operation IN ('replace', 'truncate', 'changes') AND l.load_id <> q.load_id AND l.committed_at > q.held_at
        """;

    /// <summary>Id and row of those that can be read again.</summary>
    public static string WaitingRows(TableName target, IReadOnlyList<long> ids) => $"SELECT q.id, q.\"row\" FROM headrace.quarantine AS q WHERE {Waits(target, ids)} AND q.\"row\" IS NOT NULL";

    /// <summary>Name and flow of the datasets of exports that the rows belong to.</summary>
    public static string DatasetsOfChanges(IReadOnlyList<long> ids) => $"SELECT DISTINCT dataset, flow FROM headrace.quarantine WHERE operation = 'changes' AND {Among(ids)}";

    public static string Resolve(IReadOnlyList<long> ids, string status, string? resolution, DateTimeOffset now) =>
        $"UPDATE headrace.quarantine SET status = {Literal(status)}, resolved_at = {Literal(now)}, resolution = {Literal(resolution)} WHERE status = 'waiting' AND {Among(ids)}";

    public static string Supersede(Dataset dataset, DateTimeOffset now) =>
        $"UPDATE headrace.quarantine SET status = 'superseded', resolved_at = {Literal(now)}, resolution = 'a newer export was applied' WHERE dataset = {Literal(dataset.Name)} AND status = 'waiting'";

    public const string ListTables = $"SELECT {ProcessNames} FROM headrace.process_table ORDER BY connection, source_table";

    public static string RemoveTable(string connection, string table) => $"DELETE FROM headrace.process_table WHERE connection = {Literal(connection)} AND source_table = {Literal(table)}";

    public static string AddTable(TableEntry entry) =>
        $"""
        INSERT INTO headrace.process_table (connection, source_table, target_schema, target_table, primary_key, create_key, update_key, enabled)
        VALUES ({Literal(entry.Connection)}, {Literal(entry.Table)}, {Literal(entry.Target?.Schema)}, {Literal(entry.Target?.Table)}, {Literal(string.Join(',', entry.PrimaryKey))},
            {Literal(entry.CreateKey)}, {Literal(entry.UpdateKey)}, {(entry.IsEnabled ? "true" : "false")})
        """;

    /// <summary>What an entry that is changed keeps.</summary>
    public static string ChangeTable(TableEntry entry) =>
        $"""
        UPDATE headrace.process_table SET target_schema = {Literal(entry.Target?.Schema)}, target_table = {Literal(entry.Target?.Table)}, primary_key = {Literal(string.Join(',', entry.PrimaryKey))},
            create_key = {Literal(entry.CreateKey)}, update_key = {Literal(entry.UpdateKey)}, enabled = {(entry.IsEnabled ? "true" : "false")}
        WHERE connection = {Literal(entry.Connection)} AND source_table = {Literal(entry.Table)}
        """;

    public static string RecordTable(string connection, string table, Run run, string status, DateTimeOffset now) =>
        $"""
        UPDATE headrace.process_table SET last_status = {Literal(status)}, last_inserted = {Literal(run.Inserted)}, last_updated = {Literal(run.Updated)}, last_deleted = {Literal(run.Deleted)},
            last_error = {Literal(run.Error is null ? null : Shortened($"{run.Error.Code}  {run.Error.What}"))}{(run.Outcome is Outcome.Loaded or Outcome.UpToDate ? $", last_sync_time = {Literal(now)}" : "")}
        WHERE connection = {Literal(connection)} AND source_table = {Literal(table)}
        """;

    public static string CopyTables(string connection, DateTimeOffset now) =>
        $"INSERT INTO headrace.process_table_snapshot ({ProcessNames}, snapshot_at) SELECT {ProcessNames}, {Literal(now)} FROM headrace.process_table WHERE connection = {Literal(connection)}";

    /// <summary>Schema, table, dataset, key, SHA-256, action, load, operation, rows, quarantined, version, document.</summary>
    public static string History(string flow) =>
        $"""
        SELECT f.schema_name, f.table_name, f.dataset, f.key, coalesce(f.sha256, ''), f.action, l.load_id, l.operation, f.rows, f.quarantined, f.version, s.document
        FROM headrace.files AS f JOIN headrace.loads AS l ON l.load_id = f.load_id LEFT JOIN headrace.schema_documents AS s ON s.load_id = f.load_id AND f.action = 'schema'
        WHERE f.flow = {Literal(flow)} AND f.outcome = 'loaded' ORDER BY l.committed_at, f.dataset, f.sequence
        """;

    public static string ReleasedRows(TableName target) =>
        $"SELECT load_id, \"row\" FROM headrace.quarantine WHERE status = 'released' AND schema_name = {Literal(target.Schema)} AND table_name = {Literal(target.Table)} ORDER BY id";

    private static string Among(IReadOnlyList<long> ids) => $"id IN ({string.Join(", ", ids.DefaultIfEmpty(-1).Select(id => Literal(id)))})";

    private static string Waits(TableName target, IReadOnlyList<long> ids) =>
        $"q.{Among(ids)} AND q.status = 'waiting' AND q.schema_name = {Literal(target.Schema)} AND q.table_name = {Literal(target.Table)}";

    // What a person reads may be shortened to what a column takes: a character has at most four bytes.
    private static string? Shortened(string? text) => text is { Length: > 16000 } ? text[..16000] : text;
}
