using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A bucket of Amazon S3, or of what speaks its protocol.</summary>
[Description(
    "A bucket of Amazon S3: with files to read, for archives and for the staging of a redshift connection. "
        + "Credentials come from where AWS's tools look for them: docs/s3.md."
)]
public sealed record S3Connection : Connection
{
    [Description("The bucket.")]
    public required string Bucket { get; init; }

    [Description("What the keys begin with.")]
    public string Prefix { get; init; } = "";

    /// <summary>What the keys begin with, as a folder: empty, or with a / at its end.</summary>
    [NotAKey]
    public string Folder => Prefix is "" or [.., '/'] ? Prefix : $"{Prefix}/";

    [Description("The bucket's region; from where AWS's tools look for it when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL of another service that speaks S3's protocol.")]
    public string? Endpoint { get; init; }

    [Description("The profile of AWS's configuration files whose credentials are used.")]
    public string? Profile { get; init; }

    [Description("The key of KMS that encrypts what is written; the bucket's own when it is not said.")]
    public string? KmsKey { get; init; }

    [Description(
        "How long a file must be unchanged before it is read, unless the flow says otherwise. The default is 0s."
    )]
    public TimeSpan? Settle { get; init; }

    [Description("The account that must own the bucket; any when it is not said.")]
    public string? ExpectedBucketOwner { get; init; }

    [Description("How it is told that files arrived: { queue: URL }.")]
    public StoreEvents? Events { get; init; }
}
