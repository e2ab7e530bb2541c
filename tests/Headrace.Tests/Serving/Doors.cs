using System.Text;
using Headrace.Server;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Who gets in.</summary>
public sealed class Doors
{
    private const string Flow = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: append
        """;

    [Theory]
    [InlineData("Host", "evil.example", "403 HDR-604")]
    [InlineData("Host", "127.0.0.1.evil.example:7474", "403 HDR-604")]
    [InlineData("Origin", "http://evil.example", "403 HDR-604")]
    [InlineData("Origin", "null", "403 HDR-604")]
    [InlineData("Origin", "http://localhost:1", "403 HDR-604")]
    [InlineData("Sec-Fetch-Site", "cross-site", "403 HDR-604")]
    public async Task On_this_machine_a_foreign_name_or_page_is_sent_away(string header, string value, string expected)
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));

        Assert.Equal(expected, await served.Fault(HttpMethod.Post, "/api/v1/flows/orders/run", null, (header, value)));
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/api/v1/flows")).Status);
        Assert.Equal(
            200,
            (await served.Ask(HttpMethod.Get, "/api/v1/flows", null, ("Origin", served.Server.Address))).Status
        );
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/health/live", null, ("Host", "localhost:9"))).Status);
    }

    [Theory]
    [InlineData("GET", "/api/v1/flows", 200)]
    [InlineData("GET", "/api/v1/runs", 200)]
    [InlineData("GET", "/metrics", 200)]
    [InlineData("GET", "/openapi/v1.json", 200)]
    [InlineData("POST", "/api/v1/flows/orders/run", 202)]
    [InlineData("POST", "/api/v1/quarantine/discard", 400)]
    public async Task With_tokens_each_role_does_what_it_may(string method, string path, int operate)
    {
        var world = new World().Flows(Flow);
        var tokens = Path.Combine(world.Folder, "tokens");
        File.WriteAllText(tokens, "# people\nread: reader-token\n\noperate: operator-token\n");
        await using var served = await ServedProject.Start(world, listen: "0.0.0.0:0", tokens: tokens);
        served.World.Put("orders/1.csv", "id\n1\n");
        async Task<int> As(string? token) =>
            (
                await served.Ask(new HttpMethod(method), path, null, token is null ? [] : [("Authorization", token)])
            ).Status;
        static string Basic(string password) =>
            $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{password}"))}";

        Assert.Equal(401, await As(null));
        Assert.Equal(401, await As("Bearer other"));
        Assert.Equal(401, await As("Basic ???"));
        Assert.Equal(method == "GET" ? 200 : 403, await As("Bearer reader-token"));
        Assert.Equal(operate, await As("Bearer operator-token"));
        Assert.Equal(operate, await As(Basic("operator-token")));
        Assert.Equal(401, (await served.Ask(HttpMethod.Get, $"{path}?token=operator-token")).Status);
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/health/live")).Status);
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/health/ready")).Status);
    }

    [Fact]
    public async Task Who_guesses_tokens_has_to_wait()
    {
        var world = new World().Flows(Flow);
        var tokens = Path.Combine(world.Folder, "tokens");
        File.WriteAllText(tokens, "operate: operator-token\n");
        await using var served = await ServedProject.Start(world, tokens: tokens);

        for (var i = 0; i < 20; i++)
            Assert.Equal(
                "401 HDR-605",
                await served.Fault(HttpMethod.Get, "/api/v1/flows", null, ("Authorization", $"Bearer {i}"))
            );

        Assert.Equal(
            "429 HDR-607",
            await served.Fault(HttpMethod.Get, "/api/v1/flows", null, ("Authorization", "Bearer operator-token"))
        );
    }

    [Theory]
    [InlineData("0.0.0.0:7474", null, "HDR-600")]
    [InlineData("[::]:7474", null, "HDR-600")]
    [InlineData("192.168.1.1:7474", null, "HDR-600")]
    [InlineData("example.com:7474", null, "HDR-531")]
    [InlineData("127.0.0.1", null, "HDR-531")]
    [InlineData("127.0.0.1:99999", null, "HDR-531")]
    [InlineData("127.0.0.1:0", "admin: x", "HDR-601")]
    [InlineData("127.0.0.1:0", "read:", "HDR-601")]
    [InlineData("127.0.0.1:0", "operate", "HDR-601")]
    [InlineData("127.0.0.1:0", "# none\n", "HDR-601")]
    [InlineData("127.0.0.1:0", "operate: short", "HDR-601")]
    [InlineData("127.0.0.1:0", "operate: aaaaaaaaaaaa", "HDR-601")]
    [InlineData("127.0.0.1:0", "operate: ChangeMe", "HDR-601")]
    public void What_would_let_everybody_in_does_not_start(string listen, string? tokens, string code)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, tokens);

        var error = Assert.Throws<HeadraceException>(() => ServeOptions.Read(listen, tokens is null ? null : file));

        Assert.Equal(code, error.Code);
        File.Delete(file);
    }

    [Fact]
    public async Task A_project_has_one_server_and_an_address_one_program()
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));
        using var other = new World().Flows(Flow);

        var second = await Assert.ThrowsAsync<HeadraceException>(() => ServedProject.Start(served.World));
        var taken = await Assert.ThrowsAsync<HeadraceException>(() =>
            ServedProject.Start(other, listen: new Uri(served.Server.Address).Authority)
        );

        Assert.Equal("HDR-603", second.Code);
        Assert.Equal("HDR-602", taken.Code);
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/health/ready")).Status);
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task What_the_server_says_of_itself_only_its_owner_can_read()
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));
        var file = Path.Combine(served.World.Folder, ".headrace", "server.json");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal("401 HDR-605", await served.Fault(HttpMethod.Post, "/hand-over", "{}"));
        Assert.Equal(
            "401 HDR-605",
            await served.Fault(HttpMethod.Post, "/hand-over", "{}", ("Authorization", "Bearer 0"))
        );
    }
}
