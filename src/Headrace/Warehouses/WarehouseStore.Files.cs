namespace Headrace.Warehouses;

/// <summary>Files, loads, schema documents, publications and the history of tables.</summary>
public sealed partial class WarehouseStore
{
    // Of about a kilobyte each; a statement of Redshift may have 16 MB.
    private const int RowsOfStatement = 500;

    /// <summary>
    /// Files from which no rows were loaded. A note that says nothing is of known content, which only gets its new
    /// stamp.
    /// </summary>
    public async Task RecordAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes)
    {
        foreach (var touched in notes.Where(IsTouched).Chunk(RowsOfStatement))
        {
            string Same(FileNote note) =>
                dialect.Sql($"key = {note.File.Key} AND sha256 {Is(note.Sha256.Length == 0 ? null : note.Sha256)}");
            var stamps = touched.Select(note => $"WHEN {Same(note)} THEN {dialect.Literal(note.File.Stamp)}");
            await RunAsync(
                dialect.Sql(
                    $"""
                    UPDATE {Files} SET stamp = CASE {new Raw(string.Join(" ", stamps))} ELSE stamp END
                    WHERE dataset = {dataset.Name} AND key IN ({touched.Select(note => note.File.Key)})
                    """
                )
            );
        }

        var known = await KnownAsync(dataset, notes);
        await InsertAsync(
            dataset,
            target,
            [
                .. notes
                    .Where(note => !IsTouched(note) && !known.Contains((note.File.Key, note.File.Stamp, note.Outcome)))
                    .Select(note =>
                        FileRow.Of(note.File, note.Sha256, note.Action, note.Outcome) with
                        {
                            Note = note.Note,
                            ErrorCode = note.Error?.Code,
                            Version = note.Version,
                            Parts = note.Version is null ? null : notes.Count(other => other.Version == note.Version),
                        }
                    ),
            ],
            null
        );
    }

    // Of a run that was killed the server may have written the same down since this one has read what is known.
    private async Task<HashSet<(string, string, FileOutcome)>> KnownAsync(
        Dataset dataset,
        IReadOnlyList<FileNote> notes
    )
    {
        var known = new HashSet<(string, string, FileOutcome)>();
        foreach (
            var some in notes
                .Where(note => !IsTouched(note) && note.Outcome != FileOutcome.Refused)
                .Chunk(RowsOfStatement)
        )
            known.UnionWith(
                await db.RowsAsync(
                    dialect.Sql(
                        $"""
                        SELECT key, stamp, outcome FROM {Files}
                        WHERE dataset = {dataset.Name} AND key IN ({some.Select(note => note.File.Key)})
                        AND outcome IN ({Word(FileOutcome.Alias)}, {Word(FileOutcome.Superseded)})
                        """
                    ),
                    row => (row.Text(0), row.Text(1), Enum.Parse<FileOutcome>(row.Text(2), ignoreCase: true)),
                    cancel
                )
            );
        return known;
    }

    /// <summary>Files whose rows (or schema) this transaction loads.</summary>
    public Task LoadedAsync(ChangeSet changes, IReadOnlyList<FileRow> rows) =>
        InsertAsync(changes.Dataset, changes.Target, rows, changes.Id);

    /// <summary>The load of this transaction.</summary>
    public Task AddAsync(ChangeSet changes, string runId, LoadResult result, long files) =>
        RunAsync(
            dialect.Sql(
                $"""
                INSERT INTO {Loads} (load_id, run_id, flow, dataset, schema_name, table_name, generation, operation,
                    files,
                    inserted, updated, deleted, unchanged, quarantined, committed_at)
                VALUES ({changes.Id}, {runId}, {changes.Dataset.Flow}, {changes.Dataset.Name},
                    {changes.Target.Schema}, {changes.Target.Table},
                    {changes.From.Generation + 1}, {(
                    changes.Action == "load" ? Word(changes.Operation) : changes.Action
                )}, {files},
                    {result.Inserted}, {result.Updated}, {result.Deleted}, {result.Unchanged},
                        {(changes.Released is null ? result.Quarantined : 0)}, {Now})
                """
            )
        );

    /// <summary>The schema document of this transaction.</summary>
    public async Task AddAsync(ChangeSet changes, SchemaDocument document, LakeFile file, string sha256)
    {
        var (name, order) = (changes.Dataset.Name, new Raw(dialect.SchemaOrder));
        var last = await db.NumberAsync(
            dialect.Sql($"SELECT coalesce(max({order}), 0) FROM {Schemas} WHERE dataset = {name}"),
            cancel
        );
        await RunAsync(
            dialect.Sql(
                $"""
                INSERT INTO {Schemas} (flow, dataset, schema_version, key, sha256, document, landed_at, applied_at,
                    load_id, {order})
                VALUES ({changes.Dataset.Flow}, {name}, {document.Version}, {file.Key}, {sha256}, {document.Json},
                    {file.LandedAt}, {Now}, {changes.Id}, {last + 1})
                """
            )
        );
    }

    /// <summary>Operations of this transaction's load that are to be published.</summary>
    public Task AddAsync(Publication publication) =>
        RunAsync(
            dialect.Sql(
                $"""
                INSERT INTO {Published} (load_id, of_flow, dataset, version, generation, operations, committed_at)
                VALUES ({publication.LoadId}, {publication.Dataset.Flow}, {publication.Dataset.Name},
                    {publication.Version},
                    {publication.Generation}, {publication.Operations}, {Now})
                """
            )
        );

    /// <summary>The names of the flow's datasets that have operations which are not published yet.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(string flow) =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT DISTINCT dataset FROM {Published}
                WHERE of_flow = {flow} AND published_at IS NULL ORDER BY dataset
                """
            ),
            row => row.Text(0),
            cancel
        );

    /// <summary>A dataset's loads whose operations are not published yet, the oldest first.</summary>
    public async Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset) =>
        await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT load_id, version, generation, operations FROM {Published} WHERE dataset = {dataset.Name}
                    AND published_at IS NULL ORDER BY generation
                """
            ),
            row => new Publication(row.Text(0), dataset, row.Text(1), row.Number(2), row.Number(3)),
            cancel
        );

    public Task PublishedAsync(Publication publication) =>
        RunAsync(dialect.Sql($"UPDATE {Published} SET published_at = {Now} WHERE load_id = {publication.LoadId}"));

    /// <summary>Which of these loads are committed.</summary>
    public async Task<IReadOnlySet<string>> CommittedAsync(IReadOnlyList<string> loads) =>
        (
            await db.RowsAsync(
                dialect.Sql($"SELECT load_id FROM {Loads} WHERE load_id IN ({loads})"),
                row => row.Text(0),
                cancel
            )
        ).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// How far flows have loaded: the generations of their last loads, the last load, and how many rows were released
    /// from quarantine. None of it changes when old loads are removed.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> LoadedAsync(IReadOnlyList<string> flows)
    {
        if (flows.Count == 0)
            return new Dictionary<string, string>();
        var loads = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT flow, CAST(sum(generation) AS bigint), max(load_id) FROM (
                    SELECT flow, max(generation) AS generation, max(load_id) AS load_id FROM {Loads}
                    WHERE flow IN ({flows}) GROUP BY flow, dataset) AS d GROUP BY flow
                UNION ALL SELECT flow, count(*), NULL FROM {Quarantine} WHERE flow IN ({flows})
                    AND status = 'released' GROUP BY flow
                """
            ),
            row => (Flow: row.Text(0), Count: row.Number(1), Last: row.TextOrNull(2)),
            cancel
        );
        return loads
            .OrderBy(one => one.Last is null)
            .GroupBy(one => one.Flow)
            .ToDictionary(
                flow => flow.Key,
                flow =>
                    string.Join(" ", flow.Select(one => one.Last is { } last ? $"{one.Count} {last}" : $"+{one.Count}"))
            );
    }

    /// <summary>How many loads a dataset has.</summary>
    public Task<long> LoadsAsync(Dataset dataset, bool thatInserted) =>
        db.NumberAsync(
            dialect.Sql(
                $"SELECT count(*) FROM {Loads} WHERE inserted >= {(thatInserted ? 1 : 0)} AND dataset = {dataset.Name}"
            ),
            cancel
        );

    /// <summary>What a flow loaded, by table.</summary>
    public async Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow)
    {
        var files = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT f.schema_name, f.table_name, f.dataset, f.key, coalesce(f.sha256, ''), f.action, l.load_id,
                    l.operation, f.rows, f.quarantined,
                    f.version, s.document
                FROM {Files} AS f JOIN {Loads} AS l ON l.load_id = f.load_id LEFT JOIN {Schemas} AS s
                    ON s.load_id = f.load_id AND f.action = 'schema'
                WHERE f.flow = {flow} AND f.outcome = 'loaded' ORDER BY f.dataset, f.sequence
                """
            ),
            row =>
                (
                    Target: new TableName(row.Text(0), row.Text(1)),
                    File: new LoadedFile(
                        row.Text(2),
                        row.Text(3),
                        row.Text(4),
                        row.Text(5),
                        row.Text(6),
                        row.Text(7),
                        row.Number(8),
                        row.Number(9),
                        row.TextOrNull(10),
                        row.TextOrNull(11)
                    )
                ),
            cancel
        );
        var tables = new List<TableHistory>();
        foreach (var group in files.GroupBy(one => one.Target, one => one.File))
            tables.Add(
                new TableHistory(group.Key, [.. group], await ReleasedAsync(group.Key), await OwnersAsync(group.Key))
            );
        return tables;
    }

    /// <summary>What <see cref="ReadAgain"/> does in this transaction.</summary>
    internal async Task SupersedeAsync(ReadAgain again)
    {
        await RunAsync(again.Supersede(Files.Sql));
        await RunAsync(again.Resolve(Quarantine.Sql, dialect.Literal(Now)));
    }

    /// <summary>Rows of files that are read again which nothing tells from others.</summary>
    internal Task<long> RowsOfAsync(ReadAgain again) => db.NumberAsync(again.Rows(Files.Sql, Quarantine.Sql), cancel);

    private static bool IsTouched(FileNote note) => note.Error is null && note.Note is null;

    private static string Word<T>(T word)
        where T : struct, Enum => word.ToString().ToLowerInvariant();

    private Raw Is(string? value) => new(value is null ? "IS NULL" : $"= {dialect.Literal(value)}");

    // A refused version is no history of rows: what counts is what became of it. The same refusal keeps its first row.
    private async Task InsertAsync(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string? loadId)
    {
        if (rows.Count == 0)
            return;
        var there = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT key, stamp, note, 0 FROM {Files} WHERE dataset = {dataset.Name} AND outcome = 'refused'
                UNION ALL SELECT '', '', NULL, coalesce(max(sequence), 0) FROM {Files} WHERE dataset = {dataset.Name}
                """
            ),
            row => (Key: row.Text(0), Stamp: row.Text(1), Note: row.TextOrNull(2), Last: row.Number(3)),
            cancel
        );
        var (last, refused) = (
            there.Max(one => one.Last),
            there.Where(one => one.Key.Length > 0).ToLookup(one => one.Key, StringComparer.Ordinal)
        );
        bool IsKept(FileRow row) =>
            row.Outcome == FileOutcome.Refused
            && refused[row.File.Key].Any(one => one.Stamp == row.File.Stamp && one.Note == Short(row.Note));
        foreach (
            var gone in rows.Where(row => refused.Contains(row.File.Key) && !IsKept(row))
                .Select(row => row.File.Key)
                .Chunk(RowsOfStatement)
        )
            await RunAsync(
                dialect.Sql(
                    $"DELETE FROM {Files} WHERE dataset = {dataset.Name} AND outcome = 'refused' AND key IN ({gone})"
                )
            );
        var now = Now;
        foreach (var some in rows.Where(row => !IsKept(row)).Chunk(RowsOfStatement))
        {
            var values = some.Select(row => Values(dataset, target, row, loadId, now, ++last));
            await RunAsync(
                dialect.Sql(
                    $"""
                    INSERT INTO {Files} (flow, dataset, schema_name, table_name, key, action, size, sha256, rows,
                        quarantined, schema_version, outcome, note, error_code, stamp, landed_at, seen_at, loaded_at,
                        load_id, sequence, version, parts)
                    VALUES {new Raw(string.Join(", ", values))}
                    """
                )
            );
        }
    }

    private string Values(
        Dataset dataset,
        TableName target,
        FileRow row,
        string? loadId,
        DateTimeOffset now,
        long place
    )
    {
        var (file, outcome, note) = (row.File, row.Outcome.ToString().ToLowerInvariant(), Short(row.Note));
        DateTimeOffset? loadedAt = loadId is null ? null : now;
        return dialect.Sql(
            $"""
            ({dataset.Flow}, {dataset.Name}, {target.Schema}, {target.Table}, {file.Key}, {row.Action}, {file.Size},
                {row.Sha256}, {row.Rows}, {row.Quarantined}, {row.SchemaVersion}, {outcome}, {note}, {row.ErrorCode},
                {file.Stamp}, {file.LandedAt}, {now}, {loadedAt}, {loadId}, {place}, {row.Version}, {row.Parts})
            """
        );
    }

    // What a person reads may be shortened to what a column takes.
    private string? Short(string? text) =>
        text?.Length > dialect.LongestNote ? text[..dialect.LongestNote.Value] : text;
}
