namespace Headrace.Aws;

/// <summary>
/// A local folder instead of a bucket. Its URLs begin with <c>file://</c>: a stand-in for Redshift reads
/// them, the service does not.
/// </summary>
/// <param name="folder">An absolute folder; made when it is missing.</param>
public sealed class FolderStore(string folder) : IObjectStore
{
    public string Address => folder;

    public string? Region => null;

    public string Url(string key) => $"file://{PathOf(key)}";

    public Task PutAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(() =>
        {
            var to = PathOf(key);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(path, $"{to}.part", overwrite: true);
            using (var copy = new FileStream($"{to}.part", FileMode.Open, FileAccess.ReadWrite))
                // What comes to stay is there before anything is committed that relies on it.
                copy.Flush(flushToDisk: true);
            File.Move($"{to}.part", to, overwrite: true);
            return true;
        });

    public Task GetAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(() =>
        {
            File.Copy(PathOf(key), path, overwrite: true);
            return true;
        });

    public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancel) =>
        NameAsync<IReadOnlyList<string>>(() =>
        {
            var root = prefix.Contains('/', StringComparison.Ordinal)
                ? PathOf(prefix[..prefix.LastIndexOf('/')])
                : folder;
            return !Directory.Exists(root)
                ? []
                :
                [
                    .. Directory
                        .EnumerateFiles(root, "*", SearchOption.AllDirectories)
                        .Select(path => Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'))
                        .Where(key => key.StartsWith(prefix, StringComparison.Ordinal)),
                ];
        });

    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        NameAsync(() =>
        {
            foreach (var path in keys.Select(PathOf).Where(File.Exists))
                File.Delete(path);

            // A bucket has no folders; here one that has nothing in it any more goes, too.
            foreach (var parent in keys.Select(key => Path.GetDirectoryName(PathOf(key))!).Distinct())
                if (parent != folder && Directory.Exists(parent) && !Directory.EnumerateFileSystemEntries(parent).Any())
                    Directory.Delete(parent);
            return true;
        });

    public void Dispose()
    {
        // It holds nothing open.
    }

    private string PathOf(string key)
    {
        var path = Path.GetFullPath(Path.Combine(folder, key));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw Error.Bug($"the key {key} leaves its folder.");
    }

    private Task<T> NameAsync<T>(Func<T> step)
    {
        try
        {
            return Task.FromResult(step());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error.StagingFailed(Address, error.Message, error, transient: false);
        }
    }
}
