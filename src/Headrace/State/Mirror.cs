namespace Headrace.State;

/// <summary>
/// A folder of the project whose files lie in an object store as well, so that a machine may lose its disk. A file is
/// of one load, and is written once.
/// </summary>
/// <param name="prefix">What the keys begin with, with a / at its end.</param>
/// <param name="folder">The folder, absolute; it has a folder for each dataset.</param>
public sealed class Mirror(IObjectStore store, string prefix, string folder)
{
    private const string Part = ".part";

    /// <summary>Brings what the store has of a dataset and this machine has not.</summary>
    /// <param name="dataset">The dataset's folder.</param>
    public async Task FetchAsync(string dataset, CancellationToken cancel)
    {
        foreach (var file in await store.ListAsync(KeyOf(dataset, ""), cancel))
        {
            var name = file.Key[KeyOf(dataset, "").Length..];
            var path = Path.Combine(folder, dataset, name);
            // A key never becomes a path of this machine, unless Headrace made it.
            if (name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '_')) || name[0] == '.')
                continue;
            if (File.Exists(path))
                continue;
            Directory.CreateDirectory(Path.Combine(folder, dataset));
            await store.GetAsync(file.Key, path + Part, cancel);
            File.Move(path + Part, path, overwrite: true);
        }
    }

    /// <summary>Puts those of the files there that are not yet.</summary>
    public async Task KeepAsync(string dataset, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var there = await NamesAsync(dataset, cancel);
        foreach (var name in names.Where(name => !there.Contains(name)))
            await store.PutAsync(KeyOf(dataset, name), Path.Combine(folder, dataset, name), isNew: true, cancel);
    }

    /// <summary>The first of the files that is not in the store; null when all are.</summary>
    public async Task<string?> MissingAsync(string dataset, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var there = await NamesAsync(dataset, cancel);
        return names.FirstOrDefault(name => !there.Contains(name)) is { } missing
            ? $"{store.Address}{KeyOf(dataset, missing)}"
            : null;
    }

    /// <summary>Removes files from the store; what is not there is no error.</summary>
    public Task DeleteAsync(string dataset, IEnumerable<string> names, CancellationToken cancel) =>
        store.DeleteAsync([.. names.Select(name => KeyOf(dataset, name))], cancel);

    private async Task<HashSet<string>> NamesAsync(string dataset, CancellationToken cancel) =>
        [.. (await store.ListAsync(KeyOf(dataset, ""), cancel)).Select(file => file.Key[KeyOf(dataset, "").Length..])];

    private string KeyOf(string dataset, string name) => $"{prefix}{dataset}/{name}";
}
