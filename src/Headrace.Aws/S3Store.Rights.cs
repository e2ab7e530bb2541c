using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>The rights that its calls take.</summary>
/// <remarks>
/// The right to list is on the whole bucket: only to who may list it S3 says that a file is not there, and else that
/// access is denied (API reference of GetObject, "Permissions").
/// </remarks>
public sealed partial class S3Store
{
    /// <summary>To list files and read them: ListObjectsV2, GetObject, HeadObject.</summary>
    /// <param name="start">What the keys of the files begin with, below the connection's prefix.</param>
    public static IEnumerable<AwsRight> Reads(S3Connection bucket, string start) =>
        [
            new(["s3:ListBucket"], [Arn(bucket)]),
            new(["s3:GetObject"], [Arn(bucket, start)]),
            .. Key(bucket, "kms:Decrypt"),
        ];

    /// <summary>To remove files that may be read: DeleteObject, DeleteObjects.</summary>
    public static IEnumerable<AwsRight> Removes(S3Connection bucket, string start) =>
        [new(["s3:DeleteObject"], [Arn(bucket, start)])];

    /// <summary>
    /// To put files: PutObject; CreateMultipartUpload, UploadPart, CompleteMultipartUpload, and AbortMultipartUpload
    /// when one fails. HeadObject says whether a file is ours whose answer was lost, and KMS opens the parts of one.
    /// </summary>
    public static IEnumerable<AwsRight> Writes(S3Connection bucket, string start) =>
        [
            new(["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"], [Arn(bucket, start)]),
            new(["s3:ListBucket"], [Arn(bucket)]),
            .. Key(bucket, "kms:GenerateDataKey", "kms:Decrypt"),
        ];

    /// <summary>
    /// To give files that may be read other keys: CopyObject, which takes tags along, or UploadPartCopy, then
    /// DeleteObject.
    /// </summary>
    /// <param name="to">What the new keys begin with.</param>
    public static IEnumerable<AwsRight> Moves(S3Connection bucket, string start, string to) =>
        [
            new(["s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject"], [Arn(bucket, start)]),
            new(["s3:PutObject", "s3:PutObjectTagging"], [Arn(bucket, to)]),
            .. Writes(bucket, to),
        ];

    /// <summary>The bucket's name in policies.</summary>
    public static string Arn(S3Connection bucket) =>
        $"arn:{AwsRight.Partition(bucket.Region)}:s3:::{AwsRight.Literal(bucket.Bucket)}";

    private static string Arn(S3Connection bucket, string start) =>
        $"{Arn(bucket)}/{AwsRight.Literal(bucket.Folder + start)}*";

    // A key of KMS is named by its ARN, its identifier or its alias.
    private static IEnumerable<AwsRight> Key(S3Connection bucket, params string[] actions)
    {
        if (bucket.KmsKey is not { } key)
            return [];
        var (isArn, alias) = (
            key.StartsWith("arn:", StringComparison.Ordinal),
            key.IndexOf("alias/", StringComparison.Ordinal)
        );
        var arn =
            alias >= 0 ? AwsRight.Arn("kms", bucket.Region, bucket.ExpectedBucketOwner, "key/*")
            : isArn ? key
            : AwsRight.Arn("kms", bucket.Region, bucket.ExpectedBucketOwner, $"key/{AwsRight.Literal(key)}");
        return [new(actions, [arn]) { Alias = alias >= 0 ? key[alias..] : null }];
    }
}
