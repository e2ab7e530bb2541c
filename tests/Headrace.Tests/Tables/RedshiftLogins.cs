using System.Text;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Redshift;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Logins to Redshift that IAM lends. Who lends is moto for a cluster, and a fake for a workgroup; who lets in is a
/// real PostgreSQL behind the stand-in.
/// </summary>
public sealed class RedshiftLogins(PostgresServer server) : IAsyncDisposable
{
    private readonly World world = new();
    private readonly string user = $"u{Guid.NewGuid():N}";
    private RedshiftTestDatabase? target;
    private LoginServer? login;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        world.Dispose();
        await (login?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (target?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task Into(Func<AskedRequest, Task<(int, string)>> answer, string way, string flow = "retries: 0")
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        target = await RedshiftTestDatabase.StartAsync(server);
        login = new LoginServer(server, answer);
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              rs: {{target.Yaml.Replace(
                "user: tester, password: known",
                $"{way}, region: eu-west-1, endpoint: \"{login!.Endpoint}\"",
                StringComparison.Ordinal
            )}}
              staging: { type: folder, path: {{target.Folder}} }
            defaults:
              target: { connection: rs, schema: raw }
            flows:
              {{PostgresTargets.Prices.Replace("write: append", $"write: append, {flow}", StringComparison.Ordinal)}}
            """
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n");
    }

    private RedshiftDatabase Database(TimeProvider clock, Secrets secrets)
    {
        var settings = new RedshiftConnection
        {
            Name = "rs",
            Host = "127.0.0.1",
            Port = target!.StandIn.Port,
            Database = target!.Database,
            Workgroup = "wg",
            Region = "eu-west-1",
            Endpoint = login!.Endpoint,
            IamRole = RedshiftTestDatabase.Role,
            Staging = new RedshiftStaging(),
        };
        return new RedshiftDatabase(settings, null, new Headrace.Aws.RedshiftLogins(settings, secrets, clock), clock);
    }

    private Task<(int, string)> Lend(DateTimeOffset until) =>
        Task.FromResult((200, LoginServer.Lent($"IAM:{user}", Guid.NewGuid().ToString("N"), until)));

    [Fact]
    public async Task AClusterIsEnteredAsTheUserThatIamNames()
    {
        await using var moto = await MotoServer.StartAsync();
        await Into(await LoginServer.BeforeAsync(moto, "dwh-1"), $"user: {user}, cluster: dwh-1");
        var answer = await world.Run("run", "--json", "-v");
        Assert.True(answer.Exit == 0, answer.Text);
        Assert.Equal("1i 0u 0d 0s 0q", answer.Only.Counts);
        Assert.Equal(0, (await world.Run("doctor")).Exit);
        Assert.Equal(["1"], await target!.Behind.Query("SELECT id FROM raw.prices"));
        Assert.Equal(
            [$"IAM:{user}"],
            await target!.Behind.Query("SELECT tableowner FROM pg_tables WHERE schemaname = 'raw'")
        );
        Assert.Equal(
            $"Action=GetClusterCredentials&Version=2012-12-01&ClusterIdentifier=dwh-1"
                + $"&DbName={target!.Database}&DbUser={user}&DurationSeconds=900",
            login!.Requests[0].Body
        );
        Assert.Contains(
            "/eu-west-1/redshift/aws4_request, SignedHeaders=content-type;host;x-amz-date,",
            login!.Requests[0].Headers["authorization"],
            StringComparison.Ordinal
        );

        // One for each process, and nowhere but in memory.
        Assert.Equal(2, login!.Passwords.Count);
        foreach (var password in login!.Passwords)
        {
            Assert.DoesNotContain(password, answer.Text, StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(world.Folder, "*", SearchOption.AllDirectories))
                Assert.DoesNotContain(
                    password,
                    Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)),
                    StringComparison.Ordinal
                );
        }

        world.Configuration(
            (await File.ReadAllTextAsync(Path.Combine(world.Folder, "headrace.yaml"), Cancel)).Replace(
                "dwh-1",
                "dwh-2",
                StringComparison.Ordinal
            )
        );
        answer = await world.Run("run", "--json");
        Assert.Equal((1, "HDR-321"), (answer.Exit, answer.Only.Error));
        Assert.Contains("404 ClusterNotFound", answer.Only.ErrorText, StringComparison.Ordinal);
        Assert.Contains("cluster dwh-2", answer.Only.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkgroupIsEnteredWithoutAUser()
    {
        await Into(_ => Lend(DateTimeOffset.UtcNow.AddMinutes(15)), "workgroup: wg");
        Assert.Equal("1i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(
            [$"IAM:{user}"],
            await target!.Behind.Query("SELECT tableowner FROM pg_tables WHERE schemaname = 'raw'")
        );
        var asked = Assert.Single(login!.Requests);
        Assert.Equal(
            ("RedshiftServerless.GetCredentials", "application/x-amz-json-1.1"),
            (asked.Headers["x-amz-target"], asked.Headers["content-type"])
        );
        Assert.Equal($$"""{"workgroupName":"wg","dbName":"{{target!.Database}}","durationSeconds":900}""", asked.Body);
        Assert.Contains(
            "/eu-west-1/redshift-serverless/aws4_request",
            asked.Headers["authorization"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ALoginIsKeptWhileItHoldsAndThenAskedForAgain()
    {
        var clock = new StoppedClock(DateTimeOffset.UtcNow);
        await Into(_ => Lend(clock.GetUtcNow().AddMinutes(15)), "workgroup: wg");
        var secrets = new Secrets();
        await using var database = Database(clock, secrets);
        async Task<int> Opened()
        {
            await (await database.OpenAsync(Cancel)).DisposeAsync();
            return login!.Requests.Count;
        }

        // One request for all who wait.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Opened())), asked => Assert.Equal(1, asked));
        clock.Move(TimeSpan.FromMinutes(13.9));
        Assert.Equal(1, await Opened());
        clock.Move(TimeSpan.FromMinutes(0.2)); // less than a minute is left
        Assert.All(await Task.WhenAll(Opened(), Opened(), Opened()), asked => Assert.Equal(2, asked));
        Assert.Equal(2, login!.Passwords.Distinct().Count());
        Assert.All(login!.Passwords, password => Assert.Equal("a *** b", secrets.Redact($"a {password} b")));
    }

    [Fact]
    public async Task ALoginThatTheServerRefusesIsAskedForOnceMore()
    {
        await Into(_ => Lend(DateTimeOffset.UtcNow.AddMinutes(15)), "workgroup: wg");
        await using var database = Database(TimeProvider.System, new Secrets());
        await (await database.OpenOwnAsync(Cancel)).DisposeAsync();
        await target!.Behind.Execute($"ALTER ROLE \"IAM:{user}\" PASSWORD 'ended'");
        await (await database.OpenOwnAsync(Cancel)).DisposeAsync();
        Assert.Equal(2, login!.Requests.Count);

        await target!.Behind.Execute($"ALTER ROLE \"IAM:{user}\" NOLOGIN");
        var refused = await Assert.ThrowsAsync<HeadraceException>(() => database.OpenOwnAsync(Cancel));
        Assert.Equal(("HDR-151", false, 3), (refused.Code, refused.IsTransient, login!.Requests.Count));
    }

    [Theory]
    [InlineData(
        400,
        """{"__type":"com.amazon#ValidationException","message":"no such thing"}""",
        "400 ValidationException no such thing",
        false,
        1
    )]
    [InlineData(
        403,
        """{"__type":"AccessDeniedException","Message":"User: me is not authorized to """
            + """perform: redshift-serverless:GetCredentials"}""",
        "GetCredentials",
        false,
        1
    )]
    [InlineData(
        403,
        """{"__type":"ExpiredTokenException","message":"The security token is expired"}""",
        "403 ExpiredTokenException",
        false,
        2
    )]
    [InlineData(
        400,
        """{"__type":"ThrottlingException","message":"Rate exceeded"}""",
        "400 ThrottlingException",
        true,
        1
    )]
    [InlineData(503, "<html>busy</html>", "503", true, 1)]
    [InlineData(302, "", "302", false, 1)]
    [InlineData(200, "<html>welcome</html>", "an answer without a login", false, 1)]
    [InlineData(200, """{"dbUser":"x","dbPassword":"hidden-hidden"}""", "an answer without a login", false, 1)]
    public async Task ARefusalOfIamHasAName(int status, string body, string found, bool isTransient, int asked)
    {
        await Into(_ => Task.FromResult((status, body)), "workgroup: wg");
        await using var database = Database(TimeProvider.System, new Secrets());
        var refused = await Assert.ThrowsAsync<HeadraceException>(() => database.OpenAsync(Cancel));
        Assert.Equal(("HDR-321", isTransient), (refused.Code, refused.IsTransient));
        var said = string.Join(' ', refused.Facts.Select(fact => fact.Value));
        Assert.Contains(found, said, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString() + said, StringComparison.Ordinal);
        Assert.Equal(asked, login!.Requests.Count);
    }

    [Fact]
    public async Task WhatIamThrottlesIsTriedAgain()
    {
        await Into(
            _ => Task.FromResult((400, """{"__type":"ThrottlingException","message":"Rate exceeded"}""")),
            "workgroup: wg",
            "retry_delay: 10ms"
        );
        login!.Answer = request =>
            login!.Requests.Count < 2 ? Task.FromResult((429, "")) : Lend(DateTimeOffset.UtcNow.AddMinutes(15));
        Assert.Equal("1i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(2, login!.Requests.Count);
    }

    [Fact]
    public void ASignatureIsAwsOwn()
    {
        // AWS's test suite for signature version 4: post-x-www-form-urlencoded and post-vanilla.
        var (to, at, keys) = (
            new Uri("https://example.amazonaws.com/"),
            new DateTimeOffset(2015, 8, 30, 12, 36, 0, TimeSpan.Zero),
            ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        );
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, "
                + "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            Signature.Of(
                to,
                [
                    ("content-type", "application/x-www-form-urlencoded"),
                    ("host", to.Authority),
                    ("x-amz-date", Signature.Time(at)),
                ],
                "Param1=value1"u8.ToArray(),
                keys,
                "us-east-1",
                "service",
                at
            )
        );
        Assert.EndsWith(
            "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            Signature.Of(
                to,
                [("host", to.Authority), ("x-amz-date", Signature.Time(at))],
                [],
                keys,
                "us-east-1",
                "service",
                at
            ),
            StringComparison.Ordinal
        );
    }
}
