using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Headrace.DuckDb;

/// <summary>
/// The lock file of a dataset, which the operating system gives back when its holder dies. A second file beside it says
/// which run has begun: it is there until the run has ended, so that others see what is under way and what died.
/// </summary>
internal sealed class DatasetLock : IHold
{
    private const string Lock = ".lock";
    private const string Begun = ".run";

    // Who looks whether a dataset is held has its lock for an instant.
    private const int Tries = 10;

    private readonly FileStream file;
    private readonly string? begun; // null for what is no run

    private DatasetLock(FileStream file, string? begun, Run? died) =>
        (this.file, this.begun, Died) = (file, begun, died);

    public CancellationToken Lost => CancellationToken.None; // the operating system sees to it

    public Run? Died { get; }

    /// <summary>Takes a dataset; null when another run holds it.</summary>
    public static DatasetLock? Take(string folder, string dataset, Run? run)
    {
        Directory.CreateDirectory(folder);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset)))[..16];
        var begun = Path.Combine(folder, name + Begun);
        var path = Path.Combine(folder, name + Lock);
        var file = Open(path);
        for (var i = 0; file is null && i < Tries; i++)
        {
            Thread.Yield();
            file = Open(path);
        }

        if (file is null)
            return null;
        try
        {
            var died = Read(begun)?.Ended();
            if (run is not null)
                File.WriteAllText(begun, JsonSerializer.Serialize(run, RunJson.Default.Run));
            return new DatasetLock(file, run is null ? null : begun, died);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The runs that have begun and not ended, the newest first.</summary>
    public static IReadOnlyList<Run> UnderWay(string folder)
    {
        var runs = new List<Run>();
        if (!Directory.Exists(folder))
            return runs;
        foreach (var path in Directory.GetFiles(folder, $"*{Begun}"))
            if (Read(path) is { } run)
            {
                using var file = Open(Path.ChangeExtension(path, Lock));
                if (file is null)
                    runs.Add(run);
                else if (Read(path) is { } left)
                    runs.Add(left.Ended()); // nobody holds it, and it has not ended
            }

        return [.. runs.OrderByDescending(run => run.StartedAt)];
    }

    public ValueTask DisposeAsync()
    {
        if (begun is not null)
            File.Delete(begun);
        return file.DisposeAsync();
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
            when (!Disk.IsFull(error) && error is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return null;
        }
    }

    // What was cut while it was written says nothing.
    private static Run? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), RunJson.Default.Run);
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
