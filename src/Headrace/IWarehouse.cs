namespace Headrace;

/// <summary>Where rows end up, and where a dataset's position is kept: beside the rows.</summary>
public interface IWarehouse : IAsyncDisposable
{
    /// <summary>Where this is, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>The rows that its loads set aside.</summary>
    IQuarantine Quarantine { get; }

    /// <summary>The list of tables that flows sync.</summary>
    IProcessTable ProcessTable { get; }

    /// <summary>
    /// Begins to open what takes a while, while something else is done; an error is thrown to the first caller that
    /// needs it next.
    /// </summary>
    void BeginOpen();

    /// <summary>The committed position of <paramref name="dataset"/> and the columns of its target.</summary>
    Task<Position> PositionAsync(Dataset dataset, TableName target, CancellationToken cancel);

    /// <summary>
    /// Checks and applies a change set with its position, file ledger and quarantine in one transaction: all or
    /// nothing. A plan goes through the same steps and writes nothing.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-301 when another run got here first; HDR-2nn when a check or limit stops
    /// it.</exception>
    Task<LoadResult> LoadAsync(ChangeSet changes, LoadAttempt attempt, CancellationToken cancel);

    /// <summary>The same for change sets of several datasets, all in one transaction: all of them or none.</summary>
    Task<IReadOnlyList<LoadResult>> LoadAsync(
        IReadOnlyList<(ChangeSet Changes, LoadAttempt Attempt)> loads,
        CancellationToken cancel
    );

    /// <summary>
    /// Runs a step while no load of the dataset can be committed; one that is about to be is waited for. The step gets
    /// the load that moved the position last. Who removes what a load needs does it in such a step, and each load looks
    /// for it before it commits (<see cref="ChangeSet.Kept"/>).
    /// </summary>
    Task WhileNothingCommitsAsync(Dataset dataset, Func<string?, Task> step, CancellationToken cancel);

    /// <summary>Which of these loads of the dataset are committed now.</summary>
    Task<IReadOnlySet<string>> CommittedAsync(Dataset dataset, IReadOnlyList<string> loads, CancellationToken cancel);

    /// <summary>
    /// How far these flows and models have loaded: a text for each that has, which is another one once more of its rows
    /// are committed.
    /// </summary>
    Task<IReadOnlyDictionary<string, string>> LoadedAsync(IReadOnlyList<string> flows, CancellationToken cancel);

    /// <summary>What is to be said of a model's SELECT, which is looked at and not run.</summary>
    /// <exception cref="HeadraceException">HDR-340.</exception>
    Task<string> CheckAsync(Models.ModelQuery model, CancellationToken cancel);

    /// <summary>Copies the rows of a table to a Parquet file, under the table's column names.</summary>
    Task CopyAsync(TableName table, string path, CancellationToken cancel);

    /// <summary>
    /// The names of the flow's datasets that have committed loads whose operations are not published yet.
    /// </summary>
    Task<IReadOnlyList<string>> PendingAsync(string flow, CancellationToken cancel);

    /// <summary>Committed loads of the dataset whose operations are not published yet, the oldest first.</summary>
    Task<IReadOnlyList<Publication>> PendingAsync(Dataset dataset, CancellationToken cancel);

    /// <summary>Writes down that the operations of a load are published.</summary>
    Task PublishedAsync(Publication publication, CancellationToken cancel);

    /// <summary>
    /// Gives a table to a dataset, and takes it from those that cannot share it; a load of theirs that is under way is
    /// refused at its fence.
    /// </summary>
    Task TakeOverAsync(Dataset dataset, TableName target, Claim claim, CancellationToken cancel);

    /// <summary>Looks whether the connection's role may do what loads into these tables need.</summary>
    /// <exception cref="HeadraceException">HDR-577 with what it may not.</exception>
    Task CheckRightsAsync(IReadOnlyList<TargetUse> uses, CancellationToken cancel);

    /// <summary>
    /// Removes rows of Headrace's own tables that are older than this and that nothing needs any more. Positions,
    /// owners, quarantine, and what keeps a file from being loaded twice stay.
    /// </summary>
    Task RemoveOldAsync(DateTimeOffset before, CancellationToken cancel);

    /// <summary>Writes down files from which no rows were loaded, and touched files' new stamps.</summary>
    Task RecordAsync(
        Dataset dataset,
        TableName target,
        IReadOnlyList<FileNote> notes,
        LoadAttempt attempt,
        CancellationToken cancel
    );
}

/// <summary>Who loads, and whether it is only a plan.</summary>
public sealed record LoadAttempt(string RunId, bool IsPlan, Action<LoadProgress>? Progress = null)
{
    /// <summary>What the dataset does to its table, to be put on record; null where nobody says.</summary>
    public Claim? Claim { get; init; }
}

/// <summary>How far a load is: rows so far, and the share of the phase (0 to 1) when known.</summary>
public readonly record struct LoadProgress(string Phase, long Rows, double? Share)
{
    private const double Most = 0.99;

    /// <summary>Never all of it: what is read is still to be committed; a run has its own word for its end.</summary>
    public double? Share { get; } = Share is { } known ? Math.Clamp(known, 0, Most) : null;
}

/// <summary>What a load did, or what a plan found that it would do.</summary>
public sealed record LoadResult
{
    public long Inserted { get; init; }

    public long Updated { get; init; }

    public long Deleted { get; init; }

    public long Unchanged { get; init; }

    public long Quarantined { get; init; }

    /// <summary>Rows that the flow does not want.</summary>
    public long Filtered { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>False when every file was refused: nothing was written then, and the position has not moved.</summary>
    public bool IsCommitted { get; init; } = true;

    /// <summary>
    /// True when nothing was written, since binary rows hold a value that the warehouse has no place for: as text they
    /// can be told apart.
    /// </summary>
    public bool NeedsText { get; init; }

    /// <summary>Statements that change the target's columns, in the warehouse's dialect.</summary>
    public IReadOnlyList<string> Ddl { get; init; } = [];

    /// <summary>Files of the change set that were refused by the schema; the others were loaded.</summary>
    public IReadOnlyList<FileNote> Refused { get; init; } = [];

    /// <summary>Of the rows that were set aside those that do not fit their types.</summary>
    public long Unfit { get; init; }

    /// <summary>Files of which every record was set aside, with how many.</summary>
    public IReadOnlyList<(string Key, long Rows)> SetAside { get; init; } = [];

    /// <summary>Bad rows to show, the first few.</summary>
    public IReadOnlyList<BadRow> Sample { get; init; } = [];

    /// <summary>For a plan the first few rows of each operation.</summary>
    public IReadOnlyList<RowChange> Changes { get; init; } = [];

    /// <summary>What the checks found.</summary>
    public IReadOnlyList<Checks.CheckResult> Checks { get; init; } = [];

    /// <summary>The position after this load.</summary>
    public required Position Position { get; init; }
}

/// <summary>A row that a check or its type set aside.</summary>
public sealed record BadRow(string File, long Line, string? Column, string? Value, string Reason);
