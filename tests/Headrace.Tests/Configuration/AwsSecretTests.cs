using System.Text.Json.Nodes;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Configuration;

/// <summary>Secrets that AWS keeps, as moto does.</summary>
public sealed class AwsSecretTests : IClassFixture<MotoFixture>, IDisposable
{
    private readonly MotoServer moto;
    private readonly World world = new();
    private readonly string name = $"{Guid.NewGuid():N}"[..12];

    public AwsSecretTests(MotoFixture fixture)
    {
        moto = fixture.Server;
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test-secret");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => world.Dispose();

    private Task Keep(string secret, string text) =>
        moto.AskAsync(
            "secretsmanager",
            "secretsmanager.CreateSecret",
            new JsonObject { ["Name"] = secret, ["SecretString"] = text }
        );

    private Task KeepParameter(string parameter, string text) =>
        moto.AskAsync(
            "ssm",
            "AmazonSSM.PutParameter",
            new JsonObject
            {
                ["Name"] = parameter,
                ["Value"] = text,
                ["Type"] = "SecureString",
            }
        );

    private string Yaml(string written) =>
        $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            flows:
              f:
                source: { connection: lake, path: "f/*.csv" }
                read: incremental
                write: append
                target: { connection: warehouse, schema: raw }
                owner: "{{written}}"
            """;

    private Task<LoadedProject> Load(string written, string? endpoint = null)
    {
        world.Configuration(Yaml(written));
        return ProjectFile.LoadAsync(
            world.Folder,
            null,
            _ => null,
            new AwsSecrets(_ => endpoint ?? moto.Endpoint, TimeProvider.System),
            Cancel
        );
    }

    private async Task<string> Value(string written)
    {
        var loaded = await Load(written);
        Assert.Equal("", string.Join("\n", loaded.Problems.Select(Written.Text)));
        var value = loaded.Project!.Flows["f"].Owner!;
        Assert.Equal("it is ***", loaded.Project.Secrets.Redact($"it is {value}"));
        Assert.DoesNotContain(value, ProjectFile.Show(loaded.Project), StringComparison.Ordinal);
        return value;
    }

    private async Task<HeadraceException> Problem(string written, string? endpoint = null)
    {
        var problem = Assert.Single((await Load(written, endpoint)).Problems);
        Assert.Equal("HDR-511 11:12", Written.At(problem));
        return problem;
    }

    [Fact]
    public async Task A_secret_is_read_whole_or_by_a_key()
    {
        await Keep($"prod/{name}", """{"user":"ann","password":"s3cr3t-p4ss","port":54321}""");
        Assert.Equal("s3cr3t-p4ss", await Value($"${{secret:aws-sm/prod/{name}#password}}"));
        Assert.Equal("54321", await Value($"${{secret:aws-sm/prod/{name}#port}}"));
        Assert.Equal(
            """{"user":"ann","password":"s3cr3t-p4ss","port":54321}""",
            (await Load($"${{secret:aws-sm/prod/{name}}}")).Project!.Flows["f"].Owner
        );
    }

    [Theory]
    [InlineData("{0}", "{0}")]
    [InlineData("/prod/{0}", "/prod/{0}")]
    [InlineData("/prod/{0}", "prod/{0}")]
    public async Task A_parameter_is_read_decrypted(string parameter, string written)
    {
        await KeepParameter(string.Format(null, parameter, name), "p4r4m3t3r");
        Assert.Equal("p4r4m3t3r", await Value($"${{secret:aws-ssm/{string.Format(null, written, name)}}}"));
    }

    [Fact]
    public async Task Two_secrets_may_stand_in_one_value()
    {
        await Keep(name, "first-one");
        await KeepParameter(name, "second-one");
        var loaded = await Load($"${{secret:aws-sm/{name}}}:${{secret:aws-ssm/{name}}}");
        Assert.Equal("first-one:second-one", loaded.Project!.Flows["f"].Owner);
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        await Keep(name, """{"user":"ann","more":{"password":"s3cr3t-p4ss"}}""");
        await Keep($"{name}-text", "s3cr3t-p4ss");
        foreach (
            var (written, why) in ((string, string)[])
                [
                    ("aws-sm/no-such-secret", "there is no such secret in this region"),
                    ("aws-ssm/no-such-parameter", "there is no such parameter in this region"),
                    ($"aws-sm/{name}#password", "the secret has no key 'password'"),
                    ($"aws-sm/{name}#more", "its key 'more' is no text"),
                    ($"aws-sm/{name}-text#password", "the secret is no JSON object"),
                    ($"aws-sm/{name}#", "its name may have letters"),
                    ("aws-sm/a b", "its name may have letters"),
                ]
        )
        {
            var problem = await Problem($"${{secret:{written}}}");
            Assert.StartsWith($"${{secret:{written}}} cannot be had: {why}", problem.What, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cr3t-p4ss", Written.Text(problem), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_the_right_it_says_which_one_is_missing()
    {
        await using var fake = new FakeHttp(_ =>
            Task.FromResult(
                (
                    400,
                    """{"__type":"AccessDeniedException","Message":"no identity-based policy allows it: test-secret"}"""
                )
            )
        );
        var problem = await Problem("${secret:aws-sm/db#password}", fake.Endpoint);
        Assert.Contains("it may not be read (400 AccessDeniedException no identity-based", problem.What);
        Assert.Contains("secretsmanager:GetSecretValue", problem.Next);
        Assert.DoesNotContain("test-secret", Written.Text(problem), StringComparison.Ordinal);
        Assert.Contains("ssm:GetParameter", (await Problem("${secret:aws-ssm/db}", fake.Endpoint)).Next);
    }

    [Fact]
    public async Task The_command_line_shows_it_nowhere()
    {
        await Keep(name, """{"password":"s3cr3t-p4ss"}""");
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto.Endpoint);
        world
            .Configuration(
                Yaml("ann")
                    .Replace(
                        "owner: \"ann\"",
                        $"masks: {{ a: {{ hmac: \"${{secret:aws-sm/{name}#password}}\" }} }}",
                        StringComparison.Ordinal
                    )
            )
            .Put("f/1.csv", "a\ns3cr3t-p4ss\n");
        foreach (
            var command in (string[][])
                [
                    ["plan"],
                    ["run", "-v"],
                    ["config", "show"],
                    ["show", "r_"],
                    ["doctor"],
                ]
        )
        {
            var answer = await world.Run(command);
            Assert.DoesNotContain("s3cr3t-p4ss", answer.Output + answer.Messages, StringComparison.Ordinal);
        }

        Assert.Equal("1", world.Value("SELECT count(*) FROM raw.f"));
    }
}
