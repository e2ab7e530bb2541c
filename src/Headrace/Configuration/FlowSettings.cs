using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Every key of a flow that <c>defaults</c> may hold too.</summary>
[Description("Any key of a flow except source.")]
public record FlowSettings
{
    [Description("One sentence on what this flow is for.")]
    public string? Description { get; init; }

    [Description("Who to ask about it.")]
    public string? Owner { get; init; }

    [Description("Words to group flows by.")]
    public IReadOnlyList<string> Tags { get; init; } = [];

    [Description("A flow that is not enabled is checked with the file and never run.")]
    public bool Enabled { get; init; } = true;

    [Description(
        "How what is new is found. incremental: each file once; of a table the rows that create_key and "
            + "update_key say are new. full-refresh: all rows of a table, each time. drop: each file once, and the "
            + "captures {action} and {table} of its path say what it does. snapshot: full exports, all files with "
            + "one {version} are one, or all rows of a table; what changed since the export before is found by "
            + "primary_key. cdc: files whose rows say what happened to each row."
    )]
    public ReadMode? Read { get; init; }

    [Description(
        "What happens to the rows of the table: append adds, replace replaces all rows with the "
            + "new ones, merge inserts or updates by primary_key, scd2 keeps the versions of each row. Needed with "
            + "read: incremental, not allowed with read: drop; with read: snapshot it is merge, and a flow without "
            + "it only publishes. With read: cdc merge holds the rows as they are now, scd2 their history, and "
            + "append each change as a row."
    )]
    public WriteMode? Write { get; init; }

    [Description(
        "How long the table keeps its rows (write: append); for good when it is not said. until_models: until all "
            + "models that read it have committed, which delete the rows that they have read; a batch that came "
            + "meanwhile stays."
    )]
    public KeepRows? KeepRows { get; init; }

    [Description("The columns that tell one row from all others; needed with write: merge and read: snapshot.")]
    public IReadOnlyList<string> PrimaryKey { get; init; } = [];

    [Description(
        "The column that says when a row was made (read: incremental of a table); rows without an update_key "
            + "are found by it."
    )]
    public string? CreateKey { get; init; }

    [Description("The column that says when a row was last changed (read: incremental of a table).")]
    public string? UpdateKey { get; init; }

    [Description(
        "How far before its position a table is read again (read: incremental). Needed only where late "
            + "commits cannot be told: see docs/tables.md."
    )]
    public TimeSpan? Lookback { get; init; }

    [Description(
        "The columns by which two versions of a row are compared (read: snapshot); all of them when it is "
            + "not said, or `all`."
    )]
    public IReadOnlyList<string> Compare { get; init; } = [];

    [Description(
        "What happens to a row that an export no longer has (read: snapshot) or that was deleted (read: cdc): hard "
            + "deletes it, soft sets its deleted_at, ignore keeps it."
    )]
    public Deletes Deletes { get; init; } = Deletes.Hard;

    [Description(
        "What happens when an export lacks a column that the one before had (read: snapshot): stop loads "
            + "nothing of it, allow makes the column NULL in all rows."
    )]
    public MissingColumns MissingColumns { get; init; } = MissingColumns.Stop;

    [Description(
        "How exports follow one another (read: snapshot): by the text of {version}, or by its date where the "
            + "path gives the form of one ({version:dd-MM-yyyy}), by the time their files landed, or natural: by "
            + "the text with its numbers as numbers."
    )]
    public VersionOrder VersionOrder { get; init; } = VersionOrder.Text;

    [Description(
        "When an export is complete (read: snapshot); all that is said must hold. Its files unchanged for "
            + "30s when nothing is said."
    )]
    public CompleteWhen CompleteWhen { get; init; } = new();

    [Description("How the files say what happened to each row (read: cdc).")]
    public Cdc? Cdc { get; init; }

    [Description("How the table keeps the history of its rows (write: scd2).")]
    public Scd2? Scd2 { get; init; }

    [Description("Where the operations (inserts, updates, deletes) are published (read: snapshot).")]
    public Publish? Publish { get; init; }

    [Description(
        "Where what is read is kept (source: a database): all rows of each load, in the lake. A default of "
            + "it is for flows that read a database."
    )]
    public ArchiveSettings? Archive { get; init; }

