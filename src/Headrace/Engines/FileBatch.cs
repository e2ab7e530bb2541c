namespace Headrace.Engines;

/// <summary>
/// A batch whose rows an engine writes into files, for a warehouse that is none itself. Disposed of with its load.
/// </summary>
public abstract class FileBatch : PreparedBatch, IDisposable
{
    /// <summary>Rows for the target, in the order in which they are to be copied.</summary>
    public List<RowsFile> Rows { get; } = [];

    /// <summary>Rows for <c>headrace.quarantine</c>.</summary>
    public List<RowsFile> Held { get; } = [];

    /// <summary>
    /// True for rows that go into the target without a look at what is there: they may be copied while others are
    /// typed.
    /// </summary>
    public abstract bool IsStreamed { get; }

    /// <summary>Settles the columns of the files; false when none of the files can be loaded.</summary>
    public abstract bool Prepare();

    /// <summary>
    /// Types the rows on another thread, and has the files taken meanwhile; what it wrote is removed then.
    /// </summary>
    public abstract Task StreamAsync(Func<RowsFile, Task> take);

    /// <summary>Types the rows.</summary>
    public abstract void StageRows();

    /// <summary>Writes changed rows with what happens to each (<c>op</c>, then <c>c0…</c>).</summary>
    public abstract void StageChanges();

    /// <summary>For a plan that merges: the keys of the staged rows.</summary>
    public abstract RowsFile StagedKeys();

    /// <summary>For a plan: what the merge would do.</summary>
    /// <param name="target">The target's rows that have the staged keys; null when there are none.</param>
    public abstract MergeCounts PlanMerge(CsvRows? target);

    /// <summary>Writes changed rows with what happens to each (<c>op</c>, then <c>c0…</c>).</summary>
    public abstract RowsFile WriteChanges(RowChanges rows);

    /// <summary>The keys of the batch's changes, under the names that the target or its memory has for them.</summary>
    public abstract RowsFile EventKeys(bool isOfMemory);

    /// <summary>Takes the target's rows that have these keys, before anything else is read.</summary>
    /// <param name="target">Null when there are none.</param>
    public abstract void TakeTarget(CsvRows? target);

    /// <summary>What the batch's changes do to the rows that the target and its memory hold.</summary>
    /// <param name="memory">The memory's rows that have these keys; null when there are none.</param>
    /// <param name="forgotten">The place up to which the memory was pruned; null where it was not.</param>
    public abstract ResolvedEvents Resolve(CsvRows? memory, string? forgotten);

    /// <summary>For a plan: the keys of the first few updated and deleted rows.</summary>
    public abstract RowsFile ChangedKeys(ChangeSet changes, int most);

    /// <summary>For a plan: the first few changes of each kind.</summary>
    /// <param name="before">The target's rows that have the changed keys; null when there are none.</param>
    public abstract IReadOnlyList<RowChange> SampleChanges(ChangeSet changes, CsvRows? before, int most);

    public abstract void Dispose();
}
