using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Has DuckDB fill memory with zeros when it takes it. Without that what lay there before, such as a value that a mask
/// hides, may end up in a block of a database file that is not full.
/// </summary>
public static partial class ClearedMemory
{
    /// <summary>Asks for it; in time only before anything else of DuckDB is used in this process.</summary>
    /// <remarks>DuckDB's allocator reads this when the library is loaded, and only there.</remarks>
    public static void Ask()
    {
        if (OperatingSystem.IsLinux())
            _ = SetVariable("DUCKDB_JE_MALLOC_CONF", "zero:true", overwrite: 0);
    }

    // .NET's own variables are not those that a library sees.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
