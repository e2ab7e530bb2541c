using Headrace.DuckDb;

namespace Headrace.Hosting;

/// <summary>A folder and an engine in memory for work beside a warehouse; gone when it is disposed.</summary>
public sealed class Workbench : IDisposable
{
    private readonly DuckDbDatabase engine;
    private readonly DuckDbSettings settings;

    /// <param name="folder">Absolute; it is made, and removed with all that is in it.</param>
    /// <param name="reach">Folders whose files the engine may read too.</param>
    /// <param name="memory">Bytes for the engine and the sets of digests.</param>
    /// <param name="threads">The setting; null when it is not said.</param>
    public Workbench(string folder, IReadOnlyList<string> reach, long memory, int? threads)
    {
        Folder = Directory.CreateDirectory(folder).FullName;
        SetBytes = MemoryShares.Digests(memory);
        settings = new DuckDbSettings
        {
            Memory = memory,
            Threads = MemoryShares.Threads(memory, threads),
            TempDirectory = Path.Combine(folder, "temp"),
            AllowedDirectories = [folder, .. reach],
        };
        engine = DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early);
    }

    public string Folder { get; }

    /// <summary>Bytes for sets of digests.</summary>
    public long SetBytes { get; }

    /// <summary>The engine's only connection: it is shut in by then.</summary>
    public DuckDbConnection Connect(CancellationToken cancel)
    {
        var db = engine.Connect();
        settings.Harden(db, cancel);
        return db;
    }

    /// <summary>
    /// A DuckDB warehouse of its own in the folder; its memory is that of the engine, which rests meanwhile.
    /// </summary>
    public DuckDbWarehouse Scratch(TimeProvider clock)
    {
        var its = settings with { TempDirectory = Path.Combine(Folder, "scratch") };
        return new(Path.Combine(Folder, "scratch.duckdb"), isReadOnly: false, its, clock);
    }

    public void Dispose()
    {
        engine.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
