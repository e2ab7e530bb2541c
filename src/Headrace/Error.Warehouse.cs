namespace Headrace;

public static partial class Error
{
    /// <summary>The position moved since the batch was built.</summary>
    public static HeadraceException Overtaken(string dataset, long expected, long actual) =>
        new(
            "HDR-301",
            "Another run loaded this dataset first; nothing was loaded by this one.",
            "nothing: the next run goes on from there"
        )
        {
            Facts = Facts(("dataset", dataset), ("expected", $"batch {expected}"), ("found", $"batch {actual}")),
        };

    /// <summary>Another process has the warehouse's file open.</summary>
    public static HeadraceException WarehouseBusy(string warehouse, string? holder, Exception inner) =>
        new(
            "HDR-302",
            "Another process has the warehouse open; nothing was loaded.",
            "close the other program, or wait for the other run, and run again",
            inner
        )
        {
            Facts = Facts(("warehouse", warehouse), ("held by", holder)),
            IsTransient = true,
        };

    /// <summary>The disk is full.</summary>
    public static HeadraceException DiskFull(string where, Exception inner) =>
        new(
            "HDR-303",
            "The disk is full; nothing of the batch was loaded.",
            "free some space and run again: it goes on from the last committed batch",
            inner
        )
        {
            Facts = Facts(("where", where)),
        };

