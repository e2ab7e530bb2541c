namespace Headrace;

public static partial class Error
{
    /// <summary>Files cannot be put where Redshift reads them, or removed from there.</summary>
    public static HeadraceException StagingFailed(string staging, string found, Exception? inner, bool transient) =>
        new(
            "HDR-316",
            "Staged files cannot be written or read; nothing of the batch was loaded.",
            "read what was found; docs/redshift.md has the rights that are needed",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("staging", staging), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>A bucket may not be read.</summary>
    public static HeadraceException StoreDenied(string address, string found, Exception inner) =>
        new(
            "HDR-130",
            "The bucket may not be read; nothing was loaded.",
            "headrace iam-policy prints the policy that these credentials need (docs/s3.md)",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("source", address), ("found", found)),
        };

    /// <summary>A bucket is not the account's that the connection names.</summary>
    public static HeadraceException StoreOwner(string address, string owner, Exception inner) =>
        new(
            "HDR-133",
            "The bucket belongs to another account than the connection says; nothing was loaded.",
            "correct bucket: or expected_bucket_owner: of the connection",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("source", address), ("expected", $"owner {owner}")),
        };

    /// <summary>There are no credentials for a bucket, or they do not hold (any more).</summary>
    public static HeadraceException StoreLogin(string address, string found, Exception inner) =>
        new(
            "HDR-134",
            "The bucket does not take the credentials; nothing more was loaded.",
            "renew them where AWS's tools look for them (docs/s3.md), for example by aws sso login, and run again",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("source", address), ("found", found)),
        };

    /// <summary>A bucket is busy or gives no answer, though it was asked again and again.</summary>
    public static HeadraceException StoreSilent(string address, string found, Exception inner) =>
        new(
            "HDR-135",
            "The bucket is busy or gives no answer, though it was asked several times; nothing more was loaded.",
            "nothing: the next run goes on from here; if it fails again, look at the network and at the endpoint",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("source", address), ("found", found)),
            IsTransient = true,
        };

    /// <summary>A bucket is in another region than the connection says.</summary>
    public static HeadraceException StoreElsewhere(string address, string? region, string found, Exception inner) =>
        new(
            "HDR-136",
            "The bucket is in another region than the connection says; nothing was loaded.",
            "write its region as region: of the connection",
            inner
        )
        {
            Kind = ErrorKind.StoreFailed,
            Facts = Facts(("source", address), ("region", region), ("found", found)),
        };

    /// <summary>A file of a bucket cannot be decrypted, or lies in an archive of S3's own.</summary>
    public static HeadraceException FileLocked(string source, string found, Exception inner) =>
        new(
            "HDR-137",
            "The file cannot be decrypted, or lies in an archive class of S3; nothing of it was loaded.",
            "give these credentials kms:Decrypt for its key, or restore the file, as what was found says",
            inner
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };

    /// <summary>A loaded file has no place to be moved to.</summary>
    public static HeadraceException NoPlaceToMove(string flow, string key, string to) =>
        new(
            "HDR-138",
            "A loaded file is not moved: under its new name the flow would read it again, or it is no name; its rows "
                + "are loaded.",
            $"correct after_load: {{ move_to }} of {flow}"
        )
        {
            Facts = Facts(("source", key), ("found", to)),
        };

    /// <summary>IAM lends no login to Redshift.</summary>
    /// <param name="to">The cluster or workgroup.</param>
    public static HeadraceException LoginRefused(string to, string found, Exception? inner, bool transient) =>
        new(
            "HDR-321",
            "IAM gives no login to Redshift; nothing was loaded.",
            "read what was found; headrace iam-policy prints the rights that are needed (docs/redshift.md)",
            inner
        )
        {
            Facts = Facts(("redshift", to), ("found", found)),
            IsTransient = transient,
        };
}
