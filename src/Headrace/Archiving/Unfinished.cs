using Headrace.Publishing;

namespace Headrace.Archiving;

/// <summary>
/// The loads of this project whose rows are in an archive, and of which it is not known how they ended: a small file
/// for each, which is there before the first row is, and goes when the load is known to be committed, or when its rows
/// are gone.
/// </summary>
/// <remarks>
/// Only what stands here is ever removed from an archive. A warehouse that was brought back from a backup knows nothing
/// of the loads after it, and their rows are in the archive alone.
/// </remarks>
/// <param name="folder">An absolute folder of the project that lasts.</param>
internal sealed class Unfinished(string folder)
{
    private const string Ending = ".txt";

    /// <summary>Notes a load, on the disk.</summary>
    /// <param name="store">The archive's address.</param>
    /// <param name="place">What the keys of the load's rows begin with.</param>
    /// <returns>The path of the note.</returns>
    public string Note(Dataset dataset, string load, string store, string place)
    {
        var path = PathOf(dataset, load);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var file = new FileStream($"{path}.tmp", FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes($"{store}\n{place}"));
            file.Flush(flushToDisk: true);
        }

        File.Move($"{path}.tmp", path, overwrite: true);
        return path;
    }

    /// <summary>
    /// The loads of a dataset that are noted, each with the place of its rows in this archive; null for a place in
    /// another one.
    /// </summary>
    public IReadOnlyList<(string Load, string? Place)> Of(Dataset dataset, string store)
    {
        if (!Directory.Exists(FolderOf(dataset)))
            return [];
        var found = new List<(string, string?)>();
        foreach (var file in Directory.GetFiles(FolderOf(dataset), $"*{Ending}"))
        {
            var words = File.ReadAllText(file).Split('\n', 2);
            found.Add(
                (Path.GetFileNameWithoutExtension(file), words[0] == store && words.Length == 2 ? words[1] : null)
            );
        }

        return found;
    }

    /// <summary>The load has ended, one way or the other.</summary>
    public void Strike(Dataset dataset, string load)
    {
        File.Delete(PathOf(dataset, load));
        if (!Directory.EnumerateFileSystemEntries(FolderOf(dataset)).Any())
            Directory.Delete(FolderOf(dataset));
    }

    private string PathOf(Dataset dataset, string load) => Path.Combine(FolderOf(dataset), $"{load}{Ending}");

    private string FolderOf(Dataset dataset) => Path.Combine(folder, Outbox.Hash(dataset.Name));
}
