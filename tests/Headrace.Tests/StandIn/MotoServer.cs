using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

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

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
