using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A stream of Amazon Kinesis Data Streams, or of what speaks its protocol.</summary>
[Description(
    "A stream of Amazon Kinesis Data Streams. Credentials come from where AWS's tools look for them. See "
        + "docs/kinesis.md."
)]
public sealed record KinesisConnection : Connection
{
    [Description("The stream's name.")]
    public required string Stream { get; init; }

    [Description("The stream's region; from where AWS's tools look for it when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL of another service that speaks Kinesis's protocol.")]
    public string? Endpoint { get; init; }

    [Description("The profile of AWS's configuration files whose credentials are used.")]
    public string? Profile { get; init; }
}
