namespace Headrace.Warehouses;

/// <summary>
/// How loads of a warehouse keep out of each other's way, and who makes Headrace's own tables; databases differ in
/// both.
/// </summary>
public interface IConcurrency
{
    /// <summary>
    /// True where a load locks its target before it reads anything: its snapshot must have what it has waited for.
    /// </summary>
    bool LocksFirst => false;

    /// <summary>
    /// True where a table of Headrace's own stays locked from the first write to the end: what others write too is
    /// written last.
    /// </summary>
    bool WritesOwnersLast => false;

    /// <summary>The table that has a dataset's position, without its schema.</summary>
    string Positions(string dataset) => "positions";

    /// <summary>True when the table of a dataset's position is there; the others are.</summary>
    Task<bool> HasPositionAsync(SqlSession db, Dataset dataset, CancellationToken cancel) => Task.FromResult(true);

    /// <summary>
    /// True when Headrace's own tables are there, of this version; older ones are brought up to date. Not in a
    /// transaction.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace made them.</exception>
    Task<bool> ExistAsync(SqlSession db, CancellationToken cancel);

    /// <summary>Makes what is missing of Headrace's own tables. Not in a transaction.</summary>
    /// <param name="dataset">Whose position is to be kept; null for nobody's.</param>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace made them.</exception>
    Task EnsureAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel);

    /// <summary>
    /// Waits for loads of the dataset that are under way; to the end of the transaction none commits.
    /// </summary>
    Task LockAsync(SqlSession db, Dataset dataset, CancellationToken cancel);

    /// <summary>
    /// Waits for those who settle who loads into a table; to the end of the transaction nobody else does.
    /// </summary>
    Task LockAsync(SqlSession db, TableName target, CancellationToken cancel);
}
