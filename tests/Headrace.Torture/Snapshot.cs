using Headrace.DuckDb;

namespace Headrace.Torture;

internal sealed record FileRow(string Dataset, string Key, string Action, string Outcome, string? Sha256, long Size, long Rows, long Quarantined, string? Error, string? Version);

internal sealed record LoadRow(string Id, string RunId, string Dataset, long Generation, long Inserted, long Updated, long Deleted, long Unchanged, long Quarantined);

internal sealed record PublishedRow(string LoadId, string Dataset, long Generation, long Operations, bool IsPublished);

internal sealed record QuarantineRow(long Id, string Dataset, string File, long Line, string Status);

/// <summary>All that a warehouse and its ledger hold, read with plain SELECTs while no process has the file.</summary>
internal sealed class Snapshot
{
    // Each with its columns as the model writes a row.
    private static readonly Dictionary<string, string> Targets = new()
    {
        ["events"] = "n, kind, amount", ["people"] = "id, name, rev", ["stock"] = "sku, qty", ["alpha"] = "id, label, qty", ["beta"] = "id, label, qty",
        ["exports_acme"] = "id, name, amount", ["exports_bolt"] = "id, name, amount",
    };

    public Dictionary<string, List<string>> Rows { get; } = [];

    public List<FileRow> Files { get; } = [];

    public List<LoadRow> Loads { get; } = [];

    public List<PublishedRow> Published { get; } = [];

    public List<QuarantineRow> Quarantine { get; } = [];

    /// <summary>Generation and newest load of each dataset.</summary>
    public Dictionary<string, (long Generation, string LoadId)> Positions { get; } = [];

    /// <summary>Runs that the ledger says loaded something.</summary>
    public IReadOnlyList<string> LedgerLoaded { get; private set; } = [];

    public static Snapshot Read(Folder folder)
    {
        var snapshot = new Snapshot();
        if (File.Exists(folder.Ledger))
            using (var file = Open(folder.Ledger))
            using (var db = file.Connect())
                snapshot.LedgerLoaded = Query(db, "SELECT id FROM runs WHERE outcome = 'loaded'", reader => reader.GetString(0));
        snapshot.Add(folder.Warehouse);
        if (File.Exists(folder.Published))
            snapshot.Add(folder.Published);
        return snapshot;
    }

    private void Add(string path)
    {
        using var warehouse = Open(path);
        using var db = warehouse.Connect();
        Files.AddRange(Query(db, "SELECT dataset, key, action, outcome, sha256, size, rows, quarantined, error_code, version FROM headrace.files", reader => new FileRow(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetText(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetText(8), reader.GetText(9))));
        Loads.AddRange(Query(db, "SELECT load_id, run_id, dataset, generation, inserted, updated, deleted, unchanged, quarantined FROM headrace.loads ORDER BY dataset, generation", reader => new LoadRow(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8))));
        Published.AddRange(Query(db, "SELECT load_id, dataset, generation, operations, published_at IS NOT NULL FROM headrace.published", reader => new PublishedRow(
            reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetBoolean(4))));
        Quarantine.AddRange(Query(db, "SELECT id, dataset, file, line, status FROM headrace.quarantine", reader => new QuarantineRow(
            reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4))));
        foreach (var (dataset, position) in Query(db, "SELECT dataset, generation, load_id FROM headrace.positions", reader => (reader.GetString(0), (reader.GetInt64(1), reader.GetString(2)))))
            Positions[dataset] = position;
        foreach (var table in Query(db, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'", reader => reader.GetString(0)))
            Rows[table is "alpha" or "beta" ? $"inbox/{table}" : table.Replace('_', '/')] = Query(db, $"SELECT {Targets[table]} FROM raw.{table}",
                reader => string.Join('|', Enumerable.Range(0, reader.ColumnCount).Select(column => reader.GetText(column) ?? Content.Null)));
    }

    private static DuckDbDatabase Open(string path) => DuckDbDatabase.Open(path, new Dictionary<string, string> { ["access_mode"] = "READ_ONLY", ["threads"] = "1" });

    private static List<T> Query<T>(DuckDbConnection db, string sql, Func<DuckDbReader, T> row)
    {
        var rows = new List<T>();
        using var reader = db.Query(sql, CancellationToken.None);
        while (reader.Read())
            rows.Add(row(reader));
        return rows;
    }
}
