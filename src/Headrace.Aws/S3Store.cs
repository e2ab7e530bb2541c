using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Headrace.Configuration;
using Headrace.Lake;

namespace Headrace.Aws;

/// <summary>
/// A bucket of S3. Credentials are found where AWS's tools look for them, or in the profile that is named.
/// </summary>
/// <remarks>Errors of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.</remarks>
public sealed partial class S3Store : IObjectStore
{
    // The pauses between are random, up to 1, 2, 4 and 8 seconds.
    private const int Retries = 4;

    private static readonly string[] LoginCodes =
    [
        "AccessKeyDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClient",
    ];

    private static readonly string[] RegionCodes =
    [
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "TemporaryRedirect",
    ];

    private readonly S3Connection settings;
    private readonly Lock gate = new();
    private readonly List<AmazonS3Client> clients = [];

    public S3Store(S3Connection settings) => this.settings = settings;

    /// <inheritdoc/>
    public string Address => $"s3://{settings.Bucket}/{Prefix}";

    /// <inheritdoc/>
    public string? Region => settings.Region;

    /// <summary>Bytes of one request of a read that takes many. Small only in tests.</summary>
    internal int PartBytes { get; init; } = 4 << 20;

    /// <summary>Bytes of one request of a write that takes many; S3 asks for 5 MiB or more.</summary>
    internal int PutBytes { get; init; } = 16 << 20;

    private string Prefix => settings.Folder;

    private ServerSideEncryptionMethod? Encryption =>
        settings.KmsKey is null ? null : ServerSideEncryptionMethod.AWSKMS;

    /// <inheritdoc/>
    public string Url(string key) => $"s3://{settings.Bucket}/{Whole(key)}";

    /// <inheritdoc/>
    public void Dispose() => clients.ForEach(client => client.Dispose());

    private string Whole(string key) => Prefix + key;

    private string Named(string key) => $"{Address}{PlainKey.Of(key)}";

    private AmazonS3Client Client()
    {
        lock (gate)
        {
            if (clients.Count == 0)
                clients.Add(NewClient());
            return clients[^1];
        }
    }

    /// <summary>
    /// Asks S3, which the SDK does again, with longer and longer pauses, when S3 is busy or says nothing.
    /// </summary>
    private async Task<T> AskAsync<T>(Func<AmazonS3Client, Task<T>> ask)
    {
        var client = Client();
        try
        {
            return await ask(client);
        }
        catch (AmazonS3Exception error)
            when (error.ErrorCode?.StartsWith("ExpiredToken", StringComparison.Ordinal) == true)
        {
            // What the machine was lent may have been renewed since it was read: once more with what is found now.
            lock (gate)
                if (clients[^1] == client)
                    clients.Add(NewClient());
            return await ask(Client());
        }
    }

    private AmazonS3Client NewClient()
    {
        var configuration = new AmazonS3Config { MaxErrorRetry = Retries, RetryMode = RequestRetryMode.Standard };
        // Path style where an endpoint is given: what is not AWS often has no name for each bucket.
        if (settings.Endpoint is { } endpoint)
            (configuration.ServiceURL, configuration.ForcePathStyle, configuration.AuthenticationRegion) = (
                endpoint,
                true,
                settings.Region ?? "us-east-1"
            );
        else if (settings.Region is { } region)
            configuration.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        return new AmazonS3Client(AwsLogin.Of(settings.Profile, configuration), configuration);
    }

    /// <summary>The error's own name.</summary>
    /// <param name="key">The file that was asked for; null for the bucket.</param>
    private HeadraceException Named(Exception error, string? key)
    {
        if (error is not AmazonServiceException refused)
            return error is AmazonClientException
                ? settings is { Region: null, Endpoint: null }
                && error.Message.Contains("Region", StringComparison.Ordinal)
                    ? Error.StoreElsewhere(Address, null, error.Message, error)
                    : Error.StoreLogin(Address, error.Message, error)
                : Error.StoreSilent(Address, error.Message, error);
        var code = refused.ErrorCode ?? "";
        var found = $"{(int)refused.StatusCode} {code} {refused.Message}".Trim();
        if (LoginCodes.Any(one => code.StartsWith(one, StringComparison.Ordinal)))
            return Error.StoreLogin(Address, found, error);
        if (RegionCodes.Contains(code) || (int)refused.StatusCode is 301 or 307)
            return Error.StoreElsewhere(Address, settings.Region, found, error);
        if (code == "NoSuchBucket")
            return Error.LakeMissing(Address);
        if (key is not null)
            switch ((int)refused.StatusCode)
            {
                case 404:
                    return Error.FileGone(Named(key));
                case 412 or 416:
                    return Error.FileChanging(Named(key));
                case 400 or 403 when code == "InvalidObjectState" || code.StartsWith("KMS", StringComparison.Ordinal):
                case 403 when refused.Message.Contains("kms:", StringComparison.OrdinalIgnoreCase):
                    return Error.FileLocked(Named(key), found, error);
                case 403:
                    return Error.FileDenied(Named(key));
            }

        return (int)refused.StatusCode is >= 400 and < 500 and not (408 or 409 or 429)
            ? Error.StoreDenied(Address, found, error)
            : Error.StoreSilent(Address, found, error);
    }

    private static bool IsRefusal(Exception error, CancellationToken cancel) =>
        error is AmazonServiceException or AmazonClientException or HttpRequestException or IOException
        || (error is OperationCanceledException && !cancel.IsCancellationRequested);
}