    /// <summary>The file ledger says that rows were loaded, and their table is not there.</summary>
    public static HeadraceException TargetGone(TableName target, string dataset, int loads) =>
        new(
            "HDR-304",
            $"The table {target} is gone, though {loads} {(loads == 1 ? "load" : "loads")} brought rows into "
                + "it; nothing was loaded.",
            "bring the table back, or start anew: delete the dataset's rows from headrace.files, "
                + "headrace.loads and headrace.positions"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>Loads of a table are on record, and how far it has been read is not.</summary>
    public static HeadraceException PositionLost(string dataset, int loads) =>
        new(
            "HDR-313",
            $"The position of '{dataset}' is gone, though {loads} {(loads == 1 ? "load" : "loads")} moved it; "
                + "nothing was loaded.",
            "put its row in headrace.positions back, or start anew: empty the table and delete the dataset's "
                + "rows from headrace.loads"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>The warehouse cannot be opened or answers with an error.</summary>
    public static HeadraceException Warehouse(
        string warehouse,
        string found,
        Exception? inner,
        bool transient = false
    ) =>
        new("HDR-305", "The warehouse answered with an error; nothing of the batch was loaded.", Doctor, inner)
        {
            Facts = Facts(("warehouse", warehouse), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>The run took longer than the flow's timeout.</summary>
    public static HeadraceException TimedOut(string dataset, TimeSpan timeout) =>
        new(
            "HDR-306",
            $"The run took longer than timeout: {timeout.TotalSeconds:0.#}s; the batch it was in was not loaded.",
            "set a longer timeout, or run again: it goes on from the last committed batch"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>A column of the target has a type that Headrace does not write.</summary>
    public static HeadraceException UnknownTargetType(TableName target, string column, string type) =>
        new(
            "HDR-307",
            $"The column '{column}' of {target} has a type that Headrace does not write; nothing was loaded.",
            $"change it to one of {ColumnType.Names}, or load into another table"
        )
        {
            Facts = Facts(("found", type)),
        };

    /// <summary>A step needs more memory than the setting grants.</summary>
    public static HeadraceException OutOfMemory(string where, string found, Exception inner) =>
        new(
            "HDR-308",
            "The batch needs more memory than the memory setting grants; nothing of it was loaded.",
            "set a larger memory:, or threads: 1, since each thread has buffers of its own",
            inner
        )
        {
            Facts = Facts(("where", where), ("found", found)),
        };

    /// <summary>Something outside the names above went wrong.</summary>
    public static HeadraceException Unexpected(string where, Exception inner) =>
        new(
            "HDR-309",
            "The operating system answered with an error; nothing of the batch was loaded.",
            "read what was found; -v shows where it was met",
            inner
        )
        {
            Facts = Facts(("where", where), ("found", inner.Message)),
        };

    /// <summary>What was read cannot be kept in the lake.</summary>
    /// <param name="place">The dataset's in the archive.</param>
    public static HeadraceException ArchiveFailed(string archive, string place, HeadraceException inner) =>
        new(
            "HDR-320",
            "What was read cannot be written to the archive; nothing of the batch was loaded.",
            "read what was found; files are written, listed and removed there",
            inner
        )
        {
            Facts = Facts(
                ("archive", archive),
                ("place", place),
                ("found", inner.Facts.FirstOrDefault(fact => fact.Name == "found")?.Value)
            ),
            IsTransient = inner.IsTransient,
        };

    private static string Operations(Publication publication) =>
        $"{publication.Operations} {(publication.Operations == 1 ? "operation" : "operations")}";

    /// <summary>Operations of a committed load could not be published.</summary>
    /// <param name="isTransient">False when it ends the same way each time.</param>
    public static HeadraceException PublishFailed(
        Publication publication,
        string where,
        Exception inner,
        bool isTransient = true
    ) =>
        new(
            "HDR-310",
            $"{Operations(publication)} could not be published; the rows are loaded, and the next run "
                + "publishes the operations.",
            "read what was found, and run again",
            inner
        )
        {
            Facts = Facts(
                ("dataset", publication.Dataset.Name),
                ("version", publication.Version),
                ("where", where),
                ("found", inner.Message)
            ),
            IsTransient = isTransient && !Disk.IsFull(inner),
        };

    /// <summary>The warehouse says that operations wait to be published, and they are not in the outbox.</summary>
    public static HeadraceException PublicationLost(Publication publication, string path) =>
        new(
            "HDR-311",
            $"{Operations(publication)} of a committed load wait to be published and are not in the outbox; "
                + "nothing more was loaded.",
            "run where that load ran, or bring the file back; if its operations may be missing from the "
                + "stream, set published_at of the load in headrace.published"
        )
        {
            Facts = Facts(
                ("dataset", publication.Dataset.Name),
                ("version", publication.Version),
                ("load", publication.LoadId),
                ("outbox", path)
            ),
        };

    /// <summary>A name is longer than the warehouse takes; it would be cut there without a word.</summary>
    public static HeadraceException NameTooLong(string warehouse, string name, int most) =>
        new(
            "HDR-312",
            $"The name '{name}' has more than {most} bytes, and the warehouse takes no more; nothing was loaded.",
            "give it a shorter one: columns: { short: { from: long } }, or target: { table }"
        )
        {
            Facts = Facts(("warehouse", warehouse)),
        };

    /// <summary>
    /// What the last export held is known neither from its memory, nor from a table, nor from its files.
    /// </summary>
    public static HeadraceException SnapshotLost(string dataset, string version) =>
        new(
            "HDR-402",
            $"The memory of export {version} is gone and cannot be made again; nothing was loaded.",
            $"bring .headrace/snapshots back, or the files of export {version} if none of its rows waits in "
                + "quarantine; or delete the dataset's rows from headrace.positions and headrace.files: the next "
                + "export is taken as the first one then"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>Another dataset loads into the table, and one would undo what the other does.</summary>
    /// <param name="isKnown">The others are on record in the warehouse.</param>
    public static HeadraceException TableOwned(
        TableName table,
        Dataset dataset,
        Claim claim,
        IReadOnlyList<Owner> others,
        bool isKnown
    ) =>
        new(
            "HDR-328",
            isKnown
                ? $"The table {table} belongs to another dataset, which '{dataset.Name}' would undo, or be "
                    + "undone by; nothing was loaded."
                : $"Several datasets load into the table {table} and would undo each other; nothing was loaded.",
            "give each a table of its own (target: { table }, or headrace tables add --target), or a key "
                + "that holds every capture of the path (add_columns); to give the table to this one: headrace run "
                + $"{dataset.Flow} --take-over "
                + (
                    dataset.Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '.')
                        ? dataset.Name
                        : $"'{dataset.Name.Replace("'", "'\\''", StringComparison.Ordinal)}'"
                )
        )
        {
            Facts = Facts(
                ("dataset", $"{dataset.Name} ({claim.Way})"),
                ("table", table),
                (
                    isKnown ? "owner" : "others",
                    string.Join(", ", others.Take(5)) + (others.Count > 5 ? $" and {others.Count - 5} more" : "")
                )
            ),
        };

    /// <summary>Headrace's own tables in a warehouse were made by a newer Headrace.</summary>
    public static HeadraceException WarehouseNewer(string warehouse, State.StateVersion found, int known) =>
        new(
            "HDR-329",
            "A newer Headrace has changed its own tables in the warehouse; this one cannot read them, and "
                + "nothing was loaded.",
            $"use Headrace {found.WrittenBy} or a newer one here too; headrace version says which this is"
        )
        {
            Facts = Facts(
                ("warehouse", warehouse),
                ("written by", $"Headrace {found.WrittenBy}, version {found.Number} of the tables"),
                ("known here", $"version {known}")
            ),
        };

    /// <summary>The ledger cannot be read or written.</summary>
    public static HeadraceException Ledger(string ledger, string found, string next, Exception inner) =>
        new(
            "HDR-401",
            "The ledger of runs cannot be used; what the warehouse holds is not touched by that.",
            next,
            inner
        )
        {
            Facts = Facts(("ledger", ledger), ("found", found)),
            IsTransient = true,
        };

    /// <summary>A run said nothing for so long that its dataset was no longer its own.</summary>
    public static HeadraceException LeaseLost(string dataset) =>
        new(
            "HDR-403",
            $"This run held '{dataset}' no longer, since it did not answer for longer than lease: of the "
                + "ledger; the batch it was in was not loaded.",
            "nothing: the next run goes on from the last committed batch"
        )
        {
            Facts = Facts(("dataset", dataset)),
        };

    /// <summary>The tables of a ledger were made by a newer Headrace.</summary>
    public static HeadraceException LedgerNewer(string ledger, State.StateVersion found, int known) =>
        new(
            "HDR-404",
            "A newer Headrace has changed the tables of the ledger; this one cannot use them.",
            $"use Headrace {found.WrittenBy} or a newer one here too; headrace version says which this is"
        )
        {
            Facts = Facts(
                ("ledger", ledger),
                ("written by", $"Headrace {found.WrittenBy}, version {found.Number} of the tables"),
                ("known here", $"version {known}")
            ),
        };

    /// <summary>What lies in the project's own folder was written by a newer Headrace.</summary>
    public static HeadraceException FolderNewer(string folder, State.StateVersion found, int known) =>
        new(
            "HDR-405",
            "A newer Headrace has written what it keeps beside the project; this one cannot use it, and "
                + "nothing was loaded.",
            $"use Headrace {found.WrittenBy} or a newer one here too; headrace version says which this is"
        )
        {
            Facts = Facts(
                ("folder", folder),
                ("written by", $"Headrace {found.WrittenBy}, version {found.Number} of the folder"),
                ("known here", $"version {known}")
            ),
        };

    /// <summary>The position of a table, or the memory of an export, was written by a newer Headrace.</summary>
    public static HeadraceException PlaceNewer(string where, int found, int known) =>
        new(
            "HDR-406",
            "A newer Headrace has written how far this dataset is read; this one cannot go on from there, "
                + "and nothing was loaded.",
            "use the newer one here too; headrace version says which this is"
        )
        {
            Facts = Facts(("where", where), ("found", $"version {found}"), ("known here", $"version {known}")),
        };
}
