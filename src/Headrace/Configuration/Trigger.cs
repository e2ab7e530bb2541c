using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>What else than a schedule has a server run a flow.</summary>
[Description("What else than a schedule has `headrace serve` run the flow.")]
public sealed record Trigger
{
    [Description(
        "Files that arrive in the flow's folder. In a bucket, notifications that come to POST /api/v1/events."
    )]
    public bool OnFiles { get; init; }
}
