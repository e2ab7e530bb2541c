using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>How the memory of the whole process is shared out: the one place that decides it.</summary>
internal static class MemoryShares
{
    /// <summary>What the runtime, the staging of files, and what DuckDB takes beside its limit need.</summary>
    private const long Rest = 176L << 20;

    private const long LeastEngine = 64L << 20;

    // A thread of the engine fills buffers of its own, for reading and for a group of rows that is to be written.
    private const long EngineThread = 56L << 20;

    /// <summary>Bytes for an engine.</summary>
    /// <param name="memory">The setting; null when it is not said.</param>
    /// <param name="engines">How many engines may be at work at once.</param>
    public static long Engine(long? memory, int engines = 1)
    {
        var all = Math.Max(memory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 3 / 4, Project.LeastMemory);
        var share = Math.Max(Math.Min(all * 55 / 100, all - Rest), all * 3 / 10);
        return Math.Max(share / Math.Max(1, engines), LeastEngine);
    }

    /// <summary>Threads for an engine: no more than its memory has buffers for.</summary>
    /// <param name="engine">Bytes of the engine.</param>
    /// <param name="threads">The setting; null when it is not said.</param>
    public static int Threads(long engine, int? threads) =>
        (int)Math.Clamp(engine / EngineThread, 1, threads ?? Environment.ProcessorCount);

    /// <summary>Bytes for the digests of a comparison, beside its engine.</summary>
    public static long Digests(long engine) => Math.Max(engine / 8, 16L << 20);
}
