using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>
/// What a load does differently in each database: how rows are brought there, and how they are merged.
/// <see cref="WarehouseLoad"/> calls its
/// methods in the order in which they stand here. One load each.
/// </summary>
public abstract class TargetWriter : IAsyncDisposable
{
    /// <summary>The batch, once it is prepared.</summary>
    public abstract PreparedBatch Batch { get; }

    /// <summary>The target as it is; null when it is not there.</summary>
    public abstract Task<TargetTable?> LookAsync();

    /// <summary>
    /// Settles the batch's columns, and types and stages what can be before the transaction; false when none of the
    /// files can be loaded.
    /// </summary>
    public abstract Task<bool> PrepareAsync(ChangeSet changes);

    /// <summary>The session in which the load's transaction is to begin. It ends with the writer.</summary>
    /// <param name="isNew">The target is yet to be made.</param>
    public abstract Task<SqlSession> OpenAsync(bool isNew);

    /// <summary>Called behind the fence: nobody else loads this dataset.</summary>
    public virtual Task FencedAsync() => Task.CompletedTask;

    /// <summary>Brings rows that are merged close to the target, before it is locked.</summary>
    public virtual Task BringAsync(TargetTable? table) => Task.CompletedTask;

    /// <summary>Keeps other writers away from the target, and readers only while its columns change.</summary>
    public virtual Task LockAsync(TargetTable? table, IReadOnlyList<string> ddl) => Task.CompletedTask;

    /// <summary>Deletes all rows of the target, which are so many.</summary>
    public abstract Task DeleteAllAsync(TargetTable table, long rows);

    /// <summary>Puts the batch's good rows in. A plan only has them counted.</summary>
    public abstract Task FillAsync(TargetTable? table);

    /// <summary>
    /// Merges the batch's good rows by key; what did not change is not touched, and what they do not bring keeps its
    /// value.
    /// </summary>
    public abstract Task<MergeCounts> MergeAsync(TargetTable table);

    /// <summary>What <see cref="MergeAsync"/> would do.</summary>
    public abstract Task<MergeCounts> PlanMergeAsync(TargetTable? table);

    /// <summary>What the batch's changes do to the rows that the target and its memory hold.</summary>
    /// <param name="table">Null when it holds none.</param>
    /// <param name="memory">Null when nothing is remembered.</param>
    /// <param name="forgotten">The place up to which the memory was pruned: changes up to there that the memory does
    /// not have are set aside. Null where nothing was.</param>
    public abstract Task<ResolvedEvents> ResolveAsync(TargetTable? table, TargetTable? memory, string? forgotten);

    /// <summary>
    /// Applies changed rows by key. Says how many rows it found to replace or delete, and how many to mark as deleted.
    /// </summary>
    /// <param name="changes">The rows, and the table they are for.</param>
    /// <param name="isNew">The target was made for them.</param>
    public abstract Task<(long Replaced, long Marked)> ChangeAsync(ChangeSet changes, TargetTable table, bool isNew);

    /// <summary>
    /// The rows of the last <see cref="ChangeAsync"/> in SQL, with the columns <c>op</c> and <c>c0…</c>.
    /// </summary>
    public abstract string Changed { get; }

    /// <summary>For a plan: the first few changes of each kind.</summary>
    public abstract Task<IReadOnlyList<RowChange>> SampleAsync(ChangeSet changes, TargetTable? table, int most);

    /// <summary>Sets the batch's bad rows aside; all of them, or it throws.</summary>
    public abstract Task HoldAsync();

    /// <summary>Called when its rows are in, before another writer goes on in the same session.</summary>
    public virtual Task LeaveAsync() => Task.CompletedTask;

    /// <summary>Ends the transaction of a plan.</summary>
    public virtual Task EndPlanAsync(SqlSession db) => db.RollbackAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what was made for it.</summary>
    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;
}
