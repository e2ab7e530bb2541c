using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// A DuckDB in memory beside a warehouse of another kind: it types staged rows, and nothing lasts in it.
/// </summary>
public sealed class DuckDbEngine(DuckDbSettings settings) : IDuckDb, IEngine
{
    private readonly Lock opening = new();
    private DuckDbDatabase? database;

    public Task<DuckDbConnection> ConnectAsync(CancellationToken cancel) => Task.FromResult(Connect(cancel));

    /// <summary>A connection of its own, for one thread at a time.</summary>
    public DuckDbConnection Connect(CancellationToken cancel)
    {
        lock (opening)
            database ??= Open(cancel);
        return database.Connect();
    }

    public FileBatch Batch(
        ChangeSet changes,
        LoadAttempt attempt,
        string folder,
        CsvLayout layout,
        TimeProvider clock,
        CancellationToken cancel
    ) => new CsvBatch(this, changes, attempt, folder, layout, clock, cancel);

    public void WriteParquet(CsvRows rows, string path, CancellationToken cancel)
    {
        using var db = Connect(cancel);
        db.Execute($"COPY (FROM {CsvText.From(rows)}) TO {Sql.Literal(path)} (FORMAT parquet)", cancel);
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
        using var db = Connect(cancel);
        var reader = new QuarantineReader(db, columns, mending, limits, cancel);
        reader.Stage($"SELECT * FROM {CsvText.From(waiting)}");
        var values = columns.Select(
            (column, i) => SnapshotColumns.Text($"{layout.Written(SnapshotColumns.Text($"v{i}"), column.Type)} AS c{i}")
        );
        var texts = columns
            .Index()
            .Where(column => CsvText.IsQuoted(column.Item.Type))
            .Select(column => CsvText.Name(column.Index));
        var rows = layout.Write(
            db,
            $"""
            SELECT headrace_id, {QuarantineReader.Brings(columns.Count)} AS has,
            {string.Join(", ", values)} FROM temp.released
            """,
            texts,
            path,
            cancel
        );
        return new FittingRows(new RowsFile(path, [], rows), reader.Inserted());
    }

    public IReadOnlyList<FileNote> Broken(ChangeSet changes, out bool isMended, CancellationToken cancel)
    {
        using var db = Connect(cancel);
        return new ParquetFiles(db, cancel).Broken(changes, out isMended);
    }

    public bool IsOwn(Exception error) => error is DuckDbException;

    public HeadraceException Name(Exception error) => Named((DuckDbException)error);

    public T Translate<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (DuckDbException error)
        {
            throw Named(error);
        }
    }

    private HeadraceException Named(DuckDbException error) =>
        Disk.IsFull(error) ? Error.DiskFull(settings.TempDirectory ?? "the spool", error)
        : error.Kind == DuckDbErrorKind.OutOfMemory ? Error.OutOfMemory("the engine", error.Message, error)
        : Error.Warehouse("the engine", error.Message, error);

    public Task RestAsync()
    {
        lock (opening)
        {
            database?.Dispose();
            database = null;
        }

        return Task.CompletedTask;
    }

    public void Dispose() => database?.Dispose();

    private DuckDbDatabase Open(CancellationToken cancel)
    {
        var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early);
        try
        {
            using var db = memory.Connect();
            settings.Harden(db, cancel);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
