using Headrace.Checks;
using Headrace.Warehouses;

namespace Headrace.Engines;

/// <summary>
/// A change set after an engine: which rows fit and which do not, counted, with samples. All that is said of rows
/// without looking at them again is here, for every way in. Some counts are known only once the rows are written, where
/// the engine streams while it types.
/// </summary>
public abstract class PreparedBatch
{
    /// <summary>Bad rows that are kept to be shown.</summary>
    protected const int Shown = 5;

    /// <summary>The columns; null for changes of rows and for schemas.</summary>
    public TableShape? Shape { get; protected set; }

    /// <summary>Rows that fit.</summary>
    public long Good { get; protected set; }

    /// <summary>Rows that do not.</summary>
    public long Quarantined { get; protected set; }

    /// <summary>Rows that the flow does not want.</summary>
    public long Filtered { get; protected set; }

    /// <summary>What the checks of the batch found.</summary>
    public IReadOnlyList<CheckResult> Checks { get; protected set; } = [];

    /// <summary>Rows that fit their types; null where no check was asked.</summary>
    protected long? Fitting { get; set; }

    /// <summary>Rows that do not fit their types, or are none at all.</summary>
    public long Unfit => Quarantined - (Fitting is { } fitting ? fitting - Good : Unplaced);

    /// <summary>Changes that fit, and whose place among those of their rows cannot be told any more.</summary>
    protected long Unplaced { get; private set; }

    /// <summary>Bad rows to be shown.</summary>
    public IReadOnlyList<BadRow> Sample { get; protected set; } = [];

    /// <summary>Rows that had the key of a later row of the batch.</summary>
    public long Losers { get; protected set; }

    /// <summary>The files as <c>headrace.files</c> has them once they are loaded.</summary>
    public List<FileRow> Files { get; } = [];

    /// <summary>
    /// True for a merge into a table that is yet to be made, of rows that have one key each: nothing is there to merge
    /// with.
    /// </summary>
    public virtual bool IsFirst => false;

    /// <summary>Stops a batch whose bad rows are more than the flow allows.</summary>
    /// <param name="deleted">Rows that it replaces.</param>
    /// <exception cref="HeadraceException">HDR-201.</exception>
    public void AssertAllowed(ChangeSet changes, long deleted)
    {
        // A file that is mostly bad is no replacement for good rows.
        var allow = changes.Rules.Allow ?? (changes.Operation == Operation.Replace && deleted > 0 ? 0.5 : null);
        var total = Good + Quarantined;
        var tooMany = (double)Quarantined / total > allow;
        if ((changes.Rules.OnFail == OnFail.Stop && Unfit > 0) || tooMany)
            throw Error.BadRows(changes.Dataset.Name, Quarantined, total, tooMany ? allow : null, [.. Sample.Take(3)]);
    }

    /// <summary>Takes a file into <see cref="Files"/>.</summary>
    /// <param name="records">Its records, those that are no rows left out.</param>
    /// <param name="bad">Those of them that do not fit.</param>
    /// <param name="filtered">Those of them that the flow does not want.</param>
    protected void Add(ChangeSet changes, StagedFile file, long records, long bad, long filtered) =>
        Files.Add(
            FileRow.Of(file.File, file.Sha256, changes.Action, FileOutcome.Loaded) with
            {
                Rows = records - bad - filtered,
                Filtered = filtered,
                Quarantined = bad + file.RejectCount,
                SchemaVersion = changes.From.Schema?.Document.Version,
            }
        );

    /// <summary>Takes changes whose place cannot be told from the good rows of their files.</summary>
    protected void TakeAway(IEnumerable<(StagedFile File, long Rows)> unplaced)
    {
        foreach (var (file, rows) in unplaced)
        {
            (Good, Quarantined, Unplaced) = (Good - rows, Quarantined + rows, Unplaced + rows);
            var i = Files.FindIndex(one => one.File == file.File);
            Files[i] = Files[i] with { Rows = Files[i].Rows - rows, Quarantined = Files[i].Quarantined + rows };
        }
    }

    /// <summary>Takes the counts of a comparison of exports.</summary>
    protected void AddChanges(ChangeSet changes)
    {
        (Quarantined, Filtered, Sample) = (changes.Rows!.Quarantined, changes.Rows.Filtered, changes.Rows.Sample);
        Files.AddRange(FileRow.OfChanges(changes));
    }
}

/// <summary>What a merge does to a table, in rows.</summary>
public readonly record struct MergeCounts(long Inserted, long Updated, long Unchanged);
