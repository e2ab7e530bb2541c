using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Headrace.Tests.StandIn;

/// <summary>An S3 of one's own: moto's server, a process.</summary>
public sealed class MotoServer : IAsyncDisposable
{
    private readonly Process process;

    private MotoServer(Process process, string endpoint) => (this.process, Endpoint) = (process, endpoint);

    public string Endpoint { get; }

    public static async Task<MotoServer> StartAsync()
    {
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var process = Process.Start(
            new ProcessStartInfo("moto_server", ["-H", "127.0.0.1", "-p", $"{port}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var http = new HttpClient();
        for (var tries = 0; ; tries++)
            try
            {
                using var ready = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/moto-api/"));
                return new MotoServer(process, $"http://127.0.0.1:{port}");
            }
            catch (HttpRequestException) when (tries < 300 && !process.HasExited)
            {
                await Task.Delay(100);
            }
    }

    /// <summary>Asks a service of AWS's JSON protocol.</summary>
    /// <param name="operation">As the header names it, such as secretsmanager.CreateSecret.</param>
    public async Task<JsonNode> AskAsync(string service, string operation, JsonObject members, string version = "1.1")
    {
        using var http = new HttpClient();
        using var message = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = new StringContent(members.ToJsonString()),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue($"application/x-amz-json-{version}");
        message.Headers.TryAddWithoutValidation("x-amz-target", operation);
        message.Headers.TryAddWithoutValidation(
            "authorization",
            $"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        using var answer = await http.SendAsync(message);
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(body)! : throw new InvalidOperationException(body);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Asks what another server was asked.</summary>
    public async Task<(int Status, string Body)> ForwardAsync(AskedRequest request)
    {
        using var client = new HttpClient();
        using var message = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = new StringContent(request.Body),
        };
        message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.Headers["content-type"]);
        foreach (var name in (string[])["authorization", "x-amz-target"])
            message.Headers.TryAddWithoutValidation(name, request.Headers[name]);
        using var answer = await client.SendAsync(message);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
