namespace Headrace;

/// <summary>A table of a source that is kept in step with a target: a row of <c>headrace.process_table</c>.</summary>
/// <param name="Connection">The source's connection.</param>
/// <param name="Table">The source's table, with its schema.</param>
/// <param name="Target">Null: the flow's schema, and the table's own name.</param>
/// <param name="PrimaryKey">Empty for a table without one, which is read whole and replaced.</param>
public sealed record TableEntry(
    string Connection,
    string Table,
    TableName? Target,
    IReadOnlyList<string> PrimaryKey,
    string? CreateKey,
    string? UpdateKey
)
{
    public bool IsEnabled { get; init; } = true;

    /// <summary>When it was last brought up to date.</summary>
    public DateTimeOffset? LastSyncTime { get; init; }

    /// <summary>The outcome of its last run.</summary>
    public string? LastStatus { get; init; }

    public long LastInserted { get; init; }

    public long LastUpdated { get; init; }

    public long LastDeleted { get; init; }

    /// <summary>What its last run failed with.</summary>
    public string? LastError { get; init; }
}

/// <summary>
/// The list of tables that flows with <c>tables: process_table</c> sync; kept in the warehouse, where a row may be
/// added by hand too.
/// </summary>
public interface IProcessTable
{
    /// <summary>All entries, by connection and table.</summary>
    Task<IReadOnlyList<TableEntry>> ListAsync(CancellationToken cancel);

    /// <summary>Adds an entry, or replaces the one with its connection and table.</summary>
    Task AddAsync(TableEntry entry, CancellationToken cancel);

    /// <summary>Removes an entry; false when there is none. The target and its position stay.</summary>
    Task<bool> RemoveAsync(string connection, string table, CancellationToken cancel);

    /// <summary>
    /// Writes down how the entries' runs ended, and copies all entries of the connection to
    /// <c>process_table_snapshot</c>.
    /// </summary>
    /// <param name="runs">By table.</param>
    Task RecordAsync(string connection, IReadOnlyDictionary<string, Run> runs, CancellationToken cancel);
}
