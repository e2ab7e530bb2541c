using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Where events of OpenLineage go.</summary>
[Description(
    "Where events of OpenLineage go: a START and a COMPLETE or FAIL for each run, with its source and its table. A "
        + "place that does not take them fails no run."
)]
public sealed record LineageSettings
{
    [Secret]
    [Description("A URL that takes an event by POST, for example http://127.0.0.1:5000/api/v1/lineage.")]
    public string? Url { get; init; }

    [Secret]
    [Description("A token that goes with each event: Authorization: Bearer.")]
    public string? ApiKey { get; init; }

    [Description("A file that gets one event a line.")]
    public string? File { get; init; }

    [Description("The namespace of the jobs.")]
    public string Namespace { get; init; } = "headrace";
}
