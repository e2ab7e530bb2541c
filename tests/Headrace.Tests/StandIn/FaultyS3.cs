using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Headrace.Tests.StandIn;

/// <summary>What a test answers instead of S3.</summary>
public sealed record S3Answer(int Status, string Code, string Message = "no");

/// <summary>A proxy before moto for what moto never says: each request may be answered by the test instead.</summary>
public sealed class FaultyS3 : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly string behind;
    private readonly Task serving;

    public FaultyS3(string behind)
    {
        this.behind = behind;
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

    /// <summary>Null for what moto says.</summary>
    public Func<HttpListenerRequest, Task<S3Answer?>> Answer { get; set; } = _ => Task.FromResult<S3Answer?>(null);

    /// <summary>All that was asked: the method, the path with the query, the range.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = new();

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
        http.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        while (true)
            try
            {
                var context = await listener.GetContextAsync();
                answers.Add(Task.Run(() => AnswerAsync(context)));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                await Task.WhenAll(answers);
                return;
            }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var (request, response) = (context.Request, context.Response);
            Asked.Enqueue($"{request.HttpMethod} {request.RawUrl} {request.Headers["Range"]}".Trim());
            if (await Answer(request) is { } own)
            {
                response.StatusCode = own.Status;
                if (request.HttpMethod != "HEAD")
                    await response.OutputStream.WriteAsync(
                        Encoding.UTF8.GetBytes(
                            $"<?xml version=\"1.0\"?><Error><Code>{own.Code}</Code>"
                                + $"<Message>{own.Message}</Message><RequestId>1</RequestId></Error>"
                        )
                    );
                response.Close();
                return;
            }

            using var message = new HttpRequestMessage(new HttpMethod(request.HttpMethod), behind + request.RawUrl);
            using var body = new MemoryStream();
            await request.InputStream.CopyToAsync(body);
            message.Content = new ByteArrayContent(body.ToArray());
            foreach (string header in request.Headers)
                if (!header.Equals("Host", StringComparison.OrdinalIgnoreCase) && header != "Content-Length")
                    if (!message.Headers.TryAddWithoutValidation(header, request.Headers[header]))
                        message.Content.Headers.TryAddWithoutValidation(header, request.Headers[header]);
            using var answer = await http.SendAsync(message);
            response.StatusCode = (int)answer.StatusCode;
            foreach (var (header, values) in answer.Headers.Concat(answer.Content.Headers))
                if (header is not ("Content-Length" or "Connection" or "Transfer-Encoding" or "Date" or "Server"))
                    response.Headers[header] = string.Join(",", values);
            var bytes = await answer.Content.ReadAsByteArrayAsync();
            if (request.HttpMethod != "HEAD")
            {
                response.ContentLength64 = bytes.Length;
                await response.OutputStream.WriteAsync(bytes);
            }
            else
            {
                response.ContentLength64 = answer.Content.Headers.ContentLength ?? 0;
            }

            response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
        {
            // Whoever asked has gone.
        }
    }
}