    [Description("Where the rows go.")]
    public Target Target { get; init; } = new();

    [Description(
        "The columns and their types, in the order of the table. What is not listed is found out from the "
            + "data, unless infer: false."
    )]
    public IReadOnlyDictionary<string, FlowColumn> Columns { get; init; } = new OrderedDictionary<string, FlowColumn>();

    [Description(
        "How columns are hidden, by their names in the table or in the source: before anything is staged, sampled, "
            + "set aside, published or archived. A flow's masks come to those of the defaults. See docs/masks.md."
    )]
    public IReadOnlyDictionary<string, FlowMask> Masks { get; init; } = new OrderedDictionary<string, FlowMask>();

    [Description(
        "How long ago the last run may be that went well and left nothing waiting; notifications with the condition "
            + "lag tell when it is over."
    )]
    public TimeSpan? MaxLag { get; init; }

    [Description(
        "The condition of rows that are wanted, in DuckDB's SQL over the columns as they came, typed and unmasked; "
            + "the other rows are counted and not loaded."
    )]
    public string? Where { get; init; }

    [Description(
        "Columns that are not in the files and say what their paths do: dt: \"{dt}\" with a capture, file: "
            + "\"{file.name}\". They are typed as others are: as listed under columns, else by their texts. A "
            + "default of it is for flows that read files."
    )]
    public IReadOnlyDictionary<string, AddedColumn> AddColumns { get; init; } =
        new OrderedDictionary<string, AddedColumn>();

    [Description(
        "Whether columns that are not listed are taken, with types found out from the first change set and then kept."
    )]
    public bool Infer { get; init; } = true;

    [Description(
        "What happens when the source has other columns than before: evolve adds new ones, freeze stops the load."
    )]
    public SchemaChanges SchemaChanges { get; init; } = SchemaChanges.Evolve;

    [Description(
        "What happens to a row that cannot be loaded: quarantine sets it aside and good rows go on, stop "
            + "loads nothing of the batch."
    )]
    public OnFail OnFail { get; init; } = OnFail.Quarantine;

    [Description(
        "The largest share of rows that may go to quarantine before the load is stopped; any when it is not said."
    )]
    public double? Allow { get; init; }

    [Description(
        "What must hold for the rows of each batch, and for the table once they are in it. A flow's own checks take "
            + "the place of those of the defaults."
    )]
    public IReadOnlyList<FlowCheck> Checks { get; init; } = [];

    [Description(
        "What happens when a loaded file has new content under its old name: stop asks, append adds the new "
            + "rows (write: append only), replace puts them over the old ones (write: merge or replace). When it "
            + "is not said: stop with write: append, else replace."
    )]
    public ChangedFiles? ChangedFiles { get; init; }

    [Description("What happens when the same bytes arrive under a second name: skip or load.")]
    public SameContent SameContent { get; init; } = SameContent.Skip;

    [Description("How often a failed run is tried again.")]
    [AtLeast(0)]
    public int Retries { get; init; } = 1;

    [Description("How long to wait before a run is tried again.")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    [Description("How long one run may take; without end when it is not said.")]
    public TimeSpan? Timeout { get; init; }

    [Description(
        "How long a file must be unchanged before it is read. The default in a bucket is 0s. With read: snapshot it is "
            + "30s everywhere, unless complete_when names a marker or parts."
    )]
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(2);

    [Description("About how many bytes of files are committed together.")]
    [AtLeast(1)]
    public long BatchBytes { get; init; } = 1_000_000_000;

    [Description(
        "What becomes of files once their rows are committed: keep, delete, or move_to. A default of it is for flows "
            + "that read files. See docs/lake-files.md."
    )]
    public AfterLoad? AfterLoad { get; init; }

    [Description("Bounds on what one file may cost and do; a file beyond them is refused.")]
    public LimitOptions Limits { get; init; } = new();

    [Description("When `headrace serve` runs the flow.")]
    public Schedule? Schedule { get; init; }

    [Description("What else than a schedule has `headrace serve` run the flow.")]
    public Trigger? Trigger { get; init; }

    [Description("A command that runs after this flow has run, when none of its datasets failed.")]
    public AfterRun? AfterRun { get; init; }
}
