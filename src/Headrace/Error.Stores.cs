namespace Headrace;

public static partial class Error
{
    /// <summary>Files cannot be put where Redshift reads them, or removed from there.</summary>
    public static HeadraceException StagingFailed(string staging, string found, Exception inner, bool transient) =>
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

    /// <summary>IAM lends no login to Redshift.</summary>
    /// <param name="to">The cluster or workgroup.</param>
    public static HeadraceException LoginRefused(string to, string found, Exception? inner, bool transient) =>
        new(
            "HDR-321",
            "IAM gives no login to Redshift; nothing was loaded.",
            "read what was found; docs/redshift.md has the policy that is needed, and where credentials are looked for",
            inner
        )
        {
            Facts = Facts(("redshift", to), ("found", found)),
            IsTransient = transient,
        };
}
