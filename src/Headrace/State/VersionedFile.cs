using System.Globalization;

namespace Headrace.State;

/// <summary>
/// A database file that lies in an object store, version by version. What a process commits in it counts once the store
/// has it: a version is a file under a name of its own, and an object that is written once and says which file it is.
/// Of two processes that go on from one version one alone has the next.
/// </summary>
/// <param name="prefix">What the keys begin with, with a / at its end.</param>
/// <param name="path">Where this process has it.</param>
public sealed class VersionedFile(IObjectStore store, string prefix, string path, TimeProvider clock)
{
    private const string Claim = ".is";

    private long version;
    private HeadraceException? fault;
    private bool isFetched;

    /// <summary>Brings the newest version, the first time.</summary>
    /// <exception cref="HeadraceException">HDR-350 once a version of this process did not come to be.</exception>
    public async Task FetchAsync(CancellationToken cancel)
    {
        if (fault is not null)
            throw fault;
        if (isFetched)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        foreach (var old in (string[])[path, $"{path}.wal"])
            File.Delete(old);
        var claim = (await store.ListAsync(prefix, cancel))
            .Where(file => NumberOf(file.Key) is not null && file.Key.EndsWith(Claim, StringComparison.Ordinal))
            .MaxBy(file => NumberOf(file.Key));
        if (claim is not null)
        {
            version = NumberOf(claim.Key)!.Value;
            await store.GetAsync(KeyOf(version, $"-{await WhoseAsync(version, cancel)}"), path, cancel);
        }

        isFetched = true;
    }

    /// <summary>Puts what was committed there, as the next version. Nobody writes to the file meanwhile.</summary>
    /// <exception cref="HeadraceException">HDR-350.</exception>
    public async Task KeepAsync()
    {
        if (fault is not null)
            throw fault;
        try
        {
            if (new FileInfo($"{path}.wal") is { Exists: true, Length: > 0 })
                throw new IOException($"{path} is in use by another query");
            var (next, name) = (version + 1, Id.New("v", clock));
            await store.PutAsync(KeyOf(next, $"-{name}"), path, isNew: true, CancellationToken.None);
            await ClaimAsync(next, name);
            version = next;
        }
        catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
        {
            // What this process has is no version of the file: it goes no further.
            throw fault = Error.StateNotKept($"{store.Address}{prefix}", error.Message, error);
        }

        await CleanAsync();
    }

    // A put that finds another one's object says so, or nothing when it is as long; what stands there decides.
    private async Task ClaimAsync(long number, string name)
    {
        var note = $"{path}.note";
        await File.WriteAllTextAsync(note, name);
        try
        {
            await store.PutAsync(KeyOf(number, Claim), note, isNew: true, CancellationToken.None);
        }
        catch (HeadraceException)
        {
            if (!await store.HasAsync(KeyOf(number, Claim), CancellationToken.None))
                throw;
        }

        if (await WhoseAsync(number, CancellationToken.None) != name)
            throw new IOException("another process has changed it meanwhile");
    }

    private async Task<string> WhoseAsync(long number, CancellationToken cancel)
    {
        var note = $"{path}.read";
        await store.GetAsync(KeyOf(number, Claim), note, cancel);
        return await File.ReadAllTextAsync(note, cancel);
    }

    // The version before stays for those who have just listed it.
    private async Task CleanAsync()
    {
        try
        {
            var old = (await store.ListAsync(prefix, CancellationToken.None))
                .Select(file => file.Key)
                .Where(key => NumberOf(key) < version - 1)
                .ToList();
            if (old.Count > 0)
                await store.DeleteAsync(old, CancellationToken.None);
        }
        catch (HeadraceException)
        {
            // The next one removes it.
        }
    }

    private string KeyOf(long number, string end) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:D12}{end}");

    private long? NumberOf(string key) =>
        key.Length > prefix.Length + 12
        && long.TryParse(key.AsSpan(prefix.Length, 12), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
