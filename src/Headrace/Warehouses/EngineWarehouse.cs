using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>A warehouse whose rows an engine beside it types, and writes into files.</summary>
/// <param name="engine">Disposed of with the warehouse.</param>
/// <param name="folder">
/// An absolute folder for rows on their way, which the engine may read and write; nobody else's.
/// </param>
public abstract class EngineWarehouse(IEngine engine, string folder, TimeProvider clock) : SqlWarehouse(clock)
{
    private int folders;

    protected IEngine Engine => engine;

    /// <summary>What a session is opened for whose rows are copied.</summary>
    protected virtual SessionUse Copying => SessionUse.Read;

    public override bool IsOfEngine(Exception error) => engine.IsOwn(error);

    public override Task<(IReadOnlyList<FileNote> Broken, bool IsMended)> BrokenAsync(
        ChangeSet changes,
        CancellationToken cancel
    ) =>
        Task.Run(
            () =>
            {
                var broken = engine.Broken(changes, out var isMended, cancel);
                return (broken, isMended);
            },
            cancel
        );

    public override Task CopyAsync(TableName table, string path, CancellationToken cancel) =>
        AskAsync(
            Copying,
            async (db, _) =>
            {
                var found =
                    await FindAsync(db, table, cancel)
                    ?? throw Error.NotFound("table", table.ToString(), "bring the table back");
                var own = Directory.CreateDirectory(NewFolder()).FullName;
                try
                {
                    await CopyAsync(
                        db,
                        found,
                        own,
                        rows => Task.Run(() => engine.WriteParquet(rows, path, cancel), cancel),
                        cancel
                    );
                    return true;
                }
                finally
                {
                    Directory.Delete(own, recursive: true);
                }
            },
            cancel
        );

    public override async Task<T> NameAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (engine.IsOwn(error))
        {
            throw engine.Name(error);
        }
        catch (Exception error) when (Name(error) is { } named)
        {
            throw named;
        }
    }

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        engine.Dispose();
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Brings all rows of a table here.</summary>
    /// <param name="own">A folder that is gone afterwards.</param>
    /// <param name="take">Takes the rows while their files are there.</param>
    protected abstract Task CopyAsync(
        SqlSession db,
        TargetTable table,
        string own,
        Func<CsvRows, Task> take,
        CancellationToken cancel
    );

    /// <summary>An error of the database by its Headrace name; null for what is none.</summary>
    protected abstract HeadraceException? Name(Exception error);

    /// <summary>A path for a folder that nobody else has; the caller makes and removes it.</summary>
    protected string NewFolder() => Path.Combine(folder, $"{Interlocked.Increment(ref folders)}");
}
