using System.Text;
using Headrace.Publishing;

namespace Headrace.Archiving;

/// <summary>
/// Keeps in a lake what was staged of each change set, as <c>{path}{dataset}/{load id}/{n}.csv.gz</c>: the audit trail
/// of what was read from a database, and its replay. The files are there before their load commits.
/// </summary>
/// <param name="store">Disposed of by its owner.</param>
/// <param name="path">What the keys begin with.</param>
/// <param name="warehouse">Where the loads are committed.</param>
/// <param name="spool">An absolute folder for files on their way.</param>
/// <param name="notes">An absolute folder that lasts, for what is known of loads under way.</param>
public sealed class Archive(IObjectStore store, string path, IWarehouse warehouse, string spool, string notes)
{
    private const string Ending = ".csv.gz";
    private const int AtOnce = 4;

    private readonly Unfinished unfinished = new(notes);

    /// <summary>Archives a change set, then loads it. The files of a load that was not committed are removed.</summary>
    public async Task<LoadResult> LoadAsync(
        ChangeSet changes,
        Func<ChangeSet, Task<LoadResult>> load,
        CancellationToken cancel
    )
    {
        var note = unfinished.Note(
            changes.Dataset,
            changes.Id,
            store.Address,
            $"{PlaceOf(path, changes.Dataset)}{changes.Id}/"
        );
        LoadResult result;
        try
        {
            await NamedAsync(changes, () => PutAsync(changes, cancel));
            result = await load(changes with { Kept = [.. changes.Kept, note] });
        }
        catch
        {
            await SettleAsync(changes.Dataset);
            throw;
        }

        if (result.IsCommitted)
            unfinished.Strike(changes.Dataset, changes.Id);
        return await SettleAsync(changes.Dataset) is { } left && result.IsCommitted
            ? result with
            {
                Warnings = [.. result.Warnings, left],
            }
            : result;
    }

    /// <summary>Where the loads of a dataset have their folders; with / at its end.</summary>
    internal static string PlaceOf(string path, Dataset dataset)
    {
        var (root, slash) = (
            path is "" or [.., '/'] ? path : $"{path}/",
            dataset.Name.IndexOf('/', StringComparison.Ordinal)
        );
        return slash < 0
            ? $"{root}{Safe(dataset.Name)}/"
            : $"{root}{Safe(dataset.Name[..slash])}/{Safe(dataset.Name[(slash + 1)..])}/";
    }

    private async Task<bool> PutAsync(ChangeSet changes, CancellationToken cancel)
    {
        var folder = Path.Combine(spool, $"archive-{Outbox.Hash(changes.Dataset.Name)}");
        Clear(folder);
        Directory.CreateDirectory(folder);
        try
        {
            var segments = changes
                .Files.SelectMany(file => file.Segments.Select(segment => (file, segment: (string?)segment)))
                .ToList();
            if (segments.Count == 0)
                segments = [.. changes.Files.Take(1).Select(file => (file, (string?)null))];
            await Parallel.ForAsync(
                0,
                segments.Count,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
                async (i, cancel) =>
                {
                    var piece = Path.Combine(folder, $"{i + 1}{Ending}");
                    ArchivePiece.Write(
                        segments[i].file,
                        segments[i].segment,
                        piece,
                        $"{changes.Id}-{i + 1}.csv",
                        cancel
                    );
                    await store.PutAsync(
                        $"{PlaceOf(path, changes.Dataset)}{changes.Id}/{i + 1}{Ending}",
                        piece,
                        isNew: true,
                        cancel
                    );
                    File.Delete(piece);
                }
            );
            return true;
        }
        finally
        {
            Clear(folder);
        }
    }

    /// <summary>
    /// Removes the rows of loads of this project that were not committed, and will not be; says what is left when that
    /// cannot be done.
    /// </summary>
    private async Task<string?> SettleAsync(Dataset dataset)
    {
        try
        {
            if (
                unfinished.Of(dataset, store.Address).Where(one => one.Place is not null).ToList()
                is not { Count: > 0 } loads
            )
                return null;
            await warehouse.WhileNothingCommitsAsync(
                dataset,
                async _ =>
                {
                    var committed = await warehouse.CommittedAsync(
                        dataset,
                        [.. loads.Select(one => one.Load)],
                        CancellationToken.None
                    );
                    foreach (var (load, place) in loads)
                    {
                        var there = committed.Contains(load)
                            ? []
                            : await store.ListAsync(place!, CancellationToken.None);
                        var keys = there.Select(file => file.Key);
                        if (keys.Where(key => IsPiece(place!, key)).ToList() is { Count: > 0 } pieces)
                            await store.DeleteAsync(pieces, CancellationToken.None);
                        unfinished.Strike(dataset, load);
                    }
                },
                CancellationToken.None
            );
            return null;
        }
        catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
        {
            // How the load ended is what counts; the next one removes what this one could not.
            return "files in the archive of a load that was not committed are still there: "
                + $"{(error is HeadraceException named ? named.What : error.Message)}";
        }
    }

    // Only what looks like a file of a load, exactly where one is.
    private static bool IsPiece(string place, string key) =>
        key.StartsWith(place, StringComparison.Ordinal)
        && !key.AsSpan(place.Length).Contains('/')
        && key.AsSpan(place.Length).Contains(Ending, StringComparison.Ordinal);

    // Letters and digits of ASCII stay as they are; the others become %XX, as in a URL. A name that is too long for a
    // folder ends in its digest.
    private static string Safe(string name)
    {
        var safe = new StringBuilder();
        foreach (var value in Encoding.UTF8.GetBytes(name))
            _ =
                char.IsAsciiLetterOrDigit((char)value)
                || value == '-'
                || (value is (byte)'_' or (byte)'.' && safe.Length > 0)
                    ? safe.Append((char)value)
                    : safe.Append('%').Append(value.ToString("X2", null));
        return safe.Length <= 200 ? safe.ToString() : $"{safe.ToString(0, 180)}-{Outbox.Hash(name)}";
    }

    private async Task<T> NamedAsync<T>(ChangeSet changes, Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (HeadraceException error) when (error.Kind == ErrorKind.StoreFailed)
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
