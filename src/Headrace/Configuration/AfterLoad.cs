using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>What becomes of files once their rows are committed.</summary>
[ShortFor("action")]
[Description("What becomes of files once their rows are committed: one word, or move_to.")]
public sealed record AfterLoad
{
    [Description("`keep`: they stay where they are. `delete`: they are removed.")]
    public AfterLoadAction Action { get; init; }

    [Description(
        "They are moved below this folder of their connection; {year} and {month} are those in which a file landed "
            + "(UTC), and the captures of the source's path may be used: archive/year={year}/month={month}/."
    )]
    public string? MoveTo { get; init; }

    [Description("How long after they were moved they are removed; never when it is not said.")]
    public TimeSpan? DeleteAfter { get; init; }
}

/// <summary>What becomes of loaded files that are not moved.</summary>
public enum AfterLoadAction
{
    /// <summary>They stay.</summary>
    Keep,

    /// <summary>They are removed.</summary>
    Delete,
}
