using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A way to tell people what needs them.</summary>
[Description(
    "A way to tell people what needs them: a webhook, Slack, mail, a topic of Amazon SNS or a command. Each incident "
        + "is told once, and once more when it is over."
)]
public sealed record Notification
{
    /// <summary>Every condition by the word that users write.</summary>
    internal static readonly string[] Conditions =
    [
        "failed",
        "stopped",
        "late",
        "lag",
        "missing_file",
        "unusual_size",
        "slow",
        "quarantined",
        "growing_quarantine",
        "missed_schedule",
        "server_down",
    ];

    [Secret]
    [Description("A URL that gets a JSON document by POST.")]
    public string? Webhook { get; init; }

    [Secret]
    [Description("The URL of an incoming webhook of Slack, or of what takes the same documents.")]
    public string? Slack { get; init; }

    [Description("A server that takes mail.")]
    public SmtpSettings? Smtp { get; init; }

    [Description("A topic of Amazon SNS.")]
    public SnsSettings? Sns { get; init; }

    [Description(
        "A program with its arguments, or one text for the shell. The document comes on its standard input, and its "
            + "parts in the variables HEADRACE_CONDITION, HEADRACE_STATE, HEADRACE_FLOW, HEADRACE_DATASET and "
            + "HEADRACE_TEXT."
    )]
    public IReadOnlyList<string> Command { get; init; } = [];

    [Description(
        "What is told: failed, stopped (by checks or limits), late (a scheduled flow has not run well for two of its "
            + "times), lag (the flow's max_lag is over), missing_file (a file_expected did not come), unusual_size (a "
            + "load of less than a quarter or more than four times the usual rows), slow (a load took more than four "
            + "times the usual time, and 10s), quarantined, growing_quarantine (three loads in a row set rows aside), "
            + "missed_schedule, server_down (a server is not heard of for three minutes)."
    )]
    public IReadOnlyList<string> When { get; init; } = ["failed", "stopped", "missed_schedule"];

    [Description("The flows and models it is about; all when none is named.")]
    public IReadOnlyList<string> Flows { get; init; } = [];

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>How many ways are said.</summary>
    internal int Ways =>
        ((object?[])[Webhook, Slack, Smtp, Sns, Command.Count == 0 ? null : Command]).Count(way => way is not null);
}
