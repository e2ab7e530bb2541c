using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Where the operations of a flow are published.</summary>
[Description("Where operations are published.")]
public sealed record Publish
{
    [Description("The name of a connection of type jsonl or kinesis.")]
    public required string Connection { get; init; }

    [Description(
        "Whether updates and deletes carry the row as it was before; Headrace keeps a copy of the last export for it."
    )]
    public bool Before { get; init; }
}
