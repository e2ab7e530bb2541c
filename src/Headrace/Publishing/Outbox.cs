using System.Security.Cryptography;
using System.Text;

namespace Headrace.Publishing;

/// <summary>
/// Where operations wait between the making of their load and their publishing: a file for each load, on disk before the
/// load is committed. Which of them count, the warehouse says (<see cref="Publication"/>).
/// </summary>
/// <param name="folder">An absolute folder of the project; it must last as long as the warehouse's word that something is pending.</param>
public sealed class Outbox(string folder)
{
    public string Folder => folder;

    /// <summary>The file of one load: JSON lines, one operation each.</summary>
    public string PathOf(Dataset dataset, string loadId) => Path.Combine(FolderOf(dataset), $"{loadId}.jsonl");

    /// <summary>Makes the folder for a load's file, before it is written.</summary>
    public string Prepare(Dataset dataset, string loadId)
    {
        Directory.CreateDirectory(FolderOf(dataset));
        return PathOf(dataset, loadId);
    }

    /// <summary>Removes what is published, and what loads left behind that were never committed. The dataset must be held.</summary>
    public void Clean(Dataset dataset)
    {
        if (Directory.Exists(FolderOf(dataset)))
            Directory.Delete(FolderOf(dataset), recursive: true);
    }

    // A hash: a captured value never becomes a path.
    private string FolderOf(Dataset dataset) => Path.Combine(folder, Hash(dataset.Name));

    /// <summary>A dataset's name as the name of a file or folder.</summary>
    public static string Hash(string dataset) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset)))[..16];
}
