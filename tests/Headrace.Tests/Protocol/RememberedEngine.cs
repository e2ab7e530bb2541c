using Headrace.Engines;

namespace Headrace.Tests.Protocol;

/// <summary>
/// An engine that types a change set once, and says the same again when it is asked again: a load that is tried many
/// times from one start takes no longer than its statements.
/// </summary>
/// <param name="folder">Where it keeps the rows.</param>
internal sealed class RememberedEngine(IEngine engine, string folder) : IEngine
{
    private readonly Dictionary<string, FileBatch> batches = [];
    private readonly Dictionary<string, FittingRows> mended = [];

    public FileBatch Batch(
        ChangeSet changes,
        LoadAttempt attempt,
        string folder,
        CsvLayout layout,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        var start = $"{changes.Id} {changes.Dataset.Name} {string.Join(' ', changes.From.Table ?? [])}";
        if (!batches.TryGetValue(start, out var batch))
        {
            batches[start] = batch = engine.Batch(changes, attempt, NewFolder(), layout, clock, cancel);
            if (batch.Prepare())
                batch.StageRows();
        }

        return new Remembered(batch);
    }

    public FittingRows Mend(
        CsvRows waiting,
        IReadOnlyList<Column> columns,
        Mending mending,
        ValueLimits? limits,
        CsvLayout layout,
        string path,
        CancellationToken cancel
    )
    {
        var start = string.Concat(waiting.Paths.Select(File.ReadAllText)) + string.Join(' ', mending.Set);
        if (!mended.TryGetValue(start, out var rows))
        {
            var own = Path.Combine(Directory.CreateDirectory(NewFolder()).FullName, "released.csv");
            mended[start] = rows = engine.Mend(waiting, columns, mending, limits, layout, own, cancel);
        }

        return rows;
    }

    public void WriteParquet(CsvRows rows, string path, CancellationToken cancel) =>
        engine.WriteParquet(rows, path, cancel);

    public IReadOnlyList<FileNote> Broken(ChangeSet changes, out bool isMended, CancellationToken cancel) =>
        engine.Broken(changes, out isMended, cancel);

    public bool IsOwn(Exception error) => engine.IsOwn(error);

    public HeadraceException Name(Exception error) => engine.Name(error);

    public void Dispose()
    {
        foreach (var batch in batches.Values)
            batch.Dispose();
    }

    private string NewFolder() => Path.Combine(folder, $"{batches.Count}-{mended.Count}");

    /// <summary>What a batch was when all of its rows were typed.</summary>
    private sealed class Remembered(FileBatch batch) : FileBatch
    {
        public override bool IsFirst => batch.IsFirst;

        public override bool IsStreamed => batch.IsStreamed;

        public override bool Prepare()
        {
            Shape = batch.Shape;
            return Shape!.Files.Count > 0;
        }

        public override void StageRows()
        {
            (Good, Quarantined, Sample, Losers) = (batch.Good, batch.Quarantined, batch.Sample, batch.Losers);
            Files.AddRange(batch.Files);
            Rows.AddRange(batch.Rows);
            Held.AddRange(batch.Held);
        }

        public override async Task StreamAsync(Func<RowsFile, Task> take)
        {
            StageRows();
            foreach (var rows in Rows)
                await take(rows);
        }

        public override void StageChanges() => throw new NotSupportedException();

        public override RowsFile StagedKeys() => throw new NotSupportedException();

        public override MergeCounts PlanMerge(CsvRows? target) => throw new NotSupportedException();

        public override RowsFile WriteChanges(RowChanges rows) => throw new NotSupportedException();

        public override RowsFile EventKeys(bool isOfMemory) => throw new NotSupportedException();

        public override void TakeTarget(CsvRows? target) => throw new NotSupportedException();

        public override ResolvedEvents Resolve(CsvRows? memory, string? forgotten) => throw new NotSupportedException();

        public override RowsFile ChangedKeys(ChangeSet changes, int most) => throw new NotSupportedException();

        public override IReadOnlyList<RowChange> SampleChanges(ChangeSet changes, CsvRows? before, int most) =>
            throw new NotSupportedException();

        public override void Dispose() { }
    }
}
