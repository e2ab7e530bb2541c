using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Headrace.Tests;

/// <summary>An AWS of one's own: moto's server, a process.</summary>
public sealed class MotoServer : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<Process, bool> Running = new();

    private readonly Process process;

    static MotoServer()
    {
        // A server would stay for ever if what uses it were interrupted.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();
        Console.CancelKeyPress += (_, _) => EndAll();
    }

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
        Running[process] = true;
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
        Sign(message, service);
        using var answer = await http.SendAsync(message);
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(body.Length == 0 ? "{}" : body)!
            : throw new InvalidOperationException(body);
    }

    /// <summary>Makes a bucket, or puts an object into one.</summary>
    /// <param name="path">The bucket, or the bucket and the key.</param>
    public Task PutAsync(string path, byte[] bytes) => S3Async(HttpMethod.Put, path, bytes);

    /// <summary>Removes an object.</summary>
    public Task RemoveAsync(string path) => S3Async(HttpMethod.Delete, path, []);

    /// <summary>Asks what another server was asked.</summary>
    public async Task<(int Status, string Body)> ForwardAsync(IReadOnlyDictionary<string, string> headers, string text)
    {
        using var client = new HttpClient();
        using var message = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = new StringContent(text) };
        message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(headers["content-type"]);
        foreach (var name in (string[])["authorization", "x-amz-target"])
            message.Headers.TryAddWithoutValidation(name, headers[name]);
        using var answer = await client.SendAsync(message);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Running.TryRemove(process, out _);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static void EndAll()
    {
        foreach (var process in Running.Keys)
            process.Kill(entireProcessTree: true);
    }

    private async Task S3Async(HttpMethod method, string path, byte[] bytes)
    {
        using var http = new HttpClient();
        using var message = new HttpRequestMessage(
            method,
            new Uri($"{Endpoint}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}")
        );
        message.Content = new ByteArrayContent(bytes);
        Sign(message, "s3");
        using var answer = await http.SendAsync(message);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
    }

    // moto looks for the service there, and at nothing else of it.
    private static void Sign(HttpRequestMessage message, string service) =>
        message.Headers.TryAddWithoutValidation(
            "authorization",
            $"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, "
                + "SignedHeaders=host, Signature=0"
        );
}
