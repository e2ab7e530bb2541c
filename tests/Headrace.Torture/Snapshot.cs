using System.Globalization;

namespace Headrace.Torture;

internal sealed record FileRow(
    string Dataset,
    string Key,
    string Action,
    string Outcome,
    string? Sha256,
    long Size,
    long Rows,
    long Quarantined,
    string? Error,
    string? Version
);

internal sealed record LoadRow(
    string Id,
    string RunId,
    string Dataset,
    long Generation,
    long Inserted,
    long Updated,
    long Deleted,
    long Unchanged,
    long Quarantined
);

internal sealed record PublishedRow(string LoadId, string Dataset, long Generation, long Operations, bool IsPublished);

internal sealed record QuarantineRow(long Id, string Dataset, string File, long Line, string Status);

/// <summary>All that a warehouse and its ledger hold, read with plain SELECTs while no process runs.</summary>
internal sealed class Snapshot
{
    private const string Customer = "id, name, city, amount, CAST(changed_at AS VARCHAR) AS changed_at, seq";
    private const string IsGone = ", CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END AS is_gone";

    // Each with its columns as the model writes a row.
    private static readonly Dictionary<string, string> Targets = new()
    {
        ["events"] = "n, kind, amount",
        ["people"] = "id, name, rev",
        [Model.OfPeople] =
            "id, name, rev, CAST(valid_from AS VARCHAR) AS valid_from, CAST(valid_to AS VARCHAR) AS valid_to, "
            + "CASE WHEN is_current THEN 1 ELSE 0 END AS is_current",
        ["cards"] = "n, card",
        ["accounts"] = Customer,
        ["stock"] = "sku, qty",
        ["alpha"] = "id, label, qty",
        ["beta"] = "id, label, qty",
        ["customers"] = Customer,
        ["customers_history"] =
            $"{Customer}, CAST(valid_from AS VARCHAR) AS valid_from, CAST(valid_to AS VARCHAR) AS valid_to, "
            + "CASE WHEN is_current THEN 1 ELSE 0 END AS is_current",
        ["exports_acme"] = "id, name, amount",
        ["exports_bolt"] = "id, name, amount",
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

    /// <param name="isSoft">Customers that are gone stay, and say so.</param>
    public static Snapshot Read(Folder folder, Reading warehouse, bool isSoft)
    {
        var snapshot = new Snapshot();
        if (File.Exists(folder.Ledger))
            using (var ledger = Reading.Of(folder.Ledger))
                snapshot.LedgerLoaded =
                [
                    .. ledger.Rows("SELECT id FROM run_history WHERE outcome = 'loaded'").Select(row => row[0]!),
                ];
        snapshot.Add(warehouse, isSoft);
        if (File.Exists(folder.Unloaded))
            using (var published = Reading.Of(folder.Unloaded))
                snapshot.Add(published, isSoft);
        return snapshot;
    }

    private void Add(Reading warehouse, bool isSoft)
    {
        Files.AddRange(
            warehouse
                .Rows(
                    """
                    SELECT dataset, key, action, outcome, sha256, size, rows, quarantined, error_code,
                    version FROM headrace.files
                    """
                )
                .Select(row => new FileRow(
                    row[0]!,
                    row[1]!,
                    row[2]!,
                    row[3]!,
                    row[4],
                    Number(row[5]),
                    Number(row[6]),
                    Number(row[7]),
                    row[8],
                    row[9]
                ))
        );
        Loads.AddRange(
            warehouse
                .Rows(
                    """
                    SELECT load_id, run_id, dataset, generation, inserted, updated, deleted, unchanged,
                    quarantined FROM headrace.loads ORDER BY dataset, generation
                    """
                )
                .Select(row => new LoadRow(
                    row[0]!,
                    row[1]!,
                    row[2]!,
                    Number(row[3]),
                    Number(row[4]),
                    Number(row[5]),
                    Number(row[6]),
                    Number(row[7]),
                    Number(row[8])
                ))
        );
        Published.AddRange(
            warehouse
                .Rows(
                    """
                    SELECT load_id, dataset, generation, operations, CASE WHEN published_at IS NULL THEN 0
                    ELSE 1 END AS is_published FROM headrace.published
                    """
                )
                .Select(row => new PublishedRow(row[0]!, row[1]!, Number(row[2]), Number(row[3]), row[4] == "1"))
        );
        Quarantine.AddRange(
            warehouse
                .Rows("SELECT id, dataset, file, line, status FROM headrace.quarantine")
                .Select(row => new QuarantineRow(Number(row[0]), row[1]!, row[2]!, Number(row[3]), row[4]!))
        );
        foreach (var row in warehouse.Rows("SELECT dataset, generation, load_id FROM headrace.positions"))
            Positions[row[0]!] = (Number(row[1]), row[2]!);
        foreach (
            var table in warehouse
                .Rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'")
                .Select(row => row[0]!)
        )
            Rows[
                table is "alpha" or "beta" ? $"inbox/{table}"
                : Model.OfChanges.Contains(table) || table == Model.OfPeople ? table
                : table.Replace('_', '/')
            ] =
            [
                .. warehouse
                    .Rows($"SELECT {Targets[table]}{(isSoft && table == "customers" ? IsGone : "")} FROM raw.{table}")
                    .Select(row => string.Join('|', row.Select(value => value ?? Content.Null))),
            ];
    }

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
