namespace Headrace;

/// <summary>Which files on record are asked for; what is not said holds for all.</summary>
public sealed record FileQuery
{
    /// <summary>A table, with or without its schema; in any case of letters.</summary>
    public string? Table { get; init; }

    public string? Dataset { get; init; }

    /// <summary>When they landed at the earliest; a file of that very time is one of them.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When they landed at the latest; a file of that very time is one of them.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many at most.</summary>
    public int Most { get; init; } = 100;

    /// <summary>The last file of the page before; null for the first page.</summary>
    public FilePlace? After { get; init; }
}

/// <summary>What tells a file on record from all others of a warehouse.</summary>
public sealed record FilePlace(DateTimeOffset LandedAt, string Dataset, long Sequence);

/// <summary>A file version on record: a row of <c>headrace.files</c>.</summary>
/// <param name="Table">The table that it was for; its name is empty for a flow that only publishes.</param>
/// <param name="Outcome">What became of it, in the words of <c>headrace.files</c>.</param>
/// <param name="Note">Why it was not loaded.</param>
public sealed record LandedFile(
    FilePlace Place,
    TableName Table,
    string Key,
    string Action,
    DateTimeOffset? LoadedAt,
    long Size,
    long Rows,
    long Quarantined,
    string? SchemaVersion,
    string Outcome,
    string? Note,
    string? ErrorCode,
    string? LoadId
);
