namespace Headrace;

/// <summary>
/// Rows that a warehouse set aside: list them, load them after all (once), or give them up with a reason.
/// </summary>
public interface IQuarantine
{
    /// <summary>How many rows wait, by dataset.</summary>
    Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(CancellationToken cancel);

    /// <summary>
    /// Rows of a flow or a dataset, the oldest first; only those that wait unless <paramref name="all"/>.
    /// </summary>
    Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel);

    /// <summary>
    /// Rows that wait, in the order of their numbers beyond <paramref name="after"/>: all of a flow or a dataset, or
    /// these alone.
    /// </summary>
    Task<IReadOnlyList<QuarantinedRow>> NextAsync(
        string of,
        IReadOnlyList<long>? ids,
        long after,
        int most,
        CancellationToken cancel
    );

    /// <summary>
    /// How many rows of datasets wait whose table was not replaced since, and where the first of them came from.
    /// </summary>
    Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(
        IReadOnlyList<string> datasets,
        TableName target,
        int most,
        CancellationToken cancel
    );

    /// <summary>Gives rows up; they stay on record with the reason.</summary>
    /// <returns>How many rows were given up.</returns>
    Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel);

    /// <summary>
    /// Tries to load rows after all, in one transaction with their new status, so that each goes in once. A row that
    /// still does not fit stays; one whose table was replaced since is superseded.
    /// </summary>
    Task<(long Released, long Superseded, long Kept)> ReleaseAsync(
        string of,
        IReadOnlyList<long>? ids,
        Mending mending,
        CancellationToken cancel
    );
}

/// <summary>A row that waits in quarantine, or was released or discarded.</summary>
public sealed record QuarantinedRow(
    long Id,
    string Flow,
    string Dataset,
    TableName Target,
    string File,
    long? Line,
    string? Column,
    string? Value,
    string Reason,
    string? Row,
    string Status,
    DateTimeOffset HeldAt,
    string? Resolution
)
{
    /// <summary>A file and a line in it, as a person writes it.</summary>
    public static string Place(string file, long? line) => line is null ? file : $"{file} line {line}";
}

/// <summary>
/// How quarantined rows are read again: values that mend columns, the flow's columns and key, its CSV dialect.
/// </summary>
public sealed record Mending(IReadOnlyDictionary<string, string?> Set, LoadRules Rules, CsvDialect Dialect)
{
    /// <summary>The time for checks that ask for it.</summary>
    public DateTimeOffset Now { get; init; }
}
