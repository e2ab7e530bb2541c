using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F63, F64: what lies between Headrace and a database.</summary>
public sealed class Databases(PostgresServer server) : TableWorld(server)
{
    private const string Many =
        $"{Orders}; INSERT INTO orders SELECT i, repeat('n', 100) FROM generate_series(1, 20000) i";
    private const string Flow = "read: full-refresh, write: replace, retry_delay: 10ms";

    [Theory]
    [InlineData(3_000)]
    [InlineData(500_000)]
    public async Task F63_a_connection_that_is_cut_is_opened_again_and_the_rows_come_once(int bytes)
    {
        await using var proxy = new CuttingProxy(ServerPort, bytes);
        await Shop(Many, Flow);
        Through(proxy.Port);
        Assert.Equal(20_000L, (await World.Load()).Only["inserted"]);
        Assert.Equal(1, proxy.Cuts);
        Assert.Equal("20000", World.Value("SELECT count(DISTINCT id) FROM raw.orders"));
    }

    [Fact]
    public async Task F63_a_server_that_says_nothing_is_not_waited_for_for_ever()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await Shop(Many, Flow + ", retries: 0");
        Through(((IPEndPoint)silent.LocalEndpoint).Port);
        var clock = Stopwatch.StartNew();
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-151"), (answer.Exit, answer.Only.Error));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 40);
    }

    [Fact]
    public async Task F64_a_certificate_that_is_not_trusted_is_refused()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        await using var secure = await PostgresCluster.StartAsync();
        await secure.SecureAsync(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        var trusted = Path.Combine(World.Folder, "root.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem(), Cancel);

        async Task<Answer> Read(string tls)
        {
            World.Configuration(
                $$"""
                version: 1
                connections:
                  shop: { type: postgres, host: localhost, port: {{secure.Port}}, database: postgres, user: tester, password: known, {{tls}} }
                  warehouse: { type: duckdb, path: ./warehouse.duckdb }
                flows:
                  one: { source: { connection: shop, query: "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()" }, read: full-refresh, write: replace, retries: 0, target: { connection: warehouse, schema: raw, table: one } }
                """
            );
            return await World.Run("run", "--json");
        }

        Assert.Equal("HDR-151", (await Read("tls: verify-full")).Only.Error);
        Assert.Equal(0, (await Read("tls: verify-full, root_certificate: ./root.pem")).Exit);
        Assert.Equal("true", World.Value("SELECT ssl FROM raw.one"));
        Assert.Equal(0, (await Read("tls: require")).Exit);
    }

    private void Through(int port)
    {
        var path = Path.Combine(World.Folder, "headrace.yaml");
        File.WriteAllText(
            path,
            File.ReadAllText(path).Replace($"port: {ServerPort}", $"port: {port}", StringComparison.Ordinal)
        );
    }
}
