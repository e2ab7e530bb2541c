namespace Headrace.Sources;

/// <summary>What became of an export of a table.</summary>
public enum TableExportState
{
    /// <summary>DynamoDB is at work on it.</summary>
    Running,

    /// <summary>Its files are all there.</summary>
    Done,

    /// <summary>DynamoDB gave it up.</summary>
    Failed,
}

/// <summary>An export of a table that DynamoDB makes, or made.</summary>
/// <param name="Id">Its ARN.</param>
/// <param name="From">Where its window begins; null for a full export.</param>
/// <param name="To">Where its window ends, or the moment of a full export.</param>
/// <param name="Fault">Why it failed.</param>
public sealed record TableExport(
    string Id,
    DateTimeOffset? From,
    DateTimeOffset To,
    TableExportState State,
    string? Fault = null
)
{
    public bool IsFull => From is null;
}

/// <summary>What is to be exported: the changes of a window, with no ends the whole table.</summary>
public sealed record ExportWindow(DateTimeOffset? From, DateTimeOffset? To)
{
    public static readonly ExportWindow Full = new(null, null);
}
