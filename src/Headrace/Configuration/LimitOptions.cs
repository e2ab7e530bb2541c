using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Bounds on what one file may cost and do, as users write them.</summary>
[Description("Bounds on what one file or export may cost and do.")]
public sealed record LimitOptions
{
    static readonly FileLimits Usual = new();

    [Description("Bytes of one file, unpacked.")]
    [AtLeast(1)]
    public long MaxFileBytes { get; init; } = Usual.MaxFileBytes;

    [Description("Unpacked bytes for each stored byte.")]
    [AtLeast(1)]
    public int MaxRatio { get; init; } = Usual.MaxRatio;

    [Description("Bytes of one record; at most 2GB.")]
    [AtLeast(1)]
    public long MaxRecordBytes { get; init; } = Usual.MaxRecordBytes;

    [Description("Columns of one file.")]
    [AtLeast(1)]
    public int MaxColumns { get; init; } = Usual.MaxColumns;

    [Description(
        "The least rows that may replace a table that has rows, and the least rows of an export; an empty "
            + "file does not wipe a table by mistake."
    )]
    [AtLeast(0)]
    public int MinRows { get; init; } = 1;

    [Description(
        "The largest share of the rows of the export before that an export may lack (read: snapshot). When "
            + "it is not said: half of them, where that is more than 100 rows."
    )]
    public double? MaxDeleted { get; init; }

    [Description(
        "The largest share of the rows of the export before that an export may update or lack (read: snapshot)."
    )]
    public double? MaxChanged { get; init; }

    /// <summary>The same for a reader of files.</summary>
    public FileLimits ToLimits() =>
        new()
        {
            MaxFileBytes = MaxFileBytes,
            MaxRatio = MaxRatio,
            MaxRecordBytes = (int)Math.Min(MaxRecordBytes, int.MaxValue),
            MaxColumns = MaxColumns,
        };
}
