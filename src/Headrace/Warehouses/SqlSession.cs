namespace Headrace.Warehouses;

/// <summary>What a session is opened for.</summary>
public enum SessionUse
{
    /// <summary>Questions; nothing is written, and no temporary table is made.</summary>
    Read,

    /// <summary>Statements that write, and temporary tables.</summary>
    Write,
}

/// <summary>A session of a database: one statement after another, and at most one transaction.</summary>
/// <remarks>
/// Each call throws what the database's driver throws; <see cref="SqlWarehouse"/> gives it a Headrace name.
/// </remarks>
public abstract class SqlSession : IAsyncDisposable
{
    /// <summary>Runs a statement; says how many rows it changed.</summary>
    public abstract Task<long> ExecuteAsync(string sql, CancellationToken cancel);

    /// <summary>The rows of a query, each made by <paramref name="read"/>.</summary>
    public abstract Task<List<T>> RowsAsync<T>(string sql, Func<SqlRow, T> read, CancellationToken cancel);

    /// <summary>The number in the first column of the first row; 0 when there is no row or it is NULL.</summary>
    public async Task<long> NumberAsync(string sql, CancellationToken cancel) =>
        (await RowsAsync(sql, row => row.NumberOrNull(0) ?? 0, cancel)).FirstOrDefault();

    /// <summary>Begins a transaction.</summary>
    public abstract Task BeginAsync(CancellationToken cancel);

    /// <summary>Begins a transaction whose questions are all answered as of one moment.</summary>
    public virtual Task BeginReadAsync(CancellationToken cancel) => BeginAsync(cancel);

    /// <summary>Commits the transaction. Whoever gives up meanwhile does not know how it ended.</summary>
    public abstract Task CommitAsync(CancellationToken cancel);

    /// <summary>Takes the transaction back; does nothing where there is none.</summary>
    public abstract Task RollbackAsync();

    /// <summary>Ends the session; an open transaction is taken back.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>The row that a query is at. Columns are counted from 0.</summary>
public abstract class SqlRow
{
    public abstract bool IsNull(int column);

    public abstract string Text(int column);

    public abstract long Number(int column);

    public abstract bool Flag(int column);

    /// <summary>A time with a zone.</summary>
    public abstract DateTimeOffset Time(int column);

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public long? NumberOrNull(int column) => IsNull(column) ? null : Number(column);

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);
}
