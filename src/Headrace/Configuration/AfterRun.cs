using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A command that runs after runs that went well.</summary>
[Description(
    "A command that runs after runs that went well. It learns of them by the variables HEADRACE_FLOW, "
        + "HEADRACE_DATASET, HEADRACE_RUN and HEADRACE_OUTCOME."
)]
public sealed record AfterRun
{
    [Description(
        "A list is a program with its arguments; one text is given to the shell (sh -c). It runs in the project's "
            + "folder."
    )]
    public required IReadOnlyList<string> Command { get; init; }

    [Description("How long it may take; it is ended then.")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);
}
