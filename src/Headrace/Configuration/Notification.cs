using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A way to tell people what needs them.</summary>
[Description(
    "A way to tell people what needs them: a webhook, Slack or a command. Each incident is told once, and once more "
        + "when it is over."
)]
public sealed record Notification
{
    /// <summary>Every condition by the word that users write.</summary>
    internal static readonly string[] Conditions =
    [
        "failed",
        "stopped",
        "late",
        "quarantined",
        "unusual_size",
        "missed_schedule",
    ];

    [Secret]
    [Description("A URL that gets a JSON document by POST.")]
    public string? Webhook { get; init; }

    [Secret]
    [Description("The URL of an incoming webhook of Slack, or of what takes the same documents.")]
    public string? Slack { get; init; }

    [Description(
        "A program with its arguments, or one text for the shell. The document comes on its standard input, and its "
            + "parts in the variables HEADRACE_CONDITION, HEADRACE_STATE, HEADRACE_FLOW, HEADRACE_DATASET and "
            + "HEADRACE_TEXT."
    )]
    public IReadOnlyList<string> Command { get; init; } = [];

    [Description(
        "What is told: failed, stopped (by checks or limits), late (a scheduled flow has not run well for two of its "
            + "times), quarantined, unusual_size (a load of less than a quarter or more than four times the usual "
            + "rows), missed_schedule."
    )]
    public IReadOnlyList<string> When { get; init; } = ["failed", "stopped", "missed_schedule"];

    [Description("The flows and models it is about; all when none is named.")]
    public IReadOnlyList<string> Flows { get; init; } = [];

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>How many ways are said.</summary>
    internal int Ways => (Webhook is null ? 0 : 1) + (Slack is null ? 0 : 1) + (Command.Count == 0 ? 0 : 1);
}
