namespace Headrace.Torture;

/// <summary>A project's folder on disk: headrace.yaml, the lake, the warehouse. Deleted when it is disposed.</summary>
internal sealed class Folder : IDisposable
{
    // The same without a table: only its operations are published.
    private const string Feed = """
          feed:
            source: { connection: lake, path: "feed/{version}/*.csv.gz", format: csv }
            columns: { id: bigint, name: text, amount: "decimal(38,2)" }
            read: snapshot
            primary_key: id
            complete_when: { settle: 0s }
            limits: { max_deleted: 100% }
            publish: { connection: ops }

        """;

    private const string Models = """
        models:
          people_history:
            sql: models/people_history.sql
            after: [people]
            primary_key: id
            write: scd2

        """;

    private const string Customer =
        """id: bigint, name: text, city: text, amount: "decimal(12,2)", changed_at: timestamp, seq: bigint""";

    private readonly bool keep;
    private readonly Func<string, string> configuration;

    /// <param name="warehouse">The connection as headrace.yaml has it.</param>
    public Folder(
        string name,
        int retries,
        int parallel,
        bool hasFeed,
        bool keep,
        bool isSoft,
        string warehouse,
        Place place
    )
    {
        this.keep = keep;
        Path = Directory.CreateTempSubdirectory($"headrace-torture-{name}-").FullName;
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "lake"));
        (Lake, Published) = (place.Lake(Path), place.Published(Path));
        configuration = to =>
            $$"""
                version: 1
                threads: 1
                memory: 384MB
                parallel: {{parallel}}
                connections:
                  lake: {{Lake.Yaml}}
                  warehouse: {{to}}
                  ops: {{Published.Yaml}}
                defaults:
                  target: { connection: warehouse, schema: raw }
                  settle: 0s
                  batch_bytes: 200
                  retries: {{retries}}
                  retry_delay: 20ms
                flows:
                  customers:
                    source: { connection: lake, path: "customers/**", format: csv, csv: { header: false } }
                    columns: { {{Customer}} }
                    read: cdc
                    cdc: { profile: dms, order_by: [seq], late: 90d }
                    primary_key: id
                    deletes: {{(isSoft ? "soft" : "hard")}}
                    write: merge
                  customers_history:
                    source: { connection: lake, path: "customers_history/**", format: csv, csv: { header: false } }
                    columns: { {{Customer}} }
                    read: cdc
                    cdc: { profile: dms, order_by: [seq], late: 90d }
                    primary_key: id
                    write: scd2
                    scd2: { effective_at: changed_at, ignore: [city] }
                  accounts:
                    source: { connection: lake, path: "accounts/**", format: jsonl }
                    columns: { {{Customer}} }
                    read: cdc
                    cdc: { profile: debezium, late: 90d }
                    primary_key: id
                    write: merge
                  cards:
                    source: { connection: lake, path: "cards/*", format: csv }
                    columns: { n: bigint, card: text }
                    masks: { card: { keep_last: 4 } }
                    read: incremental
                    write: append
                  events:
                    source: { connection: lake, path: "events/*", format: csv }
                    columns: { n: bigint, kind: text, amount: "decimal(12,2)" }
                    read: incremental
                    write: append
                  people:
                    source: { connection: lake, path: "people/*", format: jsonl }
                    columns: { id: bigint, name: text, rev: bigint }
                    primary_key: id
                    read: incremental
                    write: merge
                  stock:
                    source: { connection: lake, path: "stock/*", format: csv }
                    columns: { sku: text, qty: integer }
                    read: incremental
                    write: replace
                  inbox:
                    source: { connection: lake, path: "inbox/{action}/{table}/*" }
                    read: drop
                    target: { table: "{table}" }
                  exports:
                    source: { connection: lake, path: "exports/{tenant}/{version}/*.csv.gz", format: csv }
                    columns: { id: bigint, name: text, amount: "decimal(38,2)" }
                    read: snapshot
                    primary_key: id
                    deletes: hard
                    complete_when: { settle: 0s }
                    limits: { max_deleted: 100% }
                    write: merge
                    target: { table: "exports_{tenant}" }
                    publish: { connection: ops, before: true }

                """
            + (hasFeed ? Feed : "")
            + Models;
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "models"));
        File.WriteAllText(
            System.IO.Path.Combine(Path, "models", "people_history.sql"),
            "SELECT id, name, rev FROM raw.people"
        );
        Connect(warehouse);
    }

    /// <summary>Has runs go to the warehouse by this connection from now on.</summary>
    public void Connect(string warehouse) =>
        File.WriteAllText(System.IO.Path.Combine(Path, "headrace.yaml"), configuration(warehouse));

    public string Path { get; }

    public ILake Lake { get; }

    /// <summary>Where operations are published.</summary>
    public IPublished Published { get; }

    public string Warehouse => System.IO.Path.Combine(Path, "warehouse.duckdb");

    public string Ledger => System.IO.Path.Combine(Path, ".headrace", "ledger.duckdb");

    public string Spool => System.IO.Path.Combine(Path, ".headrace", "spool");

    /// <summary>Where a flow that only publishes has its position.</summary>
    public string Unloaded => System.IO.Path.Combine(Path, ".headrace", "published.duckdb");

    /// <summary>The folder that operations are published to, where it is one.</summary>
    public string Operations => System.IO.Path.Combine(Path, "ops");

    public string Outbox => System.IO.Path.Combine(Path, ".headrace", "outbox");

    /// <summary>What the last exports held.</summary>
    public string Memories => System.IO.Path.Combine(Path, ".headrace", "snapshots");

    /// <summary>The files of the project beside those that land.</summary>
    public IEnumerable<string> Own =>
        Directory
            .EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .Where(file => !file.StartsWith($"{System.IO.Path.Combine(Path, "lake")}/", StringComparison.Ordinal));

    /// <summary>Loses the memory of a dataset's last export.</summary>
    public void Forget(string dataset)
    {
        var memory = System.IO.Path.Combine(Memories, Publishing.Outbox.Hash(dataset));
        if (Directory.Exists(memory))
            Directory.Delete(memory, recursive: true);
    }

    /// <summary>
    /// Leaves what an engine that was killed while it spilled leaves; the rows here are too few for one to spill.
    /// </summary>
    public void Spill()
    {
        foreach (var held in Directory.Exists(Spool) ? Directory.GetFiles(Spool, "*.lock") : [])
        {
            var left = Directory.CreateDirectory(
                System.IO.Path.Combine(System.IO.Path.ChangeExtension(held, null), "temp-0")
            );
            File.WriteAllText(System.IO.Path.Combine(left.FullName, "duckdb_temp_storage_DEFAULT-0.tmp"), "left");
        }
    }

    public static byte[] PackZstd(byte[] plain)
    {
        using var packer = new ZstdSharp.Compressor();
        return packer.Wrap(plain).ToArray();
    }

    public void Dispose()
    {
        if (!keep)
            Directory.Delete(Path, recursive: true);
    }
}
