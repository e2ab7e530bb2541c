namespace Headrace.Warehouses;

/// <summary>A row of <c>headrace.files</c> before it has a load: what became of one version of a file.</summary>
public sealed record FileRow(LakeFile File, string? Sha256, string Action, FileOutcome Outcome)
{
    public long Rows { get; init; }

    public long Quarantined { get; init; }

    /// <summary>Rows that the flow does not want; not on record.</summary>
    public long Filtered { get; init; }

    public string? SchemaVersion { get; init; }

    public string? Note { get; init; }

    public string? ErrorCode { get; init; }

    public string? Version { get; init; }

    public long? Parts { get; init; }

    public static FileRow Of(LakeFile file, string sha256, string action, FileOutcome fate) =>
        new(file, sha256.Length == 0 ? null : sha256, action, fate);

    /// <summary>Those of which every record was set aside.</summary>
    public static IReadOnlyList<(string Key, long Rows)> SetAside(IEnumerable<FileRow> files) =>
        [
            .. files
                .Where(file => file is { Rows: 0, Filtered: 0, Quarantined: > 0 })
                .Select(file => (file.File.Key, file.Quarantined)),
        ];

    /// <summary>The rows of files that a comparison of exports has read.</summary>
    public static IReadOnlyList<FileRow> OfChanges(ChangeSet changes) =>
        [
            .. changes.Files.Select(
                (file, i) =>
                {
                    var held = changes.Rows!.BadRows.Where(bad => bad.File == file).Sum(bad => bad.Rows);
                    return Of(file.File, file.Sha256, changes.Action, FileOutcome.Loaded) with
                    {
                        Rows = changes.Rows.Records[i] + file.RejectCount - held,
                        Quarantined = held,
                        Version = changes.Version,
                        Parts = changes.Files.Count,
                    };
                }
            ),
        ];
}
