using Headrace.Staging;

namespace Headrace.Postgres;

/// <summary>What reads the table of a flow, of one kind of database.</summary>
internal interface ITableReader
{
    /// <summary>The database, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>
    /// Runs a step on a connection of its own; what goes wrong in the database comes out by its Headrace name.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-152 when there is no such table.</exception>
    Task<T> RunAsync<T>(Func<ITableReading, Task<T>> step, CancellationToken cancel);
}

/// <summary>One reading: a connection, and the table as it was when it began.</summary>
internal interface ITableReading
{
    SourceTable Table { get; }

    /// <summary>Is told early that all rows will be wanted.</summary>
    void BeginWhole();

    /// <summary>The server's clock.</summary>
    Task<string> NowAsync(CancellationToken cancel);

    /// <summary>Looks whether the flow's cursors are columns that can serve, and go on from a position.</summary>
    /// <exception cref="HeadraceException">HDR-153.</exception>
    Task CheckAsync(TableCursor? before, Dataset dataset, CancellationToken cancel);

    /// <summary>Settles which rows are read next, and how far the position moves with them.</summary>
    Task<IncrementalStep> NextAsync(
        TableCursor? before,
        Dataset dataset,
        StageAttempt attempt,
        CancellationToken cancel
    );

    /// <summary>Stages the rows of a step, or all rows, as they are at one moment from now on.</summary>
    Task<IReadOnlyList<StagedFile>> ReadAsync(IncrementalStep? step, RowsWanted rows, CancellationToken cancel);
}

/// <summary>For what rows are read, and where they are staged.</summary>
/// <param name="Folder">The stager's; it is the dataset's own.</param>
internal sealed record RowsWanted(Dataset Dataset, Stager Stager, string Folder)
{
    /// <summary>A plan does not hold its dataset: a run may be on its way.</summary>
    public bool IsPlan { get; init; }

    public DigestOptions? Digesting { get; init; }

    /// <summary>Whether the target takes rows as PostgreSQL writes them for its like; null for no.</summary>
    public Func<bool>? MayBeBinary { get; init; }

    /// <summary>
    /// Is given a read that goes on while its rows are loaded; null when all of them are to be staged first.
    /// </summary>
    public Action<TableStream>? Along { get; init; }

    public Action<LoadProgress>? Progress { get; init; }
}
