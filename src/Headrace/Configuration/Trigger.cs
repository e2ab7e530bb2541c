using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>What else than a schedule has a server run a flow.</summary>
[Description("What else than a schedule has `headrace serve` run the flow.")]
public sealed record Trigger
{
    [Description(
        "Files that arrive in the flow's folder. In a bucket: messages of the queue that `events` of its connection "
            + "names, notifications that come to POST /api/v1/events, and files that a listing finds every five "
            + "minutes."
    )]
    public bool OnFiles { get; init; }
}
