using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Headrace.Tests.StandIn;

/// <summary>A server of HTTP that answers what the test says: the ground of the fakes of AWS's services.</summary>
public sealed class FakeHttp : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Func<AskedRequest, Task<(int Status, string Body)>> answer;
    private readonly Task serving;

    public FakeHttp(Func<AskedRequest, Task<(int Status, string Body)>> answer)
    {
        this.answer = answer;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Endpoint = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        listener.Prefixes.Add($"{Endpoint}/");
        listener.Start();
        serving = ServeAsync();
    }

    public string Endpoint { get; }

    /// <summary>All that was asked, in order.</summary>
    public List<AskedRequest> Requests { get; } = [];

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var request = new AskedRequest(
                context.Request.Headers.AllKeys.ToDictionary(
                    name => name!.ToLowerInvariant(),
                    name => context.Request.Headers[name]!
                ),
                await reader.ReadToEndAsync()
            )
            {
                Path = context.Request.Url!.AbsolutePath,
            };
            Requests.Add(request);
            var (status, body) = await answer(request);
            context.Response.StatusCode = status;
            await using var output = context.Response.OutputStream;
            await output.WriteAsync(Encoding.UTF8.GetBytes(body));
        }
    }
}

/// <summary>What was asked of a <see cref="FakeHttp"/>; names of headers in lower case.</summary>
public sealed record AskedRequest(IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Path { get; init; } = "/";
}
