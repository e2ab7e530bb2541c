using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>A writer for a database that takes rows from files which an engine beside it writes.</summary>
/// <param name="folder">An absolute folder of this load's own; it is gone afterwards.</param>
public abstract class FileTargetWriter(
    SqlWarehouse warehouse,
    IEngine engine,
    string folder,
    CsvLayout layout,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
) : TargetWriter
{
    private FileBatch? batch;
    private SqlSession? session;

    /// <summary>The change set, with the columns that the target has now.</summary>
    protected ChangeSet Changes { get; private set; } = changes;

    protected LoadAttempt Attempt => attempt;

    protected string Folder => folder;

    protected CancellationToken Cancel => cancel;

    public sealed override PreparedBatch Batch => Rows;

    /// <summary>The session of another writer of the same transaction; null for one of its own.</summary>
    public SqlSession? Shared { get; init; }

    /// <summary>The session of the load's transaction, once it is open.</summary>
    protected SqlSession Session => session ?? throw Error.Bug("a session was used before it was open.");

    /// <summary>The batch with its files.</summary>
    protected FileBatch Rows => batch ?? throw Error.Bug("a batch was used before it was prepared.");

    public override async Task<TargetTable?> LookAsync()
    {
        if (Changes.Target.IsNone && attempt.IsPlan)
            return null;
        await using var db = await warehouse.OpenAsync(SessionUse.Read, cancel);
        if (!attempt.IsPlan)
            await warehouse.Concurrency.EnsureAsync(db, Changes.Dataset, Changes.Target, cancel);
        return Changes.Target.IsNone ? null : await warehouse.FindAsync(db, Changes.Target, cancel);
    }

    public override async Task<bool> PrepareAsync(ChangeSet changes)
    {
        Changes = changes;
        batch?.Dispose();
        batch = engine.Batch(changes, attempt, folder, layout, warehouse.Clock, cancel);
        if (changes.Operation == Operation.Changes)
            await Task.Run(batch.StageChanges, cancel);
        else if (changes.HasFiles)
        {
            if (!await Task.Run(batch.Prepare, cancel))
                return false;
            if (!batch.IsStreamed)
                await Task.Run(batch.StageRows, cancel);
        }

        return true;
    }

    public override async Task<SqlSession> OpenAsync(bool isNew) =>
        session = Shared ?? await warehouse.OpenAsync(SessionUse.Write, cancel);

    public override async Task<MergeCounts> PlanMergeAsync(TargetTable? table)
    {
        var rows = await ReadAsync(table, Changes.Rules.PrimaryKey, Rows.StagedKeys);
        return await Task.Run(() => Rows.PlanMerge(rows), cancel);
    }

    public override async Task<ResolvedEvents> ResolveAsync(TargetTable? table, TargetTable? memory, string? forgotten)
    {
        // One after the other: both are read by way of the same names.
        var there = await ReadAsync(table, Changes.Rules.PrimaryKey, () => Rows.EventKeys(isOfMemory: false));
        await Task.Run(() => Rows.TakeTarget(there), cancel);
        var remembered = memory is null ? null : await ReadAsync(memory, await Task.Run(() => Rows.EventKeys(true)));
        return await Task.Run(() => Rows.Resolve(remembered, forgotten), cancel);
    }

    public override async Task<IReadOnlyList<RowChange>> SampleAsync(ChangeSet changes, TargetTable? table, int most)
    {
        var before = await ReadAsync(table, changes.Rules.PrimaryKey, () => Rows.ChangedKeys(changes, most));
        return await Task.Run(() => Rows.SampleChanges(changes, before, most), cancel);
    }

    protected override async ValueTask EndAsync()
    {
        if (session is not null && Shared is null)
            await session.DisposeAsync();
        batch?.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Changed rows as a file to be copied: those that are staged already, or written now.</summary>
    protected async Task<RowsFile> FileOfAsync(ChangeSet changes) =>
        Changes.Operation == Operation.Changes && !Changes.IsComparedHistory
            ? Rows.Rows[0]
            : await Task.Run(() => Rows.WriteChanges(changes.Rows!), cancel);

    /// <summary>Rows of the target that have these keys.</summary>
    protected abstract Task<CsvRows> ReadAsync(TargetTable table, RowsFile keys);

    private async Task<CsvRows?> ReadAsync(TargetTable? table, IReadOnlyList<string> names, Func<RowsFile> keys) =>
        table is null || names.Any(name => table.Find(name) is null)
            ? null
            : await ReadAsync(table, await Task.Run(keys, cancel));

    /// <summary>Tells how much was sent of what the batch has.</summary>
    protected Action<long>? Progress()
    {
        if (attempt.Progress is not { } progress)
            return null;
        var all = Rows.IsStreamed ? Changes.Bytes : Rows.Rows.Sum(rows => new FileInfo(rows.Path).Length);
        var sent = 0L; // of rows that arrive nobody knows how many there are
        return piece =>
            progress(
                new LoadProgress("loads", Rows.Good, all == 0 ? null : Math.Min(1, (double)(sent += piece) / all))
            );
    }
}
