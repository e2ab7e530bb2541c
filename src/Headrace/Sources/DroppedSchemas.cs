namespace Headrace.Sources;

/// <summary>A schema document that was dropped for a table.</summary>
internal sealed record DroppedSchema(LakeFile File, SchemaDocument Document, string Sha256)
{
    /// <summary>
    /// True when another document, which landed at <paramref name="landedAt"/>, rules: by its version, and of two with
    /// one version by its landing.
    /// </summary>
    public bool IsPast(SchemaDocument other, DateTimeOffset landedAt) =>
        Document.CompareVersion(other) switch
        {
            < 0 => true,
            0 => Document.IsSame(other) || File.LandedAt < landedAt,
            _ => false,
        };
}

/// <summary>
/// The schema documents of a table that wait. The one with the highest version rules, whatever lands when; rows that
/// landed before it are loaded first, and rows beside a document that cannot be read wait for it.
/// </summary>
/// <param name="Readable">Those with a version above the one that rules, in the order in which they landed.</param>
/// <param name="Unread">The first that cannot be read, or not yet, and that nothing newer has replaced; null when there
/// is none.</param>
internal sealed record DroppedSchemas(IReadOnlyList<DroppedSchema> Readable, LakeFile? Unread)
{
    /// <summary>In the order in which files of a table are applied: by the time they landed, then by name.</summary>
    public static bool IsBefore(LakeFile one, LakeFile other) =>
        one.LandedAt != other.LandedAt ? one.LandedAt < other.LandedAt : string.CompareOrdinal(one.Key, other.Key) < 0;

    /// <summary>True when the rows of a file are not to be loaded before the unread document is mended.</summary>
    public bool Holds(LakeFile data, bool hasSchema) =>
        Unread is not null && (IsBefore(Unread, data) || (!hasSchema && Readable.Count == 0));

    /// <summary>Those that come before the next rows: of them the highest version is applied.</summary>
    /// <param name="data">Files with rows, in their order.</param>
    public IReadOnlyList<DroppedSchema> Next(IReadOnlyList<LakeFile> data)
    {
        if (Readable.Count == 0)
            return [];
        var behind = data.FirstOrDefault(file => IsBefore(Readable[0].File, file));
        return [.. Readable.TakeWhile(schema => behind is null || IsBefore(schema.File, behind))];
    }
}
