using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Headrace.Lake;

/// <summary>
/// The writing half. URLs of a folder begin with <c>file://</c>: a stand-in for Redshift reads them, the service does
/// not.
/// </summary>
public sealed partial class FolderStore
{
    /// <inheritdoc/>
    public string? Region => null;

    /// <inheritdoc/>
    public string Url(string key) => $"file://{PathOf(key)}";

    /// <inheritdoc/>
    public Task LookAsync(CancellationToken cancel)
    {
        if (!Directory.Exists(root))
            throw Error.LakeMissing(Address);
        _ = Directory.EnumerateFileSystemEntries(root).FirstOrDefault();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LakeFile>> ListAsync(string prefix, CancellationToken cancel) =>
        NameAsync<IReadOnlyList<LakeFile>>(() =>
        {
            var start = prefix.Contains('/', StringComparison.Ordinal)
                ? PathOf(prefix[..prefix.LastIndexOf('/')])
                : root;
            var files = new List<LakeFile>();
            if (!Directory.Exists(start))
                return files;
            foreach (var path in Directory.EnumerateFiles(start, "*", SearchOption.AllDirectories))
            {
                var key = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
                if (
                    key.StartsWith(prefix, StringComparison.Ordinal)
                    && (Look(key) ?? FileStatus.Of(new FileInfo(path))) is { Kind: FileKind.Regular } status
                )
                    files.Add(
                        new LakeFile(key, status.Size, status.ArrivedAt, status.Stamp, new Dictionary<string, string>())
                    );
            }

            return files;
        });

    /// <inheritdoc/>
    public Task PutAsync(string key, string path, bool isNew, CancellationToken cancel) =>
        NameAsync(() =>
        {
            var to = PathOf(key);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(path, $"{to}.part", overwrite: true);
            using (var copy = new FileStream($"{to}.part", FileMode.Open, FileAccess.ReadWrite))
                // What comes to stay is there before anything is committed that relies on it.
                copy.Flush(flushToDisk: true);
            File.Move($"{to}.part", to, overwrite: !isNew);
            return true;
        });

    /// <inheritdoc/>
    public Task GetAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(() =>
        {
            File.Copy(PathOf(key), path, overwrite: true);
            return true;
        });

    /// <inheritdoc/>
    public Task<bool> MoveAsync(LakeFile file, string key, CancellationToken cancel) =>
        NameAsync(() =>
        {
            if (!OperatingSystem.IsLinux())
                return MoveByPath(file, key);
            using var folder = FolderOf(file.Key, out var name, out var error);
            ThrowFor(error, file.Key);
            using var open = Open(folder, name, file);
            using var place = MakeFolderOf(key, out var newName);
            error = UnixFile.Move(folder, name, place, newName);
            if (error == UnixFile.Exists)
                return false;
            ThrowForChange(error, file.Key);
            if (IsOpen(open, file, place, newName))
                return true;
            // Another one came under the name at this very moment: it goes back, and waits to be read.
            ThrowForChange(UnixFile.Move(place, newName, folder, name), file.Key);
            throw Error.FileChanging(Named(file.Key));
        });

    /// <inheritdoc/>
    public Task DeleteAsync(LakeFile file, CancellationToken cancel) =>
        NameAsync(() =>
        {
            if (!OperatingSystem.IsLinux())
            {
                using (OpenByPath(file)) { }
                File.Delete(PathOf(file.Key));
                return true;
            }

            using var folder = FolderOf(file.Key, out var name, out var error);
            ThrowFor(error, file.Key);
            using var open = Open(folder, name, file);
            // Under a hidden name nobody replaces it between the look and the end. Only one such name for each file,
            // so that what a crash leaves does not add up.
            var hidden = $".headrace-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]}";
            _ = UnixFile.Remove(folder, hidden);
            ThrowForChange(UnixFile.Move(folder, name, folder, hidden), file.Key);
            if (!IsOpen(open, file, folder, hidden))
            {
                ThrowForChange(UnixFile.Move(folder, hidden, folder, name), file.Key);
                throw Error.FileChanging(Named(file.Key));
            }

            ThrowForChange(UnixFile.Remove(folder, hidden), file.Key);
            return true;
        });

    /// <inheritdoc/>
    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        NameAsync(() =>
        {
            foreach (var path in keys.Select(PathOf).Where(File.Exists))
                File.Delete(path);

            // A bucket has no folders; here one that has nothing in it any more goes, too.
            foreach (var parent in keys.Select(key => Path.GetDirectoryName(PathOf(key))!).Distinct())
                if (parent != root && Directory.Exists(parent) && !Directory.EnumerateFileSystemEntries(parent).Any())
                    Directory.Delete(parent);
            return true;
        });

    /// <inheritdoc/>
    public void Dispose()
    {
        // It holds nothing open.
    }

    // True when a name is that of an open file, and nobody has written to that since it was listed.
    private static bool IsOpen(SafeFileHandle open, LakeFile file, SafeFileHandle folder, string name) =>
        UnixFile.Look(open, out var mine) == 0
        && UnixFile.Look(folder, name, out var there) == 0
        && there.Inode == mine.Inode
        && there.Size == file.Size;

    private bool MoveByPath(LakeFile file, string key)
    {
        using (OpenByPath(file)) { }
        var to = PathOf(key);
        if (File.Exists(to))
            return false;
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Move(PathOf(file.Key), to);
        return true;
    }

    /// <summary>Opens the folder that is to hold <paramref name="key"/>, and makes what is missing of it.</summary>
    private SafeFileHandle MakeFolderOf(string key, out string name)
    {
        var names = key.Split('/');
        for (var depth = 1; depth < names.Length; depth++)
        {
            using var parent = FolderOf(string.Join('/', names[..depth]), out var last, out var error);
            if (error == 0)
                _ = UnixFile.MakeFolder(parent, last); // what is wrong with it is said where it is opened
        }

        var folder = FolderOf(key, out name, out var missing);
        ThrowForChange(missing, key);
        return folder;
    }

    private void ThrowForChange(int error, string key)
    {
        if (error != 0)
            throw Error.StagingFailed(
                Address,
                $"{Named(key)}: {new System.ComponentModel.Win32Exception(error).Message}",
                null,
                transient: false
            );
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
