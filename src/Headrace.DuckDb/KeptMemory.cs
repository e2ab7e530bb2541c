using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Has the C library keep memory of up to 32 MB that the engine gives back, for what the engine takes next. Without
/// that a load gives the same pages back to the system and takes them again for each of its columns.
/// </summary>
/// <remarks>https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html</remarks>
public static partial class KeptMemory
{
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;

    /// <summary>Asks for it, for this process; other C libraries than GNU's are left as they are.</summary>
    public static void Ask()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetOption(MapThreshold, 32 << 20);
            _ = SetOption(TrimThreshold, 64 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such options.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
