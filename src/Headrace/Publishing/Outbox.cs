using System.Security.Cryptography;
using System.Text;
using Headrace.State;

namespace Headrace.Publishing;

/// <summary>
/// Where operations wait between the making of their load and their publishing: a file for each load, on disk before
/// the load is committed. Which of them count, the warehouse says (<see cref="Publication"/>).
/// </summary>
/// <param name="folder">An absolute folder of the project; it must last as long as the warehouse's word that something
/// is pending.</param>
/// <param name="mirror">The same folder in an object store; null where the machine's disk lasts.</param>
public sealed class Outbox(string folder, Mirror? mirror = null)
{
    private const string Ending = ".jsonl";

    public string Folder => folder;

    /// <summary>The file of one load: JSON lines, one operation each.</summary>
    public string PathOf(Dataset dataset, string loadId) => Path.Combine(FolderOf(dataset), $"{loadId}{Ending}");

    /// <summary>Makes the folder for a load's file, before it is written.</summary>
    public string Prepare(Dataset dataset, string loadId)
    {
        Directory.CreateDirectory(FolderOf(dataset));
        return PathOf(dataset, loadId);
    }

    /// <summary>Puts the file of a load to where it outlives the machine.</summary>
    public Task KeepAsync(Dataset dataset, string loadId, CancellationToken cancel) =>
        mirror?.KeepAsync(Hash(dataset.Name), [$"{loadId}{Ending}"], cancel) ?? Task.CompletedTask;

    /// <summary>Brings the files of loads of a dataset that this machine has not.</summary>
    public Task FetchAsync(Dataset dataset, CancellationToken cancel) =>
        mirror?.FetchAsync(Hash(dataset.Name), cancel) ?? Task.CompletedTask;

    /// <summary>Where a load's file lacks beside this machine; null when it is there.</summary>
    public Task<string?> MissingAsync(Dataset dataset, string loadId, CancellationToken cancel) =>
        mirror?.MissingAsync(Hash(dataset.Name), [$"{loadId}{Ending}"], cancel) ?? Task.FromResult<string?>(null);

    /// <summary>
    /// Removes what is published, and what loads left behind that were not committed. A load that was killed may still
    /// be
    /// committed by its server, so this waits for it; its operations stay, and <paramref name="pending"/> has them from
    /// then on.
    /// </summary>
    /// <param name="pending">What waits to be published, as far as it was known before.</param>
    /// <returns>What waits to be published now.</returns>
    public async Task<IReadOnlyList<Publication>> CleanAsync(
        Dataset dataset,
        IWarehouse warehouse,
        IReadOnlyList<Publication> pending,
        CancellationToken cancel
    )
    {
        await FetchAsync(dataset, cancel);
        if (!Directory.Exists(FolderOf(dataset)))
            return pending;
        if (Failpoint.Planted("clean-unasked"))
            Directory.GetFiles(FolderOf(dataset)).ToList().ForEach(File.Delete);
        if (Directory.EnumerateFiles(FolderOf(dataset)).Any())
            await warehouse.WhileNothingCommitsAsync(
                dataset,
                async _ =>
                {
                    pending = await warehouse.PendingAsync(dataset, cancel);
                    var kept = pending
                        .Select(publication => PathOf(dataset, publication.LoadId))
                        .ToHashSet(StringComparer.Ordinal);
                    var others = Directory.GetFiles(FolderOf(dataset)).Where(file => !kept.Contains(file)).ToList();
                    if (mirror is not null && others.Count > 0)
                        await mirror.DeleteAsync(Hash(dataset.Name), others.Select(Path.GetFileName)!, cancel);
                    others.ForEach(File.Delete);
                },
                cancel
            );
        if (pending.Count == 0)
            Directory.Delete(FolderOf(dataset));
        return pending;
    }

    // A hash: a captured value never becomes a path.
    private string FolderOf(Dataset dataset) => Path.Combine(folder, Hash(dataset.Name));

    /// <summary>A dataset's name as the name of a file or folder.</summary>
    public static string Hash(string dataset) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset)))[..16];
}
