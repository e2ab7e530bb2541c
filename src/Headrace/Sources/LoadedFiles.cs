using System.Globalization;
using System.Text.RegularExpressions;
using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// What becomes of a flow's files once they are loaded (<c>after_load</c>). It asks the committed position alone, so
/// what a crash left undone is done by the next run, and a file that was replaced since stays where it is.
/// </summary>
internal sealed partial class LoadedFiles(Flow flow, IObjectStore store, PathPattern pattern, TimeProvider clock)
{
    private const int AtOnce = 8;

    private int hasLooked;

    /// <summary>True when files do not just stay.</summary>
    public bool Moves =>
        flow.AfterLoad is { } after && (after.MoveTo is not null || after.Action == AfterLoadAction.Delete);

    /// <summary>Moves or removes those files of a dataset that are loaded; says what could not be done.</summary>
    public async Task<IReadOnlyList<string>> CareAsync(
        IEnumerable<LakeFile> files,
        Position position,
        CancellationToken cancel
    )
    {
        var failures = new List<(string Key, HeadraceException Error)>();
        async Task TryAsync(LakeFile file, Func<Task> step)
        {
            try
            {
                await step();
            }
            catch (HeadraceException error) when (error.Kind is ErrorKind.FileChanging or ErrorKind.FileGone)
            {
                // Another version waits to be read, or somebody was faster.
            }
            catch (HeadraceException error)
            {
                lock (failures)
                    failures.Add((file.Key, error));
            }
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(
            files.Where(file => IsLoaded(file, position)),
            options,
            async (file, cancel) =>
                await TryAsync(file, () => TakeAwayAsync(file, position.Files[file.Key].Sha256, cancel))
        );

        // The flow's datasets share it.
        if (flow.AfterLoad!.DeleteAfter is { } age && Interlocked.Exchange(ref hasLooked, 1) == 0)
            try
            {
                var moved = PathPattern.Parse(AnyText(MoveTo + Below(flow.Source.Path)));
                var old = (await store.ListAsync(moved.Prefix, cancel)).Where(file =>
                    moved.TryMatch(file.Key, out _) && file.LandedAt + age < clock.GetUtcNow()
                );
                await Parallel.ForEachAsync(
                    old,
                    options,
                    async (file, cancel) => await TryAsync(file, () => store.DeleteAsync(file, cancel))
                );
            }
            catch (HeadraceException error)
            {
                failures.Add((MoveTo, error));
            }

        return failures.Count == 0 ? [] : [Left(failures)];
    }

    // A file of which every record was set aside waits for whoever looks after it.
    private static bool IsLoaded(LakeFile file, Position position) =>
        position.Files.GetValueOrDefault(file.Key) is { Outcome: FileOutcome.Loaded or FileOutcome.Alias } known
        && known.Stamp == file.Stamp
        && (known.Rows > 0 || known.Quarantined == 0);

    private async Task TakeAwayAsync(LakeFile file, string sha256, CancellationToken cancel)
    {
        if (flow.AfterLoad!.MoveTo is null)
        {
            await store.DeleteAsync(file, cancel);
            return;
        }

        var key = NewKey(file);
        if (pattern.TryMatch(key, out _) || key.Split('/').Any(part => part is "" or "." or ".."))
            throw Error.NoPlaceToMove(flow.Name, file.Key, key);
        // Where another file has the name, the content tells them apart; who has both is this one, moved before.
        if (!await store.MoveAsync(file, key, cancel) && !await store.MoveAsync(file, WithContent(key, sha256), cancel))
            await store.DeleteAsync(file, cancel);
    }

    private string NewKey(LakeFile file)
    {
        var landed = file.LandedAt.UtcDateTime;
        var values = new Dictionary<string, string>(file.Captures, StringComparer.Ordinal)
        {
            ["year"] = landed.ToString("yyyy", CultureInfo.InvariantCulture),
            ["month"] = landed.ToString("MM", CultureInfo.InvariantCulture),
        };
        return Captures.Fill(MoveTo, values) + Below(file.Key);
    }

    private string MoveTo => flow.AfterLoad!.MoveTo is [.., '/'] to ? to : $"{flow.AfterLoad!.MoveTo}/";

    // What all files of the flow have in common is left out.
    private string Below(string key) => key[pattern.Prefix.Length..];

    private static string WithContent(string key, string sha256)
    {
        var name = key.LastIndexOf('/') + 1;
        var ending = key.IndexOf('.', name + 1);
        return key.Insert(ending < 0 ? key.Length : ending, $".{sha256[..16]}");
    }

    private static string AnyText(string path) => Capture().Replace(path, "*");

    private string Left(List<(string Key, HeadraceException Error)> failures)
    {
        var (key, error) = failures[0];
        var found =
            error.Kind == ErrorKind.StoreFailed ? error.Facts.First(fact => fact.Name == "found").Value : error.What;
        return $"{failures.Count} loaded {(failures.Count == 1 ? "file is" : "files are")} still in {store.Address}, "
            + $"for example {key}: {found}; the next run tries again";
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Capture();
}
