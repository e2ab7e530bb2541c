using Headrace.State;

namespace Headrace.Warehouses;

/// <summary>Who makes Headrace's own tables on a server that several machines use at once.</summary>
/// <param name="address">Where the database is.</param>
public abstract class ServerConcurrency(string address, SqlDialect dialect)
{
    /// <summary>How the database says things.</summary>
    protected SqlDialect Dialect => dialect;

    /// <inheritdoc cref="IConcurrency.ExistAsync"/>
    public async Task<bool> ExistAsync(SqlSession db, CancellationToken cancel)
    {
        try
        {
            if (await WarehouseStore.VersionAsync(db, dialect, cancel) is { } found && IsCurrent(found))
                return true;
        }
        catch (Exception error) when (IsMissing(error))
        {
            // Nothing is there, or what release 0.1.0 made.
        }

        if (!await HasTablesAsync(db, cancel))
            return false;
        await MakeAsync(db, cancel);
        return true;
    }

    /// <summary>True when the state is of this version; false when it lacks steps.</summary>
    /// <exception cref="HeadraceException">HDR-329 when a newer Headrace wrote it.</exception>
    protected bool IsCurrent(StateVersion found) => WarehouseState.Steps.IsCurrent(found, address);

    /// <summary>True for the error that says that a table is not there.</summary>
    protected abstract bool IsMissing(Exception error);

    /// <summary>True when tables of any version are there.</summary>
    protected abstract Task<bool> HasTablesAsync(SqlSession db, CancellationToken cancel);

    /// <summary>Makes the tables, or brings them up to date; of all who come at once one does.</summary>
    protected abstract Task MakeAsync(SqlSession db, CancellationToken cancel);
}
