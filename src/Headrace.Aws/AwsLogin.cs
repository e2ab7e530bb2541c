using System.Collections.Concurrent;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.RuntimeDependencies;
using Amazon.SecurityToken;
using Amazon.SSO;
using Amazon.SSOOIDC;

namespace Headrace.Aws;

/// <summary>Finds the credentials of AWS.</summary>
internal static class AwsLogin
{
    // Those that renew themselves are asked for once: each asks STS or SSO.
    private static readonly ConcurrentDictionary<string, RefreshingAWSCredentials> Renewing = new(
        StringComparer.Ordinal
    );

    // Native code has no assemblies that the SDK could look for by name. A profile that assumes a role is met before
    // the SDK meets it, but for the one that AWS_PROFILE names.
    static AwsLogin()
    {
        var known = GlobalRuntimeDependencyRegistry.Instance;
        known.RegisterSecurityTokenServiceClient(context => Sts(context.SecurityTokenServiceClientContextData));
        known.RegisterSSOClient(context => new AmazonSSOClient(
            new AnonymousAWSCredentials(),
            context.SSOClientContextData.Region
        ));
        known.RegisterSSOOIDCClient(context => new AmazonSSOOIDCClient(
            new AnonymousAWSCredentials(),
            context.SSOOIDCClientContextData.Region
        ));
    }

    /// <summary>The file of profiles; null, but in tests, for where AWS's tools look.</summary>
    internal static string? Profiles { get; set; }

    /// <summary>Those of a profile, or those that AWS's tools would use.</summary>
    /// <exception cref="AmazonClientException">There are none.</exception>
    public static AWSCredentials Of(string? profile, IClientConfig? configuration) =>
        profile is null
            ? new DefaultAWSCredentialsIdentityResolver().ResolveIdentity(configuration)
            : OfProfile(profile);

    private static AmazonSecurityTokenServiceClient Sts(SecurityTokenServiceClientContext asked) =>
        asked.Action == SecurityTokenServiceClientContext.ActionContext.AssumeRoleAWSCredentials
        && Find(Environment.GetEnvironmentVariable("AWS_PROFILE") ?? "default") is { Options.RoleArn: not null } role
            ? new(SourceOf(role), asked.Region)
            : new(new AnonymousAWSCredentials(), asked.Region);

    private static AWSCredentials OfProfile(string name)
    {
        if (Renewing.TryGetValue(name, out var known))
            return known;
        AWSCredentials? found = null;
        if (Find(name) is { Options: { RoleArn: not null, MfaSerial: null, WebIdentityTokenFile: null } } role)
            found = new RoleCredentials(role);
        else if (!new CredentialProfileStoreChain(Profiles).TryGetAWSCredentials(name, out found))
            throw new AmazonClientException($"the profile '{name}' is not there, or has no credentials");
        return found is RefreshingAWSCredentials renewing ? Renewing.GetOrAdd(name, renewing) : found;
    }

    private static CredentialProfile? Find(string name) =>
        new CredentialProfileStoreChain(Profiles).TryGetProfile(name, out var profile) ? profile : null;

    // Who asks for the role: another profile, or what the machine has.
    private static AWSCredentials SourceOf(CredentialProfile role) =>
        role.Options.SourceProfile is { } source && source != role.Name ? OfProfile(source)
        : role.Options.CredentialSource == "Environment" ? new EnvironmentVariablesAWSCredentials()
        : role.Options.CredentialSource == "EcsContainer" ? new GenericContainerCredentials()
        : role.Options.CredentialSource == "Ec2InstanceMetadata" ? new InstanceProfileAWSCredentials()
        : throw new AmazonClientException(
            $"the profile '{role.Name}' assumes a role, and says neither source_profile nor credential_source"
        );

    /// <summary>What STS lends to who assumes a role.</summary>
    private sealed class RoleCredentials : RefreshingAWSCredentials
    {
        private readonly CredentialProfile role;

        public RoleCredentials(CredentialProfile role)
        {
            this.role = role;
            PreemptExpiryTime = TimeSpan.FromMinutes(5);
        }

        protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
        {
            using var sts = new AmazonSecurityTokenServiceClient(
                SourceOf(role),
                role.Region ?? FallbackRegionFactory.GetRegionEndpoint() ?? RegionEndpoint.USEast1
            );
            var lent = (
                await sts.AssumeRoleAsync(
                    new Amazon.SecurityToken.Model.AssumeRoleRequest
                    {
                        RoleArn = role.Options.RoleArn,
                        RoleSessionName = role.Options.RoleSessionName ?? "headrace",
                        ExternalId = role.Options.ExternalID,
                    }
                )
            ).Credentials;
            return new CredentialsRefreshState(
                new ImmutableCredentials(lent.AccessKeyId, lent.SecretAccessKey, lent.SessionToken),
                lent.Expiration!.Value.ToUniversalTime()
            );
        }
    }
}
