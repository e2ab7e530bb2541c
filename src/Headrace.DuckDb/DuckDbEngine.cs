namespace Headrace.DuckDb;

/// <summary>A DuckDB in memory beside a warehouse of another kind: it types staged rows, and nothing lasts in it.</summary>
public sealed class DuckDbEngine(DuckDbSettings settings) : IEngine, IDisposable
{
    private readonly Lock opening = new();
    private DuckDbDatabase? database;

    public Task<DuckDbConnection> ConnectAsync(CancellationToken cancel) => Task.FromResult(Connect(cancel));

    /// <summary>A connection of its own, for one thread at a time.</summary>
    public DuckDbConnection Connect(CancellationToken cancel)
    {
        lock (opening)
            database ??= Open(cancel);
        return database.Connect();
    }

    public T Translate<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (DuckDbException error) when (Disk.IsFull(error))
        {
            throw Error.DiskFull(settings.TempDirectory ?? "the spool", error);
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
        {
            throw Error.OutOfMemory("the engine", error.Message, error);
        }
        catch (DuckDbException error)
        {
            throw Error.Warehouse("the engine", error.Message, error);
        }
    }

    public Task RestAsync()
    {
        lock (opening)
        {
            database?.Dispose();
            database = null;
        }

        return Task.CompletedTask;
    }

    public void Dispose() => database?.Dispose();

    private DuckDbDatabase Open(CancellationToken cancel)
    {
        var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early);
        try
        {
            using var db = memory.Connect();
            settings.Harden(db, cancel);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }
}
