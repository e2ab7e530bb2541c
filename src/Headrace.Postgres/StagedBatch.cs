using System.Threading.Channels;
using Headrace.DuckDb;
using Headrace.Staging;

namespace Headrace.Postgres;

/// <summary>A file with rows for a table, as CSV.</summary>
/// <param name="Columns">The names of its columns, unquoted, in order.</param>
/// <param name="Rows">How many; -1 while they arrive.</param>
/// <param name="IsBinary">They are as PostgreSQL writes them for its like, and no CSV.</param>
/// <param name="Arriving">For rows of which not all are there yet.</param>
internal sealed record RowsFile(string Path, IReadOnlyList<string> Columns, long Rows, bool IsBinary = false, ArrivingRows? Arriving = null)
{
    /// <summary>Their bytes from the first to the last.</summary>
    public Stream Open() => Arriving?.Open() ?? new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
}

/// <summary>What the engine makes of a change set: CSV files of the rows that fit, and of those that do not.</summary>
/// <param name="folder">An absolute folder of this load's own.</param>
/// <param name="opened">The engine, which need not be opened for rows that go as they are.</param>
/// <param name="like">How the rows are written; as PostgreSQL reads them when it is not said.</param>
internal sealed class StagedBatch(Lazy<DuckDbConnection> opened, ChangeSet changes, LoadAttempt attempt, string folder, TimeProvider clock, CancellationToken cancel, RowsStyle? like = null)
{
    private readonly RowsStyle style = like ?? RowsStyle.Postgres;

    private static readonly string[] Quarantine =
        ["flow", "dataset", "schema_name", "table_name", "file", "sha256", "line", "column", "value", "reason", "row", "operation", "load_id", "run_id", "status", "held_at"];

    private const int PieceSegments = 2;

    private int files;

    private DuckDbConnection engine => opened.Value;

    private bool IsBinary => changes.Files.Count > 0 && changes.Files.All(file => file.IsBinary);

    /// <summary>The columns; null for changes of rows.</summary>
    public TableShape? Shape { get; private set; }

    /// <summary>Rows for the target, in the order in which they are to be copied.</summary>
    public List<RowsFile> Rows { get; } = [];

    /// <summary>Rows for <c>headrace.quarantine</c>.</summary>
    public List<RowsFile> Held { get; } = [];

    /// <summary>Rows that fit.</summary>
    public long Good { get; private set; }

    public long Quarantined { get; private set; }

    /// <summary>Bad rows to be shown.</summary>
    public IReadOnlyList<BadRow> Sample { get; private set; } = [];

    /// <summary>Rows that had the key of a later row of the batch.</summary>
    public long Losers { get; private set; }

    /// <summary>The files as <c>headrace.files</c> has them once they are loaded.</summary>
    public List<FileRow> Files { get; } = [];

    /// <summary>True for a merge into a table that is yet to be made, of rows that have one key each: nothing is there to merge with.</summary>
    public bool IsFirst => changes.Operation == Operation.Merge && changes.From.Table is null && changes.Rules.HasUniqueKeys && !attempt.IsPlan;

    /// <summary>For a plan that merges.</summary>
    public Merge? Merge { get; private set; }

    public PlannedTable? Planned { get; private set; }

    /// <summary>Settles the columns of the files; false when none of the files can be loaded.</summary>
    public bool Prepare()
    {
        if (IsBinary)
        {
            TakeRows();
            return true;
        }

        var shape = Shape = new TableShape(changes, new ParquetFiles(engine, cancel).Columns);
        if (changes.Operation == Operation.Replace ? shape.Refused.Count > 0 : shape.Files.Count == 0)
            return false;
        new TypeInference(engine, cancel).Settle(shape, changes.Format.Csv);
        return true;
    }

    /// <summary>True for rows that go into the target without a look at what is there: they may be copied while others are typed.</summary>
    public bool IsStreamed => !attempt.IsPlan && (changes.Operation is Operation.Append or Operation.Replace || IsFirst);

