using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>Where a project's server on this machine is found, and the word that it knows commands by.</summary>
/// <param name="Address">A URL.</param>
/// <param name="Project">What the server has read: a hash of headrace.yaml and the environment.</param>
/// <param name="IsReachable">From other machines.</param>
internal sealed record ServerAddress(string Address, string Secret, string Project, bool IsReachable = false);

/// <summary>
/// The file <c>.headrace/server.json</c>, which only its owner can read, and the lock beside it, which the operating
/// system gives back when the server dies: what the file says holds only while it is locked.
/// </summary>
internal sealed class ServerFile : IDisposable
{
    private readonly string path;
    private readonly FileStream held;

    private ServerFile(string path, FileStream held) => (this.path, this.held) = (path, held);

    /// <summary>Takes the project of this machine for a server.</summary>
    /// <exception cref="HeadraceException">HDR-603.</exception>
    public static ServerFile Take(ProjectFolders folders)
    {
        var path = PathOf(folders);
        Directory.CreateDirectory(folders.State);
        OwnerOnly.Close(folders.State);
        return Lock(path) is { } held ? new ServerFile(path, held) : throw Error.ServerRuns(Read(path)?.Address);
    }

    /// <summary>The project's folder for its own files.</summary>
    public string Folder => Path.GetDirectoryName(path)!;

    /// <summary>Says where the server is.</summary>
    public void Write(ServerAddress address)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path);
        using var file = new FileStream(path, options);
        JsonSerializer.Serialize(file, address, ServerFileJson.Default.ServerAddress);
    }

    /// <summary>The server that runs the project on this machine; null when there is none.</summary>
    public static ServerAddress? Find(ProjectFolders folders)
    {
        var path = PathOf(folders);
        if (!File.Exists(path))
            return null;
        using var held = Lock(path);
        return held is null ? Read(path) : null;
    }

    /// <summary>What tells the project that a server has read from another.</summary>
    public static string Fingerprint(Project project)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{project.Environment}\n"));
        hash.AppendData(File.ReadAllBytes(Path.Combine(project.Folder, ProjectFile.Name)));
        foreach (var model in project.Models.Values)
            hash.AppendData(Encoding.UTF8.GetBytes(model.Text));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        File.Delete(path); // while it is locked, so that nobody else's goes
        held.Dispose();
    }

    private static string PathOf(ProjectFolders folders) => Path.Combine(folders.State, "server.json");

    private static FileStream? Lock(string path)
    {
        try
        {
            return new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (!Disk.IsFull(error))
        {
            return null;
        }
    }

    private static ServerAddress? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ServerFileJson.Default.ServerAddress);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(ServerAddress))]
internal sealed partial class ServerFileJson : JsonSerializerContext;
