using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Lake;
using Headrace.Staging;

namespace Headrace.Hosting;

/// <summary>What changed between two files or folders, by key, with no project at all.</summary>
public sealed class FileComparison : IAsyncDisposable
{
    private readonly string folder;
    private Task<DuckDbDatabase>? opening;
    private DuckDb.DuckDbConnection? db;
    private Task clearing = Task.CompletedTask;

    private FileComparison(string folder) => this.folder = folder;

    /// <summary>The changes, for as long as the comparison is open.</summary>
    public FileDifference Found { get; private set; } = null!;

    /// <summary>Compares two files, or two folders with files of one table.</summary>
    /// <param name="key">The columns that tell one row from all others.</param>
    /// <param name="csv">How CSV files are read.</param>
    /// <param name="memory">Bytes that the process may use; null when it is not said.</param>
    public static async Task<FileComparison> RunAsync(
        string before,
        string after,
        IReadOnlyList<string> key,
        CsvOptions csv,
        long? memory,
        CancellationToken cancel
    )
    {
        var comparison = new FileComparison(Directory.CreateTempSubdirectory("headrace-diff-").FullName);
        try
        {
            await comparison.CompareAsync(before, after, key, csv, MemoryShares.Engine(memory), cancel);
            return comparison;
        }
        catch
        {
            await comparison.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The changed rows as lines of CSV. They are read from a file, since there may be more than the memory holds.
    /// </summary>
    public IEnumerable<string> CsvLines() => Lines("changes.csv", Found.WriteCsv);

    /// <summary>The changed rows as lines of JSON, likewise.</summary>
    public IEnumerable<string> JsonLines() => Lines("changes.jsonl", Found.WriteJson);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await clearing;
            db?.Dispose();
            if (opening is null)
                return;
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
                (await opening).Dispose();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task CompareAsync(
        string before,
        string after,
        IReadOnlyList<string> key,
        CsvOptions csv,
        long memory,
        CancellationToken cancel
    )
    {
        var source = new Source
        {
            Connection = "",
            Path = "",
            Csv = csv,
        };
        var digests = DigestKey.New();
        var settings = new DuckDbSettings
        {
            Memory = memory,
            Threads = MemoryShares.Threads(memory, null),
            TempDirectory = Path.Combine(folder, "temp"),
            AllowedDirectories = [folder],
        };

        // Both at once: while one is decompressed, the other is cut; and the engine starts meanwhile.
        opening = Task.Run(() => DuckDbDatabase.Open(DuckDbDatabase.Memory, settings.Early), cancel);
        var (a, b) = (Path.Combine(folder, "a"), Path.Combine(folder, "b"));
        var sides = await Task.WhenAll(
            Task.Run(() => StageAsync(before, a, source, key, digests, cancel), cancel),
            Task.Run(() => StageAsync(after, b, source, key, digests, cancel), cancel)
        );

        db = (await opening).Connect();
        settings.Harden(db, cancel);
        var format = new FileFormat(FormatKind.Csv, csv.ToDialect()).Of(sides[0][0]);
        var diff = new FileDiff(db, folder, MemoryShares.Digests(memory), cancel);
        Found = await Task.Run(() => diff.Run(sides[0], sides[1], format, key, digests), cancel);

        // What was staged is not needed any more, and to remove it takes a while.
        clearing = Task.Run(
            () => Array.ForEach([a, b], side => Directory.Delete(side, recursive: true)),
            CancellationToken.None
        );
    }

    private IEnumerable<string> Lines(string name, Action<string> write)
    {
        var path = Path.Combine(folder, name);
        write(path);
        return File.ReadLines(path);
    }

    private static async Task<IReadOnlyList<StagedFile>> StageAsync(
        string path,
        string spool,
        Source source,
        IReadOnlyList<string> key,
        DigestKey digests,
        CancellationToken cancel
    )
    {
        var full = Path.GetFullPath(path);
        var isFile = File.Exists(full);
        if (!isFile && !Directory.Exists(full))
            throw Error.NotFound("file or folder", path, "headrace diff OLD NEW --key COLUMNS");
        var lake = new FolderStore(isFile ? Path.GetDirectoryName(full)! : full);
        var files = await lake.ListAsync(PathPattern.Parse(isFile ? "*" : "**"), (_, _) => { }, cancel);
        var chosen = files
            .Where(file => !isFile || file.Key == Path.GetFileName(full))
            .OrderBy(file => file.Key, StringComparer.Ordinal)
            .ToList();
        if (chosen.Count == 0)
            throw Error.NotFound(
                "data file",
                path,
                "names that start with . or _, or end like .tmp, are not data: give it another name"
            );
        var stager = new Stager(spool, new FileLimits()) { IsHashed = false };
        var options = new DigestOptions(digests, key, IsInline: false);
        var staged = new List<StagedFile>();
        foreach (var file in chosen)
        {
            var format = source.FormatOf(file.Key) ?? new FileFormat(FormatKind.Csv, source.Csv.ToDialect());
            staged.Add(await stager.StageAsync(lake, file, format, null, cancel, options));
        }

        return staged;
    }
}