    /// <summary>Types the rows on another thread, and has the files taken meanwhile; what it wrote is removed then.</summary>
    public async Task StreamAsync(Func<RowsFile, Task> take)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ready = Channel.CreateUnbounded<RowsFile>();
        var typing = Task.Run(() =>
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
        }, CancellationToken.None);
        try
        {
            await foreach (var rows in ready.Reader.ReadAllAsync(cancel))
            {
                await take(rows);
                if (!rows.IsBinary) // what the source staged is its own
                    File.Delete(rows.Path);
            }

            foreach (var file in IsBinary ? Shape!.Files : [])
                Count(file.File, file.File.Arriving is { } arriving ? await arriving.Whole : file.File.Records);
        }
        finally
        {
            await stop.CancelAsync();
            await typing; // nobody else may use the engine and the folder
        }
    }

    /// <summary>Types the rows. The first ones may be copied while others are typed: <paramref name="ready"/> is told of each file.</summary>
    public void StageRows(Action<RowsFile>? ready = null)
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
        var rows = new GoodRows(engine, changes, shape, cancel);
        if (!shape.HasTable)
        {
            // No row and no column that anybody declared: there are records at most that are no rows.
        }
        else if (changes.Operation == Operation.Merge && !IsFirst)
            StageMerge(rows, shape);
        else
            foreach (var group in rows.Groups())
                rows.Take(group, _ => Pieces(group).Sum(piece => StagePiece(piece, ready)));
        Good = rows.Good;

        var bad = new BadRows(engine, changes, shape, cancel);
        Quarantined = bad.Count(rows.Missing);
        if (Quarantined > 0)
        {
            Sample = bad.Sample(5);
            if (!attempt.IsPlan && changes.Rules.OnFail != OnFail.Stop && !Failpoint.Planted("bad-rows-dropped"))
            {
                foreach (var (file, query) in bad.Queries())
                    Hold(file, query);
                if (Held.Sum(one => one.Rows) is var held && held != Quarantined)
                    throw Error.RowsDiffer("headrace.quarantine", Quarantined, held);
            }
        }

        Files.AddRange(shape.Files.Select(file => FileLedger.Row(file.File.File, file.File.Sha256, changes.Action, FileFate.Loaded) with
        {
            Rows = rows.Records(file.File) - bad.Of(file.File),
            Quarantined = bad.Of(file.File) + file.File.RejectCount,
            SchemaVersion = changes.From.Schema?.Document.Version,
        }));
    }

    // What fits without a look goes as it is.
    private void TakeRows()
    {
        if (!BinaryFit.Holds(changes))
            throw Error.Warehouse(changes.Target.ToString(), "the table was changed while the rows were staged", null, transient: true);
        Shape = new TableShape(changes, _ => []);
        foreach (var file in Shape.Files)
            Rows.Add(new RowsFile(
                file.File.Segments[0], [.. file.Columns.Select((_, i) => Shape.Columns[file.Indexes.ToList().IndexOf(i)].Name)], file.File.Records, IsBinary: true, file.File.Arriving));
    }

    private void Count(StagedFile file, long rows)
    {
        Good += rows;
        Files.Add(FileLedger.Row(file.File, file.Sha256, changes.Action, FileFate.Loaded) with { Rows = rows });
    }

    /// <summary>Writes changed rows with what happens to each; names are those of the export.</summary>
    public void StageChanges()
    {
        var rows = changes.Rows!;
        if (!attempt.IsPlan && !changes.Target.IsNone)
        {
            var columns = rows.Columns.Select((column, i) => (column.Name, Sql: style.Written(SnapshotColumns.Text($"c{i}"), column.Type), column.Type));
            Rows.Add(Write([("op", "op", ColumnType.Text), .. columns], $"read_parquet({Sql.Literal(rows.Path)})"));
        }

        if (!attempt.IsPlan)
            foreach (var bad in rows.BadRows)
                Hold(bad.File, $"FROM read_parquet({Sql.Literal(bad.Path)})");
        (Quarantined, Sample) = (rows.Quarantined, rows.Sample);
        if (!attempt.IsPlan && Held.Sum(one => one.Rows) is var held && held != Quarantined)
            throw Error.RowsDiffer("headrace.quarantine", Quarantined, held);
        Files.AddRange(changes.Files.Select((file, i) =>
        {
            var held = rows.BadRows.Where(bad => bad.File == file).Sum(bad => bad.Rows);
            return FileLedger.Row(file.File, file.Sha256, changes.Action, FileFate.Loaded) with
            {
                Rows = rows.Records[i] + file.RejectCount - held,
                Quarantined = held,
                Version = changes.Version,
                Parts = changes.Files.Count,
            };
        }));
    }

    /// <summary>Writes the distinct keys of a query's rows.</summary>
    /// <param name="keys">Their names in the target, and their values in the engine's SQL.</param>
    public RowsFile Keys(IEnumerable<(string Name, string Sql, ColumnType Type)> keys, string from) => Write([.. keys.Select(key => (key.Name, style.Written(key.Sql, key.Type), key.Type))], from);

    /// <summary>A path for one more file of this load.</summary>
    public string NewPath()
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
            foreach (var some in attempt.IsPlan ? [[.. file.File.Segments]] : file.File.Segments.Chunk(PieceSegments))
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
            return engine.Scalar<long>($"SELECT count(*) FROM {rows.Source} WHERE {rows.Good}", cancel);

        // A column that the files do not bring gets the table's default.
        var brought = Enumerable.Range(0, shape.Columns.Count).Where(column => piece[0].Indexes[column] >= 0)
            .Select(column => (shape.Columns[column].Name, style.Written(rows.Value(column), shape.Columns[column].Type!.Value), shape.Columns[column].Type!.Value)).ToList();
        var file = Write(brought, $"{rows.Source} WHERE {rows.Good}");
        Rows.Add(file);
        ready?.Invoke(file);
        return file.Rows;
    }

    private void StageMerge(GoodRows rows, TableShape shape)
    {
        rows.Stage();
        Planned = new PlannedTable(engine, changes, shape, cancel);
        Merge = new Merge(engine, changes, shape, Planned.Name, cancel);
        Losers = Merge.Deduplicate();
        var brought = Enumerable.Range(0, shape.Columns.Count).Where(shape.Brings)
            .Select(column => (shape.Columns[column].Name, style.Written(StagedTable.Column(column), shape.Columns[column].Type!.Value), shape.Columns[column].Type!.Value)).ToList();
        if (!attempt.IsPlan && brought.Count > 0)
            Rows.Add(Write(brought, StagedTable.Name));
    }

    private RowsFile Write(List<(string Name, string Sql, ColumnType Type)> columns, string from)
    {
        var path = NewPath();
        var texts = columns.Select((column, i) => (column.Type.Kind, Name: SnapshotColumns.Text($"v{i}"))).Where(column => column.Kind is TypeKind.Text or TypeKind.Json).Select(column => column.Name).ToList();
        var values = columns.Select((column, i) => SnapshotColumns.Text($"{column.Sql} AS v{i}"));
        var quoted = texts.Count == 0 ? "" : $", FORCE_QUOTE ({string.Join(", ", texts)})";
        var rows = engine.Execute($"COPY (SELECT {string.Join(", ", values)} FROM {from}) TO {Sql.Literal(path)} ({style.Layout}{quoted})", cancel);
        return new RowsFile(path, [.. columns.Select(column => column.Name)], rows);
    }

    // What came with a NUL is shown with its picture: PostgreSQL has no text for it.
    private void Hold(StagedFile file, string query)
    {
        string Shown(string column) => style.Shown($"replace({column}, chr(0), '\u2400')");
        var path = NewPath();
        var rows = engine.Execute(
            $"""
            COPY (SELECT $1 AS flow, $2 AS dataset, $3 AS schema_name, $4 AS table_name, $5 AS file, $6 AS sha256, line, {Shown("\"column\"")} AS "column",
                    {Shown("value")} AS value, {Shown("reason")} AS reason, {style.Kept("\"row\"")} AS "row", $7 AS operation, $8 AS load_id, $9 AS run_id, 'waiting' AS status, $10 AS held_at
                FROM ({query})) TO {Sql.Literal(path)}
                ({style.Layout}, FORCE_QUOTE (flow, dataset, schema_name, table_name, file, sha256, "column", value, reason, "row", operation, load_id, run_id, status))
            """,
            cancel, changes.Dataset.Flow, changes.Dataset.Name, changes.Target.Schema, changes.Target.Table, file.File.Key, file.Sha256,
            changes.Operation.ToString().ToLowerInvariant(), changes.Id, attempt.RunId, clock.GetUtcNow());
        Held.Add(new RowsFile(path, Quarantine, rows));
    }
}
