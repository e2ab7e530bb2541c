using System.Threading.Channels;
using Headrace.Engines;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>A batch as CSV files: the rows that fit, and those that do not.</summary>
/// <param name="engine">It need not be opened for rows that go as they are.</param>
/// <param name="folder">An absolute folder of this load's own.</param>
internal sealed partial class CsvBatch(
    DuckDbEngine engine,
    ChangeSet changes,
    LoadAttempt attempt,
    string folder,
    CsvLayout layout,
    TimeProvider clock,
    CancellationToken cancel
) : FileBatch
{
    private const int PieceSegments = 2;

    private int files;

    private DuckDbConnection? opened;
    private Merge? merge;
    private PlannedTable? planned;
    private EventRows? events;

    private DuckDbConnection Db => opened ??= engine.Connect(cancel);

    private bool IsBinary => changes.Files.Count > 0 && changes.Files.All(file => file.IsBinary);

    public override bool IsFirst =>
        changes.Operation == Operation.Merge
        && changes.From.Table is null
        && changes.Rules.HasUniqueKeys
        && !attempt.IsPlan;

    public override bool Prepare()
    {
        if (IsBinary)
        {
            TakeRows();
            return true;
        }

        var shape = Shape = new TableShape(changes, new ParquetFiles(Db, cancel).Columns);
        if (changes.Operation == Operation.Replace ? shape.Refused.Count > 0 : shape.Files.Count == 0)
            return false;
        new TypeInference(Db, cancel).Settle(shape, changes.Format.Csv);
        new FlowExpressions(Db, shape, changes, cancel).Settle();
        var checks = new BatchChecks(Db, changes, () => CheckedRows.OfFiles(Db, changes, shape, cancel), clock, cancel);
        (Checks, Fitting, shape.Conditions) = (checks.Run(), checks.Rows, checks.Conditions);
        return true;
    }

    public override bool IsStreamed =>
        !attempt.IsPlan && changes.HasFiles && (changes.Operation is Operation.Append or Operation.Replace || IsFirst);

    public override async Task StreamAsync(Func<RowsFile, Task> take)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ready = Channel.CreateUnbounded<RowsFile>();
        var typing = Task.Run(
            () =>
            {
                try
                {
                    StageRows(rows =>
                    {
                        stop.Token.ThrowIfCancellationRequested();
                        ready.Writer.TryWrite(rows);
                    });
                    ready.Writer.Complete();
                }
                catch (Exception error)
                {
                    ready.Writer.Complete(error); // thrown again where the files are taken
                }
            },
            CancellationToken.None
        );
        try
        {
            await foreach (var rows in ready.Reader.ReadAllAsync(cancel))
            {
                await take(rows);
                if (!rows.IsBinary) // what the source staged is its own
                    File.Delete(rows.Path);
            }

            foreach (var file in IsBinary ? Shape!.Files : [])
                Count(file.File, file.File.Stream is { } arriving ? await arriving.Whole : file.File.Records);
        }
        finally
        {
            await stop.CancelAsync();
            await typing; // nobody else may use the engine and the folder
        }
    }

    public override void StageRows() => StageRows(null);

    /// <summary>Types the rows. The first ones may be copied while others are typed.</summary>
    /// <param name="ready">Takes each file as soon as it is whole.</param>
    private void StageRows(Action<RowsFile>? ready)
    {
        if (IsBinary)
        {
            if (ready is null)
                Shape!.Files.ForEach(file => Count(file.File, file.File.Records));
            else
                Rows.ForEach(ready);
            return;
        }

        var shape = Shape!;
        var rows = new GoodRows(Db, changes, shape, cancel);
        if (!shape.HasTable)
        {
            // No row and no column that anybody declared: there are records at most that are no rows.
        }
        else if (changes.Operation == Operation.Events)
        {
            rows.Stage();
            Losers = Events.Reduce();
        }
        else if (changes.Operation == Operation.Merge && !IsFirst)
            StageMerge(rows, shape);
        else
            foreach (var group in rows.Groups())
                rows.Take(group, _ => Pieces(group).Sum(piece => StagePiece(piece, ready)));
        (Good, Filtered) = (rows.Good, rows.Filtered);

        var bad = new BadRows(Db, changes, shape, cancel);
        Quarantined = bad.Count(rows.Missing);
        if (Quarantined > 0)
        {
            Sample = bad.Sample(Shown);
            if (
                !attempt.IsPlan
                && !(changes.Rules.OnFail == OnFail.Stop && Unfit > 0)
                && !Failpoint.Planted("bad-rows-dropped")
            )
            {
                foreach (var (file, query) in bad.Queries())
                    Hold(file, query);
                AssertHeld();
            }
        }

        foreach (var file in shape.Files)
            Add(changes, file.File, rows.Records(file.File), bad.Of(file.File), rows.FilteredOf(file.File));
    }

    // What fits without a look goes as it is.
    private void TakeRows()
    {
        if (!BinaryFit.Holds(changes))
            throw Error.Warehouse(
                changes.Target.ToString(),
                "the table was changed while the rows were staged",
                null,
                transient: true
            );
        Shape = new TableShape(changes, _ => []);
        foreach (var file in Shape.Files)
            Rows.Add(
                new RowsFile(
                    file.File.Segments[0],
                    [.. file.Columns.Select((_, i) => Shape.Columns[file.Indexes.ToList().IndexOf(i)].Name)],
                    file.File.Records,
                    IsBinary: true,
                    file.File.Stream
                )
            );
    }

    private void Count(StagedFile file, long rows)
    {
        Good += rows;
        Files.Add(FileRow.Of(file.File, file.Sha256, changes.Action, FileOutcome.Loaded) with { Rows = rows });
    }

    public override void StageChanges()
    {
        var rows = changes.Rows!;
        AddChanges(changes);
        Checks = new BatchChecks(Db, changes, () => CheckedRows.OfChanges(changes), clock, cancel).Run();
        if (changes.IsComparedHistory)
            Events.StageCompared();
        if (attempt.IsPlan)
            return;
        if (!changes.Target.IsNone && !changes.IsComparedHistory)
            Rows.Add(WriteChanges(rows));

        foreach (var bad in rows.BadRows)
            Hold(bad.File, $"FROM read_parquet({Sql.Literal(bad.Path)})");
        AssertHeld();
    }

    public override RowsFile WriteChanges(RowChanges rows) =>
        Write(
            [
                ("op", "op", ColumnType.Text),
                .. rows.Columns.Select((column, i) => (CsvText.Name(i), CsvText.Name(i), column.Type)),
            ],
            ChangedRows.From(rows)
        );

    public override RowsFile StagedKeys() =>
        Write(
            [
                .. changes
                    .Rules.PrimaryKey.Select(key => Shape!.Columns[Shape.IndexOf(key)])
                    .Select(column => (column.Name, StagedTable.Column(Shape!, column.Name), column.Type!.Value)),
            ],
            StagedTable.Name
        );

    private EventRows Events => events ??= EventRows.Of(Db, changes, Shape, clock.GetUtcNow(), cancel);

    public override RowsFile EventKeys(bool isOfMemory) => Write([.. Events.KeysAs(isOfMemory)], Events.Keys);

    public override void TakeTarget(CsvRows? target) => Events.Take(target is null ? null : CsvText.From(target));

    public override ResolvedEvents Resolve(CsvRows? memory, string? forgotten)
    {
        Events.Remember(memory is null ? null : CsvText.From(memory), memory?.Columns.Select(one => one.Name) ?? []);
        if (forgotten is not null && Shape is { HasTable: true } && SetAside(forgotten))
            Losers = Events.Reduce();
        return Events.Resolve();
    }

    public override MergeCounts PlanMerge(CsvRows? target)
    {
        planned!.Prepare(target is null ? null : CsvText.From(target));
        return merge!.Run(hasTarget: true);
    }

    public override RowsFile ChangedKeys(ChangeSet changes, int most)
    {
        var rows = changes.Rows!;
        var keys = changes
            .Rules.PrimaryKey.Select(key =>
                rows.Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
            )
            .Select(i => (rows.Columns[i].Name, CsvText.Name(i), rows.Columns[i].Type))
            .ToList();
        string First(string op) =>
            SnapshotColumns.Text($"(SELECT * FROM {ChangedRows.From(rows)} WHERE op = '{op}' LIMIT {most})");
        return Write(keys, $"(FROM {First("U")} UNION ALL FROM {First("D")})");
    }

    public override IReadOnlyList<RowChange> SampleChanges(ChangeSet changes, CsvRows? before, int most) =>
        new ChangeSample(Db, changes, before?.Columns, before is null ? "" : CsvText.From(before), cancel).Take(most);

    public override void Dispose() => opened?.Dispose();

    private string NewPath()
    {
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, SnapshotColumns.Text($"{files++}.csv"));
    }

    // So much of the files that one part is copied while the next is typed.
    private IEnumerable<List<ShapedFile>> Pieces(List<ShapedFile> group)
    {
        var piece = new List<ShapedFile>();
        var segments = 0;
        foreach (var file in group)
        foreach (
            var some in attempt.IsPlan
                ?
                [
                    [.. file.File.Segments],
                ]
                : file.File.Segments.Chunk(PieceSegments)
        )
        {
            piece.Add(file with { File = file.File with { Segments = some } });
            segments += some.Length;
            if (segments < PieceSegments)
                continue;
            yield return piece;
            (piece, segments) = ([], 0);
        }

        if (piece.Count > 0)
            yield return piece;
    }

    private long StagePiece(List<ShapedFile> piece, Action<RowsFile>? ready)
    {
        var (shape, rows) = (Shape!, new StagedRows(piece, Shape!, changes));
        if (!rows.HasRows)
            return 0;
        if (attempt.IsPlan)
            return Db.Scalar<long>($"SELECT count(*) FROM {rows.Source} WHERE {rows.Good}", cancel);

        // A column that the files do not bring gets the table's default.
        var brought = Enumerable
            .Range(0, shape.Columns.Count)
            .Where(column => shape.Fills(piece[0], column))
            .Select(column => (shape.Columns[column].Name, rows.Value(column), shape.Columns[column].Type!.Value))
            .ToList();
        var file = Write(brought, $"{rows.Source} WHERE {rows.Good}");
        Rows.Add(file);
        ready?.Invoke(file);
        return file.Rows;
    }

    private void StageMerge(GoodRows rows, TableShape shape)
    {
        rows.Stage();
        planned = new PlannedTable(Db, changes, shape, cancel);
        merge = new Merge(Db, changes, shape, planned.Name, cancel);
        Losers = merge.Deduplicate();
        var brought = Enumerable
            .Range(0, shape.Columns.Count)
            .Where(shape.Brings)
            .Select(column =>
                (shape.Columns[column].Name, StagedTable.Column(column), shape.Columns[column].Type!.Value)
            )
            .ToList();
        if (!attempt.IsPlan && brought.Count > 0)
            Rows.Add(Write(brought, StagedTable.Name));
    }

    // Values of a query under names of our own: under those of a user a column could be taken for another.
    private RowsFile Write(List<(string Name, string Sql, ColumnType Type)> columns, string from)
    {
        var path = NewPath();
        var values = columns.Select(
            (column, i) => SnapshotColumns.Text($"{layout.Written(column.Sql, column.Type)} AS v{i}")
        );
        var texts = columns
            .Index()
            .Where(column => CsvText.IsQuoted(column.Item.Type))
            .Select(column => SnapshotColumns.Text($"v{column.Index}"));
        var rows = layout.Write(Db, $"SELECT {string.Join(", ", values)} FROM {from}", texts, path, cancel);
        return new RowsFile(path, [.. columns.Select(column => column.Name)], rows);
    }
}
