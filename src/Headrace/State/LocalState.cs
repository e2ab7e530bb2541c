using System.Globalization;

namespace Headrace.State;

/// <summary>
/// The version of what lies in a project's folder <c>.headrace</c>: the locks of datasets, the outbox, the memories of
/// exports. It is kept in a file called <c>locks</c>: release 0.1.0, which asks for no version, wants a folder of that
/// name before it loads anything, and stops.
/// </summary>
public static class LocalState
{
    /// <summary>The version that this Headrace reads and writes.</summary>
    public const int Version = 2;

    /// <summary>The folder of the locks of datasets.</summary>
    public const string Locks = "held";

    private const string Mark = "locks";

    /// <summary>Throws when a newer Headrace wrote the folder.</summary>
    /// <param name="folder">The project's <c>.headrace</c>.</param>
    /// <exception cref="HeadraceException">HDR-405.</exception>
    public static bool Check(string folder)
    {
        var path = Path.Combine(folder, Mark);
        if (!File.Exists(path))
            return false;
        var words = File.ReadAllText(path).Split(' ', StringSplitOptions.TrimEntries);
        var found = new StateVersion(
            words.Length > 1 && int.TryParse(words[0], CultureInfo.InvariantCulture, out var number) ? number : Version,
            words.ElementAtOrDefault(1) ?? ""
        );
        return found.Number > Version ? throw Error.FolderNewer(folder, found, Version) : found.Number == Version;
    }

    /// <summary>Brings a folder of an older Headrace up to date, or marks a new one.</summary>
    /// <exception cref="HeadraceException">HDR-405.</exception>
    public static void Ensure(string folder)
    {
        while (!Check(folder))
        {
            Directory.CreateDirectory(folder);
            var (old, mark) = (Path.Combine(folder, Mark), Path.Combine(folder, $".{Guid.NewGuid():N}"));
            try
            {
                // Who holds a dataset holds its file, under whatever name: the lock goes on.
                if (Directory.Exists(old) && !Directory.Exists(Path.Combine(folder, Locks)))
                    Directory.Move(old, Path.Combine(folder, Locks));
                else if (Directory.Exists(old))
                    Directory.Delete(old, recursive: true);
                File.WriteAllText(mark, $"{Version} {StateVersion.Program}");
                File.Move(mark, old, overwrite: File.Exists(old));
            }
            catch (IOException) when (File.Exists(old))
            {
                // Another process was first.
                File.Delete(mark);
            }
        }
    }
}
