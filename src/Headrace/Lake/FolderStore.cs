using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace Headrace.Lake;

/// <summary>
/// Files in a folder. Whoever may drop files there is not trusted: below the root no link is followed, only regular
/// files are opened, and what is opened is compared with what was listed.
/// </summary>
/// <param name="path">The folder; it may itself be a link.</param>
public sealed partial class FolderStore(string path) : IObjectStore
{
    private static readonly EnumerationOptions All = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    private readonly string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <inheritdoc/>
    public string Address => path;

    /// <inheritdoc/>
    public Task<IReadOnlyList<LakeFile>> ListAsync(
        PathPattern pattern,
        Action<string, string> skipped,
        CancellationToken cancel
    ) => Task.Run<IReadOnlyList<LakeFile>>(() => List(pattern, skipped, cancel), cancel);

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult<Stream>(OperatingSystem.IsLinux() ? OpenBeneath(file) : OpenByPath(file));
    }

    /// <inheritdoc/>
    public Task<bool> HasAsync(string key, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!OperatingSystem.IsLinux())
            return Task.FromResult(FileStatus.Of(new FileInfo(PathOf(key))) is { Kind: FileKind.Regular });
        using var folder = FolderOf(key, out var name, out var error);
        return Task.FromResult(
            error == 0 && UnixFile.Look(folder, name, out var status) == 0 && status.Kind == FileKind.Regular
        );
    }

    /// <inheritdoc/>
    public Task ConfirmAsync(LakeFile file, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        FileStatus status;
        if (OperatingSystem.IsLinux())
        {
            using var folder = FolderOf(file.Key, out var name, out var error);
            if (error == 0)
                error = UnixFile.Look(folder, name, out status);
            else
                status = default;
            ThrowFor(error, file.Key);
        }
        else
        {
            status = FileStatus.Of(new FileInfo(PathOf(file.Key))) ?? throw Error.FileGone(Named(file.Key));
        }

        if (status.Kind != FileKind.Regular || status.Stamp != file.Stamp)
            throw Error.FileChanging(Named(file.Key));
        return Task.CompletedTask;
    }

    private List<LakeFile> List(PathPattern pattern, Action<string, string> skipped, CancellationToken cancel)
    {
        if (!Directory.Exists(root))
            throw Error.LakeMissing(Address);
        var files = new List<LakeFile>();
        var folders = new Stack<string>();
        if (StartFolder(pattern.Prefix, skipped) is { } start)
            folders.Push(start);
        while (folders.TryPop(out var folder))
            foreach (var (name, status) in Entries(folder, skipped))
            {
                cancel.ThrowIfCancellationRequested();
                var key = folder + name;
                if (!PathPattern.IsData(name))
                    continue;
                if (!PlainKey.IsPlain(name))
                    skipped(PlainKey.Of(key), "its name is not valid UTF-8 or has control characters");
                else if (status is null)
                    continue; // it went away since the folder was read
                else if (status.Value.Kind == FileKind.Folder)
                {
                    if (pattern.MayHold(key))
                        folders.Push(key + "/");
                }
                else if (!pattern.TryMatch(key, out var captures))
                    SkipLinkedFolder(pattern, key, status.Value, skipped);
                else if (status.Value.Kind != FileKind.Regular)
                    skipped(key, ReasonFor(status.Value.Kind));
                else
                    files.Add(
                        new LakeFile(key, status.Value.Size, status.Value.ModifiedAt, status.Value.Stamp, captures)
                    );
            }

        return files;
    }

    private static void SkipLinkedFolder(
        PathPattern pattern,
        string key,
        FileStatus status,
        Action<string, string> skipped
    )
    {
        if (status.Kind == FileKind.Link && pattern.MayHold(key))
            skipped(key, ReasonFor(FileKind.Link));
    }

    /// <summary>The folder of the pattern's literal prefix, unless it is absent or lies behind a link.</summary>
    private string? StartFolder(string prefix, Action<string, string> skipped)
    {
        var walked = "";
        foreach (var name in prefix.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            walked += name;
            var status = Look(walked);
            if (status is not { Kind: FileKind.Folder })
            {
                if (status is { Kind: FileKind.Link })
                    skipped(walked, ReasonFor(FileKind.Link));
                return null;
            }

            walked += "/";
        }

        return prefix;
    }

    private FileStatus? Look(string key)
    {
        if (!OperatingSystem.IsLinux())
            return FileStatus.Of(new FileInfo(PathOf(key)));
        using var folder = FolderOf(key, out var name, out var error);
        return error == 0 && UnixFile.Look(folder, name, out var status) == 0 ? status : null;
    }

    /// <summary>
    /// Names and status of what is in a folder; a folder that cannot be read is one more thing skipped.
    /// </summary>
    private IEnumerable<(string Name, FileStatus? Status)> Entries(string folder, Action<string, string> skipped)
    {
        IReadOnlyList<string> names;
        SafeFileHandle? handle = null;
        try
        {
            try
            {
                if (OperatingSystem.IsLinux())
                {
                    handle = FolderOf(folder + "x", out _, out var error);
                    ThrowFor(error, folder);
                }

                names =
                [
                    .. new FileSystemEnumerable<string>(
                        PathOf(folder),
                        (ref FileSystemEntry entry) => entry.FileName.ToString(),
                        All
                    ),
                ];
            }
            catch (DirectoryNotFoundException)
            {
                yield break; // removed since it was seen
            }
            catch (Exception e) when (e is UnauthorizedAccessException or HeadraceException or IOException)
            {
                if (e is not HeadraceException { Kind: ErrorKind.FileGone })
                    skipped(folder.Length == 0 ? "." : folder, "the folder may not be read");
                yield break;
            }

            foreach (var name in names)
            {
                FileStatus? status = null;
                if (handle is null)
                    status = FileStatus.Of(new FileInfo(PathOf(folder + name)));
                else if (UnixFile.Look(handle, name, out var seen) == 0)
                    status = seen;
                yield return (name, status);
            }
        }
        finally
        {
            handle?.Dispose();
        }
    }

    private FileStream OpenBeneath(LakeFile file)
    {
        using var folder = FolderOf(file.Key, out var name, out var error);
        ThrowFor(error, file.Key);
        return new FileStream(Open(folder, name, file), FileAccess.Read, bufferSize: 0);
    }

    // The listed version and no other one.
    private SafeFileHandle Open(SafeFileHandle folder, string name, LakeFile file)
    {
        var handle = UnixFile.OpenFile(folder, name, out var error);
        try
        {
            ThrowFor(error, file.Key);
            error = UnixFile.Look(handle, out var status);
            ThrowFor(error, file.Key);
            if (status.Kind != FileKind.Regular || status.Stamp != file.Stamp)
                throw Error.FileChanging(Named(file.Key));
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private FileStream OpenByPath(LakeFile file)
    {
        try
        {
            var full = PathOf(file.Key);
            if (FileStatus.Of(new FileInfo(full)) is not { Kind: FileKind.Regular } status)
                throw Error.FileGone(Named(file.Key));
            if (status.Stamp != file.Stamp)
                throw Error.FileChanging(Named(file.Key));
            return new FileStream(
                full,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 0
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Error.FileGone(Named(file.Key));
        }
        catch (UnauthorizedAccessException)
        {
            throw Error.FileDenied(Named(file.Key));
        }
    }

    /// <summary>
    /// Opens the folder that holds <paramref name="key"/>, one segment at a time, so that no link is passed.
    /// </summary>
    private SafeFileHandle FolderOf(string key, out string name, out int error)
    {
        var names = key.Split('/');
        name = names[^1];
        if (names.Any(one => one is "" or "." or ".." || one.Contains('\0', StringComparison.Ordinal)))
            throw Error.Bug($"The key '{PlainKey.Of(key)}' does not name a file of a lake.");
        var folder = UnixFile.OpenFolder(null, root, follow: true, out error);
        for (var i = 0; i < names.Length - 1 && error == 0; i++)
        {
            using var parent = folder;
            folder = UnixFile.OpenFolder(parent, names[i], follow: false, out error);
        }

        return folder;
    }

    /// <summary>
    /// The path of a key; only for listing folders, and for platforms that cannot open relative to a folder.
    /// </summary>
    private string PathOf(string key)
    {
        // Not Path.Combine, which would drop the root before a rooted key.
        var full = Path.GetFullPath(root + "/" + key);
        if (
            !(full + "/").StartsWith(root == "/" ? root : root + "/", StringComparison.Ordinal)
            && !full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        )
            throw Error.Bug($"The key '{PlainKey.Of(key)}' leaves its lake.");
        return full;
    }

    private void ThrowFor(int error, string key)
    {
        switch (error)
        {
            case 0:
                return;
            case UnixFile.NoEntry:
                throw Error.FileGone(Named(key));
            case UnixFile.AccessDenied or UnixFile.NotPermitted:
                throw Error.FileDenied(Named(key));
            case UnixFile.TooManyLinks or UnixFile.NotDirectory or UnixFile.NoDevice:
                throw Error.FileChanging(Named(key)); // a link, a file or a socket where a folder or a file was listed
            default:
                throw Error.FileUnreadable(Named(key), new System.ComponentModel.Win32Exception(error).Message);
        }
    }

    private string Named(string key) => $"{Address.TrimEnd('/')}/{PlainKey.Of(key)}";

    private static string ReasonFor(FileKind kind) =>
        kind switch
        {
            FileKind.Link => "a symbolic link is not followed",
            FileKind.Fifo => "a FIFO is not a file",
            FileKind.Socket => "a socket is not a file",
            _ => "a device is not a file",
        };
}
