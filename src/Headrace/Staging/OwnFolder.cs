namespace Headrace.Staging;

/// <summary>
/// The part of the spool that belongs to this process alone: a folder with a random name, and beside it a file that
/// this process keeps locked. The operating system gives the lock back when the process dies; then anybody may remove
/// the folder.
/// </summary>
/// <remarks>
/// Process ids are of no use here: containers that share a folder count their processes from 1, each for itself. A lock
/// of the file system is the same for all of them.
/// </remarks>
public sealed class OwnFolder : IDisposable
{
    private const string Prefix = "p",
        Ending = ".lock";

    private const int MostTries = 10;

    // What release 0.1.0 left when it was killed has no lock. It is removed when nothing was written there for so long.
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private readonly string spool;
    private readonly FileStream? held;

    private OwnFolder(string spool, string path, FileStream? held) =>
        (this.spool, Path, this.held) = (spool, path, held);

    /// <summary>An absolute path. Who puts something there makes the folder.</summary>
    public string Path { get; }

    /// <summary>Takes a new folder, and removes those of processes that are dead.</summary>
    /// <param name="spool">An absolute folder; it is made.</param>
    public static OwnFolder Open(string spool, TimeProvider clock)
    {
        for (var tries = 0; ; tries++)
        {
            var path = System.IO.Path.Combine(spool, Id.New(Prefix, clock));
            try
            {
                Directory.CreateDirectory(spool);
                var held = Lock(path + Ending, FileMode.CreateNew);
                if (held is not null && File.Exists(path + Ending))
                {
                    Sweep(spool, path + Ending, clock);
                    return new OwnFolder(spool, path, held);
                }

                // Another process took it for a dead one's in the moment before it was locked.
                held?.Dispose();
                if (tries == MostTries)
                    return new OwnFolder(spool, path, null);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The project may be open for reading only. A question can be answered as long as the memory is enough.
                return new OwnFolder(spool, path, null);
            }
        }
    }

    /// <summary>Removes the folder, and the spool when nothing else is in it.</summary>
    public void Dispose()
    {
        if (held is null)
            return;
        if (Remove(Path))
            File.Delete(Path + Ending); // while it is locked, so that nobody else finds it
        held.Dispose();
        try
        {
            Directory.Delete(spool);
        }
        catch (IOException)
        {
            // Something of another process is in it.
        }
    }

    private static void Sweep(string spool, string own, TimeProvider clock)
    {
        // On a file system without locks everybody seems to be dead.
        using (var second = Lock(own, FileMode.Open))
            if (second is not null)
                return;
        foreach (var file in Directory.GetFiles(spool, $"{Prefix}_*{Ending}"))
        {
            if (file == own || !Id.Is(Prefix, System.IO.Path.GetFileNameWithoutExtension(file)))
                continue;
            using var dead = Lock(file, FileMode.Open);
            if (dead is not null && Remove(file[..^Ending.Length]))
                File.Delete(file);
        }

        foreach (
            var folder in (string[])
                ["run", "temp", .. Directory.GetDirectories(spool, "plan-*").Select(System.IO.Path.GetFileName)!]
        )
            if (
                System.IO.Path.Combine(spool, folder) is var old
                && Directory.Exists(old)
                && LastWritten(old) < clock.GetUtcNow().UtcDateTime - Abandoned
            )
                Remove(old);
    }

    /// <summary>The file, opened for nobody else; null when another process has it, or removed it.</summary>
    private static FileStream? Lock(string file, FileMode mode)
    {
        try
        {
            return new FileStream(file, mode, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
        catch (UnauthorizedAccessException) when (mode == FileMode.Open)
        {
            return null; // it belongs to another user
        }
    }

    // False when something of it is still there: it belongs to another user.
    private static bool Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static DateTime LastWritten(string folder)
    {
        try
        {
            return new DirectoryInfo(folder)
                .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
                .Select(entry => entry.LastWriteTimeUtc)
                .Append(Directory.GetLastWriteTimeUtc(folder))
                .Max();
        }
        catch (IOException)
        {
            return DateTime.MaxValue; // it changes, so it is in use
        }
    }
}
