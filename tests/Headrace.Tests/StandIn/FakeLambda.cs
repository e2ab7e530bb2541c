using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Headrace.Tests.StandIn;

/// <summary>
/// A fake of AWS Lambda, written from its documentation: the runtime API of one function
/// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), and the call Invoke of the same function.
/// </summary>
public sealed class FakeLambda : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Channel<string> events = Channel.CreateUnbounded<string>();
    private readonly Channel<(string Kind, string Body)> answers = Channel.CreateUnbounded<(string, string)>();
    private readonly Task serving;
    private int invocations;

    public FakeLambda()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Host = $"127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        }

        listener.Prefixes.Add($"http://{Host}/");
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>A host and a port.</summary>
    public string Host { get; }

    /// <summary>The time of each invocation.</summary>
    public TimeSpan Time { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>True when Invoke is refused.</summary>
    public bool RefusesInvoke { get; set; }

    /// <summary>The documents of the calls of Invoke; each comes as an invocation, too.</summary>
    public List<string> Invoked { get; } = [];

    /// <summary>What the function is started with.</summary>
    public string? Variable(string name) =>
        name switch
        {
            "AWS_LAMBDA_RUNTIME_API" => Host,
            "AWS_LAMBDA_FUNCTION_NAME" => "headrace",
            "AWS_ENDPOINT_URL_LAMBDA" => $"http://{Host}",
            _ => null,
        };

    /// <summary>Calls the function; <c>response</c>, <c>error</c> or <c>init</c>, and the document.</summary>
    public async Task<(string Kind, JsonElement Body)> Call(string document, CancellationToken cancel)
    {
        events.Writer.TryWrite(document);
        return await Answer(cancel);
    }

    /// <summary>The next answer.</summary>
    public async Task<(string Kind, JsonElement Body)> Answer(CancellationToken cancel)
    {
        var (kind, body) = await answers.Reader.ReadAsync(cancel);
        return (kind, JsonDocument.Parse(body).RootElement.Clone());
    }

    public async ValueTask DisposeAsync()
    {
        events.Writer.TryComplete();
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (true)
            try
            {
                var context = await listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var (status, body) = await AnswerAsync(context.Request, context.Response);
            context.Response.StatusCode = status;
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
            context.Response.Close();
        }
        catch (Exception error)
            when (error is HttpListenerException or ObjectDisposedException or ChannelClosedException)
        {
            // The client has gone, or the test is over.
        }
    }

    private async Task<(int, string)> AnswerAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        using var reader = new StreamReader(request.InputStream);
        var body = await reader.ReadToEndAsync();
        var path = request.RawUrl!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (path)
        {
            case ["2018-06-01", "runtime", "invocation", "next"] when request.HttpMethod == "GET":
                var document = await events.Reader.ReadAsync();
                response.Headers["Lambda-Runtime-Aws-Request-Id"] = $"call-{Interlocked.Increment(ref invocations)}";
                response.Headers["Lambda-Runtime-Deadline-Ms"] =
                    $"{(DateTimeOffset.UtcNow + Time).ToUnixTimeMilliseconds()}";
                response.Headers["Lambda-Runtime-Invoked-Function-Arn"] =
                    "arn:aws:lambda:us-east-1:123456789012:function:headrace";
                return (200, document);
            case ["2018-06-01", "runtime", "invocation", var id, "response" or "error"]
                when id == $"call-{invocations}":
                answers.Writer.TryWrite((path[^1], body));
                return (202, "{\"status\": \"OK\"}");
            case ["2018-06-01", "runtime", "init", "error"]:
                answers.Writer.TryWrite(("init", body));
                return (202, "{\"status\": \"OK\"}");
            case ["2015-03-31", "functions", "headrace", "invocations"]
                when request.Headers["X-Amz-Invocation-Type"] == "Event":
                if (RefusesInvoke)
                    return (403, "{\"__type\": \"AccessDeniedException\", \"Message\": \"not authorized\"}");
                Invoked.Add(body);
                events.Writer.TryWrite(body);
                return (202, "");
            default:
                return (404, "{}");
        }
    }
}
