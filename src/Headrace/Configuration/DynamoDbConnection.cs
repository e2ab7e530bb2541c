using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>The tables of Amazon DynamoDB in one region, or of what speaks its protocol.</summary>
[Description(
    "The tables of Amazon DynamoDB in one region: for exports (docs/dynamodb.md) and for a ledger (docs/state.md). "
        + "Credentials come from where AWS's tools look for them."
)]
public sealed record DynamoDbConnection : Connection
{
    [Description("The region; from where AWS's tools look for it when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL of another service that speaks DynamoDB's protocol.")]
    public string? Endpoint { get; init; }

    [Description("The profile of AWS's configuration files whose credentials are used.")]
    public string? Profile { get; init; }
}
