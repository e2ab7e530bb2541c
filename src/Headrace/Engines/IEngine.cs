namespace Headrace.Engines;

/// <summary>
/// What types, checks and reduces rows, set by set, for a warehouse that is another database. Rows never come to .NET.
/// </summary>
public interface IEngine : IDisposable
{
    /// <summary>A batch of a change set.</summary>
    /// <param name="folder">An absolute folder of the load's own.</param>
    FileBatch Batch(
        ChangeSet changes,
        LoadAttempt attempt,
        string folder,
        CsvLayout layout,
        TimeProvider clock,
        CancellationToken cancel
    );

    /// <summary>Writes rows into a Parquet file, under their names.</summary>
    void WriteParquet(CsvRows rows, string path, CancellationToken cancel);

    /// <summary>Reads rows of the quarantine again, and writes those that fit now.</summary>
    /// <param name="waiting">Their numbers and texts.</param>
    /// <param name="columns">Of their table.</param>
    /// <param name="path">Where the rows go, as <c>headrace_id</c>, <c>has</c> and <c>c0…</c>.</param>
    FittingRows Mend(
        CsvRows waiting,
        IReadOnlyList<Column> columns,
        Mending mending,
        ValueLimits? limits,
        CsvLayout layout,
        string path,
        CancellationToken cancel
    );

    /// <summary>
    /// Those files of a change set that cannot be read to their end, each refused; asked after a load met one of them.
    /// </summary>
    /// <param name="isMended">True when a file can be read now that could not be read before, though with rows that are
    /// bad.</param>
    IReadOnlyList<FileNote> Broken(ChangeSet changes, out bool isMended, CancellationToken cancel);

    /// <summary>True for an error of the engine's own.</summary>
    bool IsOwn(Exception error);

    /// <summary>An error of the engine's own by its Headrace name.</summary>
    HeadraceException Name(Exception error);
}

/// <summary>Rows of the quarantine that fit now.</summary>
/// <param name="Rows">Their numbers, a text with a sign for each column (1 where the row brings it), and the
/// values.</param>
/// <param name="Sets">The sets of columns that rows are inserted with, each with the pattern of the signs of its
/// rows.</param>
public sealed record FittingRows(RowsFile Rows, IReadOnlyList<(IReadOnlyList<int> Columns, string Like)> Sets);
