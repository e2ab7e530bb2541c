using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How a table keeps the history of its rows (<c>write: scd2</c>).</summary>
[Description("How a table keeps the history of its rows (write: scd2).")]
public sealed record Scd2
{
    [Description("The column with the time of the event; the time of the load when it is not said.")]
    public string? EffectiveAt { get; init; }

    [Description(
        "The columns whose change opens a version; when they are not said all but the key, the order, effective_at "
            + "and those to ignore."
    )]
    public IReadOnlyList<string> Track { get; init; } = [];

    [Description("Columns whose change alone updates the version in place.")]
    public IReadOnlyList<string> Ignore { get; init; } = [];

    [Description("The names of the columns that say when a version holds.")]
    public Scd2Columns Columns { get; init; } = new();

    /// <summary>What it says about loading.</summary>
    public HistoryRules ToRules() =>
        new()
        {
            EffectiveAt = EffectiveAt,
            Track = Track,
            Ignore = Ignore,
            From = Columns.From,
            To = Columns.To,
            Current = Columns.Current,
        };
}

/// <summary>The names of the columns of a history.</summary>
[Description("The names of the columns that say when a version holds.")]
public sealed record Scd2Columns
{
    [Description("From when a version holds.")]
    public string From { get; init; } = "valid_from";

    [Description("Until when it holds; NULL while it is the current one.")]
    public string To { get; init; } = "valid_to";

    [Description("Whether it is the current one.")]
    public string Current { get; init; } = "is_current";
}
