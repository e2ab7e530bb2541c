using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A topic of Amazon SNS, or of what speaks its protocol.</summary>
[ShortFor("topic")]
[Description(
    "A topic of Amazon SNS, by its ARN or with these keys. Credentials come from where AWS's tools look for them."
)]
public sealed record SnsSettings
{
    [Description("The topic's ARN.")]
    public required string Topic { get; init; }

    [Description("The topic's region; the one of its ARN when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL of another service that speaks SNS's protocol.")]
    public string? Endpoint { get; init; }
}
