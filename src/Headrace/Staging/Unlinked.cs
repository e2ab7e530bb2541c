using Microsoft.Win32.SafeHandles;

namespace Headrace.Staging;

/// <summary>
/// Spool files without a name: they are taken out of their folder as soon as they are made, before a byte is in them,
/// and stay readable for this process alone as long as it holds them. Whatever becomes of the process, nothing of them
/// is left behind.
/// </summary>
public sealed class Unlinked
{
    /// <summary>Where this process finds its open files.</summary>
    public const string Folder = "/proc/self/fd";

    private readonly Lock gate = new();
    private readonly List<SafeFileHandle> held = [];

    /// <exception cref="HeadraceException">HDR-229 where the system has no such files.</exception>
    public Unlinked()
    {
        if (!Directory.Exists(Folder))
            throw Error.NoUnlinkedFiles();
    }

    /// <summary>Takes the name from a file that is open; gives the path under which this process reads it.</summary>
    internal string Take(string path)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        lock (gate)
            held.Add(handle);
        File.Delete(path);
        return $"{Folder}/{handle.DangerousGetHandle()}";
    }

    /// <summary>Gives the files up, and their bytes with them.</summary>
    public void Release()
    {
        lock (gate)
        {
            held.ForEach(handle => handle.Dispose());
            held.Clear();
        }
    }
}
