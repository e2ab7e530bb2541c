using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A bucket of Amazon S3, or of what speaks its protocol.</summary>
[Description(
    "A bucket of Amazon S3, for the staging of a redshift connection and for archives. Credentials come from "
        + "where AWS's tools look for them."
)]
public sealed record S3Connection : Connection
{
    [Description("The bucket.")]
    public required string Bucket { get; init; }

    [Description("What the keys begin with.")]
    public string Prefix { get; init; } = "";

    [Description("The bucket's region; from where AWS's tools look for it when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL of another service that speaks S3's protocol.")]
    public string? Endpoint { get; init; }

    [Description("The account that must own the bucket; any when it is not said.")]
    public string? ExpectedBucketOwner { get; init; }
}
