namespace Headrace;

/// <summary>
/// How far a dataset has been read, as its warehouse says it: a set of file identities, never a "latest name". It is
/// committed with the rows, so the two cannot disagree.
/// </summary>
public sealed record Position
{
    /// <summary>Counts the committed batches; the fence: a batch built on another generation is refused.</summary>
    public long Generation { get; init; }

    /// <summary>The load that last moved it; null before the first one.</summary>
    public string? LoadId { get; init; }

    /// <summary>
    /// How far a table has been read, as its source wrote it; null for lake files and before the first batch.
    /// </summary>
    public string? Cursor { get; init; }

    /// <summary>The version of the export that was applied last; null when none was.</summary>
    public string? Version { get; init; }

    /// <summary>How often <see cref="Version"/> was applied: once, unless its changed files were accepted.</summary>
    public int VersionLoads { get; init; }

    /// <summary>The newest version of each file that needs no further look, by key.</summary>
    public IReadOnlyDictionary<string, KnownFile> Files { get; init; } = new Dictionary<string, KnownFile>();

    /// <summary>Versions that were refused and still wait to be mended, by key.</summary>
    public IReadOnlyDictionary<string, KnownFile> Refused { get; init; } = new Dictionary<string, KnownFile>();

    /// <summary>The key under which each content was last loaded, by SHA-256.</summary>
    public IReadOnlyDictionary<string, string> Contents { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 of the file whose rows were applied last.</summary>
    public string? LastContent { get; init; }

    /// <summary>The target's columns; null while the table does not exist.</summary>
    public IReadOnlyList<Column>? Table { get; init; }

    /// <summary>
    /// Columns of the target that its database computes: nothing is written to them, and what a file brings under their
    /// names is left out.
    /// </summary>
    public IReadOnlyList<string> Computed { get; init; } = [];

    /// <summary>
    /// True where the warehouse takes rows as PostgreSQL writes them (<see cref="StagedFile.IsBinary"/>) for columns of
    /// the same types.
    /// </summary>
    public bool TakesBinary { get; init; }

    /// <summary>The document that rules the table of a drop folder, with the time it landed.</summary>
    public (SchemaDocument Document, DateTimeOffset LandedAt, string Key)? Schema { get; init; }

    /// <summary>When the rows that last replaced the table landed; null when none did.</summary>
    public DateTimeOffset? ReplacedAt { get; init; }

    /// <summary>When the newest loaded rows landed; null when none were loaded.</summary>
    public DateTimeOffset? NewestRowsAt { get; init; }

    /// <summary>The datasets that load into the target, as the warehouse has them on record.</summary>
    public IReadOnlyList<Owner> Owners { get; init; } = [];

    /// <summary>Loads that brought rows into the target, though it is not there; 0 when it is.</summary>
    public int LoadsWithoutTable { get; init; }

    /// <summary>Loads on record, though how far they went is not; 0 when it is.</summary>
    public int LoadsWithoutPosition { get; init; }

    /// <summary>Rows of the table once the batches that a plan went through are applied; null outside a plan.</summary>
    public long? PlannedRows { get; init; }

    /// <summary>
    /// The position after a change set of which these files were loaded, and whose target has these columns then.
    /// </summary>
    public Position After(ChangeSet changes, IReadOnlyList<StagedFile> loaded, IReadOnlyList<Column>? table)
    {
        var known = new Dictionary<string, KnownFile>(Files, StringComparer.Ordinal);
        var contents =
            changes.Action == "truncate" ? [] : new Dictionary<string, string>(Contents, StringComparer.Ordinal);
        foreach (var key in changes.Again)
        {
            known.Remove(key);
            foreach (var content in contents.Where(content => content.Value == key).ToList())
                contents.Remove(content.Key);
        }

        void Know(LakeFile file, string sha256)
        {
            known[file.Key] = new KnownFile(file.Key, file.Stamp, sha256, FileOutcome.Loaded, null, changes.Version)
            {
                LoadId = changes.Id,
            };
            contents[sha256] = file.Key;
        }

        if (changes.Schema is { } schema)
            Know(schema.File, schema.Sha256);
        foreach (var file in changes.Cursor is null ? loaded : [])
            Know(file.File, file.Sha256);
        var newest = loaded.Select(file => (DateTimeOffset?)file.File.LandedAt).Append(NewestRowsAt).Max();
        return this with
        {
            Generation = Generation + 1,
            LoadId = changes.Id,
            Cursor = changes.Cursor ?? Cursor,
            Version = changes.Version ?? Version,
            VersionLoads =
                changes.Version is null ? VersionLoads
                : changes.Version == Version ? VersionLoads + 1
                : 1,
            Files = known,
            Contents = contents,
            LastContent = loaded.Count > 0 && changes.Cursor is null ? loaded[^1].Sha256 : LastContent,
            Table = table,
            LoadsWithoutTable = table is null ? LoadsWithoutTable : 0,
            LoadsWithoutPosition = 0,
            Schema = changes.Schema is { } document
                ? (document.Document, document.File.LandedAt, document.File.Key)
                : Schema,
            NewestRowsAt = newest,
            ReplacedAt = changes.Operation == Operation.Replace ? newest : ReplacedAt,
        };
    }

    public override string ToString() =>
        Cursor is not null
            ? $"batch {Generation}, {Cursor}"
            : $"batch {Generation}, {Files.Count} {(Files.Count == 1 ? "file" : "files")}";
}

/// <summary>What became of a file version.</summary>
public enum FileOutcome
{
    /// <summary>Its rows (or its schema) are in the warehouse.</summary>
    Loaded,

    /// <summary>The same content was loaded under another name.</summary>
    Alias,

    /// <summary>A later truncate or a newer schema made it meaningless.</summary>
    Superseded,

    /// <summary>It cannot be loaded as it is; tried again on each run.</summary>
    Refused,
}

/// <summary>A file version that the warehouse has on record.</summary>
/// <param name="Note">For a refused version why.</param>
/// <param name="Version">For a file of a snapshot the export it is a part of.</param>
public sealed record KnownFile(
    string Key,
    string Stamp,
    string Sha256,
    FileOutcome Outcome,
    string? Note = null,
    string? Version = null
)
{
    /// <summary>The load that brought it; null when none did.</summary>
    public string? LoadId { get; init; }

    /// <summary>
    /// Rows that were loaded of the versions under this name, those of a version that was read again left out.
    /// </summary>
    public long Rows { get; init; }

    /// <summary>Rows of this version that were set aside.</summary>
    public long Quarantined { get; init; }
}

/// <summary>A file that is written down without loading rows from it.</summary>
/// <param name="Note">For an alias the first name, for a refused file the error's text, for a superseded one why; null
/// when known content was only touched.</param>
public sealed record FileNote(
    LakeFile File,
    string Sha256,
    string Action,
    FileOutcome Outcome,
    string? Note,
    HeadraceException? Error
)
{
    /// <summary>For a file of a snapshot the export it is a part of.</summary>
    public string? Version { get; init; }
}
