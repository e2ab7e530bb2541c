using Headrace.DuckDb;

namespace Headrace.Torture;

internal sealed record FileRow(string Dataset, string Key, string Action, string Outcome, string? Sha256, long Size, long Rows, long Quarantined, string? Error);

internal sealed record LoadRow(string Id, string RunId, string Dataset, long Generation, long Inserted, long Updated, long Deleted, long Unchanged, long Quarantined);

internal sealed record QuarantineRow(long Id, string Dataset, string File, long Line, string Status);

/// <summary>All that a warehouse and its ledger hold, read with plain SELECTs while no process has the file.</summary>
internal sealed class Snapshot
{
    // Each with its columns as the model writes a row.
    private static readonly Dictionary<string, string> Targets = new()
    {
        ["events"] = "n, kind, amount", ["people"] = "id, name, rev", ["stock"] = "sku, qty", ["alpha"] = "id, label, qty", ["beta"] = "id, label, qty",
    };

    public Dictionary<string, List<string>> Rows { get; } = [];

    public required IReadOnlyList<FileRow> Files { get; init; }

    public required IReadOnlyList<LoadRow> Loads { get; init; }

    public required IReadOnlyList<QuarantineRow> Quarantine { get; init; }

    /// <summary>Generation and newest load of each dataset.</summary>
    public required IReadOnlyDictionary<string, (long Generation, string LoadId)> Positions { get; init; }

    /// <summary>Runs that the ledger says loaded something.</summary>
    public required IReadOnlyList<string> LedgerLoaded { get; init; }

    public static Snapshot Read(Folder folder)
    {
        var ledger = new List<string>();
        if (File.Exists(folder.Ledger))
            using (var file = Open(folder.Ledger))
            using (var db = file.Connect())
                ledger = Query(db, "SELECT id FROM runs WHERE outcome = 'loaded'", reader => reader.GetString(0));

        using var warehouse = Open(folder.Warehouse);
        using var connection = warehouse.Connect();
        var snapshot = new Snapshot
        {
            LedgerLoaded = ledger,
            Files = Query(connection, "SELECT dataset, key, action, outcome, sha256, size, rows, quarantined, error_code FROM headrace.files", reader => new FileRow(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetText(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetText(8))),
            Loads = Query(connection, "SELECT load_id, run_id, dataset, generation, inserted, updated, deleted, unchanged, quarantined FROM headrace.loads ORDER BY dataset, generation", reader => new LoadRow(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8))),
            Quarantine = Query(connection, "SELECT id, dataset, file, line, status FROM headrace.quarantine", reader => new QuarantineRow(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4))),
            Positions = Query(connection, "SELECT dataset, generation, load_id FROM headrace.positions", reader => (reader.GetString(0), (reader.GetInt64(1), reader.GetString(2))))
                .ToDictionary(pair => pair.Item1, pair => pair.Item2),
        };
        foreach (var table in Query(connection, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'", reader => reader.GetString(0)))
            snapshot.Rows[table is "alpha" or "beta" ? $"inbox/{table}" : table] = Query(connection, $"SELECT {Targets[table]} FROM raw.{table}",
                reader => string.Join('|', Enumerable.Range(0, reader.ColumnCount).Select(column => reader.GetText(column) ?? "∅")));
        return snapshot;
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
