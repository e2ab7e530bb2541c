using System.Text;
using System.Text.RegularExpressions;

namespace Headrace.Tests.StandIn;

/// <summary>
/// What lends logins to Redshift, as a fake: a server of HTTP before moto, which knows GetClusterCredentials, or with
/// answers of the test's own, written from AWS's documentation of GetCredentials, which moto does not know. What it
/// lends opens the test server.
/// </summary>
public sealed partial class LoginServer : IAsyncDisposable
{
    private readonly FakeHttp http;
    private readonly PostgresServer postgres;

    public LoginServer(PostgresServer postgres, Func<AskedRequest, Task<(int Status, string Body)>> answer)
    {
        (this.postgres, Answer) = (postgres, answer);
        http = new FakeHttp(async request =>
        {
            var (status, body) = await Answer(request);
            if (Login().Matches(body) is [var one, var other] && body.Contains("IAM:", StringComparison.Ordinal))
                await OpenAsync(one.Groups[1].Value, other.Groups[1].Value);
            return (status, body);
        });
    }

    public string Endpoint => http.Endpoint;

    /// <summary>What it answers from now on.</summary>
    public Func<AskedRequest, Task<(int Status, string Body)>> Answer { get; set; }

    /// <summary>All that was asked, in order.</summary>
    public List<AskedRequest> Requests => http.Requests;

    /// <summary>All passwords that were lent.</summary>
    public List<string> Passwords { get; } = [];

    /// <summary>The answer of GetCredentials: JSON 1.1, times in seconds.</summary>
    public static string Lent(string user, string password, DateTimeOffset until) =>
        $$"""{"dbPassword":"{{password}}","dbUser":"{{user}}","expiration":"""
        + $$"""{{until.ToUnixTimeMilliseconds() / 1000}}.5,"nextRefreshTime":{{until.ToUnixTimeSeconds() - 300}}}""";

    /// <summary>Makes a cluster in moto, and answers with what moto does.</summary>
    public static async Task<Func<AskedRequest, Task<(int Status, string Body)>>> BeforeAsync(
        MotoServer moto,
        string cluster
    )
    {
        var (status, body) = await AskAsync(
            $"Action=CreateCluster&Version=2012-12-01&ClusterIdentifier={cluster}"
                + "&NodeType=ra3.large&MasterUsername=admin&MasterUserPassword=Passw0rd1&ClusterType=single-node",
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/redshift/aws4_request, SignedHeaders=host, Signature=0"
        );
        return status == 200
            ? request => AskAsync(request.Body, request.Headers["authorization"])
            : throw new InvalidOperationException(body);

        async Task<(int, string)> AskAsync(string form, string authorization)
        {
            using var http = new HttpClient();
            using var message = new HttpRequestMessage(HttpMethod.Post, moto.Endpoint)
            {
                Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"),
            };
            message.Headers.TryAddWithoutValidation("authorization", authorization);
            using var answer = await http.SendAsync(message);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    public ValueTask DisposeAsync() => http.DisposeAsync();

    // Users of the stand-in are users of the server behind it.
    private async Task OpenAsync(string one, string other)
    {
        var (user, password) = one.StartsWith("IAM", StringComparison.Ordinal) ? (one, other) : (other, one);
        Passwords.Add(password);
        await using var db = await postgres.OpenAsync("postgres");
        await db.ExecuteAsync(
            $"""
            DO $do$ BEGIN IF EXISTS (SELECT FROM pg_roles
            WHERE rolname = '{user}') THEN ALTER ROLE "{user}" PASSWORD '{password}';
            ELSE CREATE ROLE "{user}" SUPERUSER LOGIN PASSWORD '{password}'; END IF; END $do$
            """
        );
    }

    [GeneratedRegex("""(?:[dD]b(?:User|Password))(?:>|":\s*")([^<"]+)""")]
    private static partial Regex Login();
}

/// <summary>A clock that stands until it is moved.</summary>
public sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset now = now;

    public void Move(TimeSpan by) => now += by;

    public override DateTimeOffset GetUtcNow() => now;
}
