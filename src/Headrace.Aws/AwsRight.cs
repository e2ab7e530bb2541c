using Amazon;

namespace Headrace.Aws;

/// <summary>What a caller must be allowed to do: actions of IAM on resources.</summary>
/// <param name="Actions">As IAM names them, such as <c>s3:GetObject</c>. The calls that take them stand in the same
/// class as the right.</param>
/// <param name="Resources">Names of AWS (ARNs); <c>*</c> in them stands for any text.</param>
/// <remarks>https://docs.aws.amazon.com/service-authorization/latest/reference/.</remarks>
public sealed record AwsRight(IReadOnlyList<string> Actions, IReadOnlyList<string> Resources)
{
    /// <summary>The alias of a key of KMS for which alone it holds; null for all that the resources say.</summary>
    public string? Alias { get; init; }

    /// <summary>The name of a resource.</summary>
    /// <param name="region">Null for any.</param>
    /// <param name="account">Null for any.</param>
    /// <param name="resource">As the service writes it; nothing of it is a pattern unless the caller wants one.</param>
    internal static string Arn(string service, string? region, string? account, string resource) =>
        $"arn:{Partition(region)}:{service}:{region ?? "*"}:{account ?? "*"}:{resource}";

    /// <summary>The part of AWS that a region is in: aws, aws-cn, aws-us-gov.</summary>
    internal static string Partition(string? region) =>
        region is null ? "aws" : RegionEndpoint.GetBySystemName(region).PartitionName;

    /// <summary>A text of which no letter is a pattern or a variable to IAM.</summary>
    internal static string Literal(string text) =>
        string.Concat(text.Select(letter => letter is '*' or '?' or '$' ? $"${{{letter}}}" : letter.ToString()));
}
