namespace Headrace;

/// <summary>Lake files, a table, a stream: anything with a before and an after.</summary>
public interface ISource
{
    /// <summary>Where this is, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>The datasets there are, each with what is known of it so far, in the order of their names.</summary>
    Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel);

    /// <summary>
    /// True when what it finds may make a table that is not there, so that its absence is not an end.
    /// </summary>
    bool MakesTables => false;

    /// <summary>The table a dataset goes to.</summary>
    TableName Target(Dataset dataset);

    /// <summary>What a dataset does to its table; null when it has none.</summary>
    Claim? ClaimOf(Dataset dataset);

    /// <summary>
    /// What came after <paramref name="from"/>, staged. <see cref="Found.Changes"/> is null when nothing did; then the
    /// notes still may say what was seen.
    /// </summary>
    Task<Found> NextAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel);

    /// <summary>True when something is to be done about what is loaded.</summary>
    bool CaresForLoaded => false;

    /// <summary>
    /// Does what is to be done about what is loaded, as the committed position says it; what a crash left undone, too.
    /// Returns sentences on what could not be done.
    /// </summary>
    Task<IReadOnlyList<string>> CareAsync(Dataset dataset, Position position, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Removes what was staged for the dataset; the change set found last is gone then.</summary>
    void Release(Dataset dataset);
}

/// <summary>A source of one table with files that have transactions over several.</summary>
public interface ITransactionSource : ISource
{
    /// <summary>Whose rows it takes of them, as <c>schema.table</c>.</summary>
    string Table { get; }

    /// <summary>Those of the files that are not loaded yet, each with its place among them.</summary>
    IReadOnlyList<(string Key, string Place)> Waiting(Dataset dataset, Position from, StageAttempt attempt);
}

/// <summary>A source that can say how all of its rows are now, so that a target can be compared with it.</summary>
public interface IWholeSource
{
    /// <summary>Stages all rows, as of one moment. Released as what <see cref="ISource.NextAsync"/> stages.</summary>
    /// <param name="digesting">Null where rows are not told by digest.</param>
    Task<WholeTable> StageAllAsync(
        Dataset dataset,
        Position position,
        Staging.DigestOptions? digesting,
        CancellationToken cancel
    );
}

/// <summary>
/// A warehouse that can stage the rows of a table as text, so that those which the source has too are told by digest.
/// </summary>
public interface IWholeTarget
{
    /// <summary>Stages these columns of all rows, as of one moment.</summary>
    /// <param name="folder">An absolute folder of the caller's.</param>
    Task<IReadOnlyList<StagedFile>> StageAllAsync(
        TableName table,
        IReadOnlyList<string> columns,
        string folder,
        Staging.DigestOptions digesting,
        CancellationToken cancel
    );
}

/// <summary>All rows of a source.</summary>
/// <param name="Columns">Their columns, under the names of the target.</param>
/// <param name="Newest">Rows whose values are not below these may not have come to the target yet; the first column
/// that is not NULL decides.</param>
public sealed record WholeTable(
    IReadOnlyList<StagedFile> Files,
    IReadOnlyList<DeclaredColumn> Columns,
    IReadOnlyList<(string Column, string Value)> Newest
);

/// <summary>What a source found after a position.</summary>
/// <param name="Changes">The next change set, or null.</param>
/// <param name="Notes">Files that were seen and are not loaded.</param>
/// <param name="Warnings">Sentences for the run's record.</param>
public sealed record Found(ChangeSet? Changes, IReadOnlyList<FileNote> Notes, IReadOnlyList<string> Warnings)
{
    /// <summary>True when the source has been read to now, so that this run has no reason to ask again.</summary>
    public bool IsLast { get; init; }

    /// <summary>What was asked for and cannot be done; nothing of it is written down.</summary>
    public IReadOnlyList<HeadraceException> Refusals { get; init; } = [];
}

/// <summary>What a source may do while it stages.</summary>
/// <param name="Accepted">Keys of changed files that the user accepted for this run.</param>
/// <param name="IsPlan">A plan takes all there is in one batch.</param>
public sealed record StageAttempt(IReadOnlySet<string> Accepted, bool IsPlan, Action<LoadProgress>? Progress = null)
{
    /// <summary>True when the user confirmed the change set that a limit stopped before.</summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Keys that this run has refused already; they are not tried twice in one run.</summary>
    public HashSet<string> Tried { get; } = new(StringComparer.Ordinal);

    /// <summary>True once this run has refused a file of the dataset.</summary>
    public bool HasRefused { get; set; }

    /// <summary>
    /// True once something was seen that is not to be loaded yet: a file that is being written, an export that is not
    /// complete.
    /// </summary>
    public bool IsWaiting { get; set; }

    /// <summary>
    /// Files that this run reads again, with the load that brought them before; null until the source has looked.
    /// </summary>
    public Dictionary<string, string>? Again { get; set; }

    /// <summary>Of the accepted files those that some dataset has; shared by all datasets of a run.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, bool> Found { get; init; } =
        new(StringComparer.Ordinal);

    /// <summary>For a plan: what the source reads and this plan would load before.</summary>
    public IReadOnlyList<string> Pending { get; init; } = [];

    /// <summary>
    /// The file of transactions that is taken now; null where those wait. A plan takes them with all others.
    /// </summary>
    public string? Transactions { get; set; }

    /// <summary>True when the file is to be read again, though the position knows it.</summary>
    public bool IsAgain(string key, Position from) =>
        Again is not null
        && Again.TryGetValue(key, out var before)
        && from.Files.GetValueOrDefault(key)?.LoadId == before;

    /// <summary>
    /// Those that are still to be read, when one of the files of a change set is among them; what they brought before
    /// goes with it.
    /// </summary>
    public IReadOnlyList<string> AgainWith(IEnumerable<StagedFile> files, Position from) =>
        files.Any(file => IsAgain(file.File.Key, from)) ? [.. Again!.Keys.Where(key => IsAgain(key, from))] : [];
}
