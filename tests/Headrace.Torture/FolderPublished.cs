namespace Headrace.Torture;

/// <summary>A folder of the project, with a file for each load.</summary>
/// <param name="path">An absolute path.</param>
internal sealed class FolderPublished(string path) : IPublished
{
    public string Yaml => "{ type: jsonl, path: ./ops }";

    public bool Grows => false;

    public async Task<IReadOnlyList<(string Name, string Text)>> ReadAsync()
    {
        var seen = new List<(string, string)>();
        if (Directory.Exists(path))
            foreach (var file in Directory.EnumerateFiles(path))
                if (Path.GetFileName(file) is var name && !name.StartsWith('.'))
                    seen.Add((name, await File.ReadAllTextAsync(file)));
        return seen;
    }
}
