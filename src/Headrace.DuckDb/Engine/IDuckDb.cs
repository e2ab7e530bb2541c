namespace Headrace.DuckDb;

/// <summary>
/// A DuckDB that reads staged files and does the set work: a warehouse's own, or one in memory beside another
/// warehouse.
/// </summary>
public interface IDuckDb
{
    /// <summary>A connection of its own, for one thread at a time.</summary>
    Task<DuckDbConnection> ConnectAsync(CancellationToken cancel);

    /// <summary>Runs a step; DuckDB's errors come out by their Headrace names.</summary>
    T Translate<T>(Func<T> step);

    /// <summary>Gives its memory back until it is asked again; nobody may be using it.</summary>
    Task RestAsync();
}
