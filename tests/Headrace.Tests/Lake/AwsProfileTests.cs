using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Lake;

/// <summary>Credentials of profiles. STS is moto's, which lends to anybody.</summary>
[Collection(nameof(AwsProfileTests))]
public sealed class AwsProfileTests(MotoFixture moto) : IClassFixture<MotoFixture>, IDisposable
{
    private readonly World world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        AwsLogin.Profiles = null;
        world.Dispose();
    }

    private void Profiles(string text)
    {
        var path = Path.Combine(world.Folder, "credentials");
        File.WriteAllText(path, text);
        AwsLogin.Profiles = path;
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_STS", moto.Server.Endpoint);
    }

    [Fact]
    public async Task A_profile_may_assume_a_role_of_another_one()
    {
        Profiles(
            """
            [source]
            aws_access_key_id = AKIASOURCE
            aws_secret_access_key = source-secret
            [role]
            role_arn = arn:aws:iam::123456789012:role/loader
            source_profile = source
            region = us-east-1
            [alone]
            role_arn = arn:aws:iam::123456789012:role/loader
            region = us-east-1
            """
        );
        var plain = await AwsLogin.Of("source", null).GetCredentialsAsync();
        Assert.Equal("AKIASOURCE", plain.AccessKey);
        var lent = await AwsLogin.Of("role", null).GetCredentialsAsync();
        Assert.StartsWith("ASIA", lent.AccessKey, StringComparison.Ordinal);
        Assert.True(lent.UseToken);
        // It is asked for once.
        Assert.Equal(lent.AccessKey, (await AwsLogin.Of("role", null).GetCredentialsAsync()).AccessKey);
        await using var fake = new FakeHttp(_ => Task.FromResult((200, "{}")));
        var caller = new AwsCaller("eu-west-1", fake.Endpoint, new Secrets(), TimeProvider.System, "role");
        await caller.AskAsync(new AwsRequest("ssm", "application/x-amz-json-1.1", "AmazonSSM.X", []), Cancel);
        Assert.Contains(
            lent.AccessKey,
            Assert.Single(fake.Requests).Headers["authorization"],
            StringComparison.Ordinal
        );
        var refusal = await Assert.ThrowsAsync<AwsRefusal>(() =>
            new AwsCaller("eu-west-1", fake.Endpoint, new Secrets(), TimeProvider.System, "alone").AskAsync(
                new AwsRequest("ssm", "application/x-amz-json-1.1", "AmazonSSM.X", []),
                Cancel
            )
        );
        Assert.Contains("source_profile", refusal.Message, StringComparison.Ordinal);
    }
}
