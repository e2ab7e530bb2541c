namespace Headrace.Torture;

/// <summary>A folder of the project.</summary>
/// <param name="path">An absolute path.</param>
internal sealed class FolderLake(string path) : ILake
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private int hidden;

    public string Yaml => "{ type: folder, path: ./lake }";

    /// <summary>
    /// Writes a file as careful senders do: under a hidden name, then renamed, so that it lands whole.
    /// </summary>
    public void Land(LakeItem item)
    {
        var file = Path.Combine(path, item.Key);
        var folder = Path.GetDirectoryName(file)!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".part-{++hidden}");
        File.WriteAllBytes(temporary, item.Bytes);
        File.SetLastWriteTimeUtc(temporary, Start.AddSeconds(item.Landed));
        File.Move(temporary, file, overwrite: true);
    }

    public void Touch(LakeItem item, int landed) =>
        File.SetLastWriteTimeUtc(Path.Combine(path, item.Key), Start.AddSeconds(landed));

    public void Remove(LakeItem item) => File.Delete(Path.Combine(path, item.Key));
}
