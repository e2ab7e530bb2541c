using System.Security.Cryptography;
using System.Text;
using Headrace.Publishing;

namespace Headrace.Archiving;

/// <summary>
/// Keeps in a lake what was staged of each change set, as <c>{path}{dataset}/{load id}/{n}.csv.gz</c>: the audit trail of what was read from
/// a database, and its replay. The files are there before their load commits.
/// </summary>
/// <param name="store">Disposed of by its owner.</param>
/// <param name="path">What the keys begin with.</param>
/// <param name="warehouse">Where the loads are committed.</param>
/// <param name="spool">An absolute folder for files on their way.</param>
public sealed class Archive(IObjectStore store, string path, IWarehouse warehouse, string spool)
{
    private const string Ending = ".csv.gz";
    private const int AtOnce = 4;

    // By the first of its loads that commits a dataset is rid of what attempts left behind that were killed.
    private readonly HashSet<string> swept = new(StringComparer.Ordinal);

    // Two projects may share a path; neither removes what the other put there.
    private readonly string owner = $"headrace {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(warehouse.Address)))[..16]}";

    /// <summary>Archives a change set, then loads it. The files of a load that was not committed are removed.</summary>
    public async Task<LoadResult> LoadAsync(ChangeSet changes, Func<Task<LoadResult>> load, CancellationToken cancel)
    {
        var stale = await NamedAsync(changes, () => FindAsync(changes.Dataset, cancel));
        LoadResult result;
        try
        {
            await NamedAsync(changes, () => PutAsync(changes, cancel));
            result = await load();
        }
        catch
        {
            await RemoveAsync(changes.Dataset, await FolderAsync(changes));
            throw;
        }

        if (!result.IsCommitted)
        {
            await RemoveAsync(changes.Dataset, await FolderAsync(changes));
            return result;
        }

        // What was there before is by now either committed or never will be: the position has moved.
        if (await RemoveAsync(changes.Dataset, stale) is { } left)
            return result with { Warnings = [.. result.Warnings, left] };
        lock (swept)
            swept.Add(changes.Dataset.Name);
        return result;
    }

    /// <summary>Where the loads of a dataset have their folders; with / at its end.</summary>
    internal static string PlaceOf(string path, Dataset dataset)
    {
        var (root, slash) = (path is "" or [.., '/'] ? path : $"{path}/", dataset.Name.IndexOf('/', StringComparison.Ordinal));
        return slash < 0 ? $"{root}{Safe(dataset.Name)}/" : $"{root}{Safe(dataset.Name[..slash])}/{Safe(dataset.Name[(slash + 1)..])}/";
    }

    private async Task<bool> PutAsync(ChangeSet changes, CancellationToken cancel)
    {
        var folder = Path.Combine(spool, $"archive-{Outbox.Hash(changes.Dataset.Name)}");
        Clear(folder);
        Directory.CreateDirectory(folder);
        try
        {
            var segments = changes.Files.SelectMany(file => file.Segments.Select(segment => (file, segment: (string?)segment))).ToList();
            if (segments.Count == 0)
                segments = [.. changes.Files.Take(1).Select(file => (file, (string?)null))];
            await Parallel.ForAsync(0, segments.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (i, cancel) =>
            {
                var piece = Path.Combine(folder, $"{i + 1}{Ending}");
                ArchivePiece.Write(segments[i].file, segments[i].segment, piece, $"{changes.Id}-{i + 1}.csv", owner, cancel);
                await store.PutAsync($"{PlaceOf(path, changes.Dataset)}{changes.Id}/{i + 1}{Ending}", piece, cancel);
                File.Delete(piece);
            });
            return true;
        }
        finally
        {
            Clear(folder);
        }
    }

    // The files of a dataset's loads, once; later there are only those that this process put there.
    private async Task<IReadOnlyList<string>> FindAsync(Dataset dataset, CancellationToken cancel)
    {
        lock (swept)
            if (swept.Contains(dataset.Name))
                return [];
        return await store.ListAsync(PlaceOf(path, dataset), cancel);
    }

    private async Task<IReadOnlyList<string>> FolderAsync(ChangeSet changes)
    {
        try
        {
            return await store.ListAsync($"{PlaceOf(path, changes.Dataset)}{changes.Id}/", CancellationToken.None);
        }
        catch (HeadraceException)
        {
            Forget(changes.Dataset); // the next load looks again
            return [];
        }
    }

    /// <summary>Removes those of the files whose load was not committed; says what is left when that cannot be done.</summary>
    private async Task<string?> RemoveAsync(Dataset dataset, IReadOnlyList<string> keys)
    {
        try
        {
            var place = PlaceOf(path, dataset);
            var folders = keys.Where(key => LoadOf(place, key) is not null).GroupBy(key => LoadOf(place, key)!).ToList();
            var committed = folders.Count == 0 ? new HashSet<string>() : await warehouse.CommittedAsync(dataset, [.. folders.Select(folder => folder.Key)], CancellationToken.None);
            foreach (var folder in folders.Where(folder => !committed.Contains(folder.Key)))
                if (await IsOwnAsync(folder.First()))
                    await store.DeleteAsync([.. folder], CancellationToken.None);
            return null;
        }
        catch (HeadraceException error)
        {
            // How the load ended is what counts; the next one removes what this one could not.
            Forget(dataset);
            return $"files in the archive of a load that was not committed are still there: {error.What}";
        }
    }

    // A file without a comment was cut short while it was written.
    private async Task<bool> IsOwnAsync(string key)
    {
        var copy = Path.Combine(spool, $"archive-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(spool);
            await store.GetAsync(key, copy, CancellationToken.None);
            return (NamedGzip.Comment(copy) ?? owner) == owner;
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private void Forget(Dataset dataset)
    {
        lock (swept)
            swept.Remove(dataset.Name);
    }

    // Only what looks like a file of a load, exactly where one is.
    private static string? LoadOf(string place, string key)
    {
        var parts = key.StartsWith(place, StringComparison.Ordinal) ? key[place.Length..].Split('/') : [];
        return parts.Length == 2 && Id.Is("l", parts[0]) && parts[1].Contains(Ending, StringComparison.Ordinal) ? parts[0] : null;
    }

    // Letters and digits of ASCII stay as they are; the others become %XX, as in a URL. A name that is too long for a folder ends in its digest.
    private static string Safe(string name)
    {
        var safe = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(name))
            _ = char.IsAsciiLetterOrDigit((char)value) || value == '-' || (value is (byte)'_' or (byte)'.' && safe.Length > 0) ? safe.Append((char)value) : safe.Append('%').Append(value.ToString("X2", null));
        return safe.Length <= 200 ? safe.ToString() : $"{safe.ToString(0, 180)}-{Outbox.Hash(name)}";
    }

    private async Task<T> NamedAsync<T>(ChangeSet changes, Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (HeadraceException error) when (error.Code == "HDR-316")
        {
            throw Error.ArchiveFailed(store.Address, PlaceOf(path, changes.Dataset), error);
        }
    }

    private static void Clear(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
