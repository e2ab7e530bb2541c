using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>What says that all files of an export are there. What is not said asks nothing.</summary>
[Description("When an export is complete.")]
public sealed record CompleteWhen
{
    [Description("How long its files must be unchanged; goes before every other settle.")]
    public TimeSpan? Settle { get; init; }

    [Description("A file that must be there, from the folder of {version}, for example _SUCCESS or {version}.done.")]
    public string? Marker { get; init; }

    [Description("How many files it has, the marker not counted; with fewer it waits, with more it is refused.")]
    [AtLeast(1)]
    public int? Parts { get; init; }
}
