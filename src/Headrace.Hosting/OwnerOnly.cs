using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Headrace.Hosting;

/// <summary>Files that only their owner can read: they hold rows of a source, and these may be secret.</summary>
public static partial class OwnerOnly
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    /// <summary>
    /// From now on this process and what it starts make files and folders for their owner alone (umask 077).
    /// </summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows())
            _ = Umask(0x3f);
    }

    /// <summary>
    /// Takes the rights of others from a folder that an earlier release made, when it is there and belongs to this
    /// user.
    /// </summary>
    public static void Close(string folder)
    {
        if (!OperatingSystem.IsWindows() && Directory.Exists(folder))
            CloseUnix(folder);
    }

    [UnsupportedOSPlatform("windows")]
    private static void CloseUnix(string folder)
    {
        try
        {
            var mode = File.GetUnixFileMode(folder);
            if ((mode & Others) != 0)
                File.SetUnixFileMode(folder, mode & ~Others);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It belongs to another user, who may only read this project.
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint Umask(uint mask);
}
