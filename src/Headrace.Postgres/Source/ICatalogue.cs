namespace Headrace.Postgres;

/// <summary>What the catalogue of a database proposes for the process table.</summary>
public interface ICatalogue
{
    /// <summary>
    /// All tables of users, by name, each with its primary key and the columns that look like its cursors.
    /// </summary>
    Task<IReadOnlyList<TableEntry>> DiscoverAsync(CancellationToken cancel);
}
