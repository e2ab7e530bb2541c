using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

namespace Headrace.Aws;

/// <summary>The credentials of a profile, or those that AWS's tools would find.</summary>
internal static class Profiles
{
    /// <summary>Credentials for one request; they renew themselves where they can.</summary>
    /// <param name="profile">Its name in AWS's configuration files; null for what is found where AWS's tools
    /// look.</param>
    /// <exception cref="AmazonClientException">There are none.</exception>
    public static AWSCredentials Credentials(string? profile, IClientConfig? configuration = null) =>
        profile is null ? new DefaultAWSCredentialsIdentityResolver().ResolveIdentity(configuration)
        : new CredentialProfileStoreChain().TryGetAWSCredentials(profile, out var credentials) ? credentials
        : throw new AmazonClientException($"the profile '{profile}' is not there, or has no credentials");
}
