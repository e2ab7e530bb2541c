namespace Headrace;

/// <summary>
/// What the rows of <c>headrace.files</c>, taken in their order, say of a dataset's position; the same for every
/// warehouse.
/// </summary>
public sealed class SeenFiles
{
    /// <summary>
    /// The note of a superseded version that is yet to be read again; a file without a newer one is new.
    /// </summary>
    public const string ReadAgain = "read again";

    private readonly Dictionary<string, KnownFile> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KnownFile> refused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> contents = new(StringComparer.Ordinal);
    private readonly HashSet<string> loads = new(StringComparer.Ordinal);
    private string? lastContent;
    private string? version;

    /// <summary>Takes the next row.</summary>
    public void Add(KnownFile file, string action)
    {
        if (file is { Outcome: FileOutcome.Superseded, Note: ReadAgain })
        {
            known.Remove(file.Key);
            return;
        }

        if (
            file.Outcome == FileOutcome.Loaded
            && action != "truncate"
            && known.TryGetValue(file.Key, out var before)
            && before.Outcome == FileOutcome.Loaded
        )
            file = file with { Rows = file.Rows + before.Rows };
        (file.Outcome == FileOutcome.Refused ? refused : known)[file.Key] = file;
        if (file.Outcome != FileOutcome.Loaded)
            return;
        if (file.Version is not null && file.Version != version)
            loads.Clear();
        version = file.Version ?? version;
        loads.Add(file.LoadId ?? "");
        if (action == "truncate")
            contents.Clear(); // the rows of what came before are gone, so it may come again
        contents[file.Sha256] = file.Key;
        lastContent = file.Sha256;
    }

    /// <summary>A position with what they say.</summary>
    public Position Into(Position position) =>
        position with
        {
            Version = version,
            VersionLoads = loads.Count,
            Files = known,
            Refused = refused,
            Contents = contents,
            LastContent = lastContent,
        };
}
