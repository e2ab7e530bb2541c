using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>One entry of <c>environments</c>: what differs in another place.</summary>
[Description("What differs in another place.")]
public sealed record ProjectEnvironment
{
    [Description(
        "Connections that differ. One of the same type is changed key by key, one of another type is replaced."
    )]
    public IReadOnlyDictionary<string, Connection> Connections { get; init; } =
        new OrderedDictionary<string, Connection>();

    [Description("Defaults that differ.")]
    public FlowSettings Defaults { get; init; } = new();
}
