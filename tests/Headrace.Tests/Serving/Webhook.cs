using System.Net;
using System.Text.Json;

namespace Headrace.Tests.Serving;

/// <summary>What takes documents by POST.</summary>
internal sealed class Webhook : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly List<JsonElement> told = [];

    public Webhook()
    {
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        free.Stop();
        listener.Prefixes.Add(Url);
        listener.Start();
        _ = Task.Run(AnswerAsync);
    }

    public string Url { get; }

    public int Status { get; set; } = 200;

    /// <summary>Where an answer of 302 leads.</summary>
    public string? Location { get; init; }

    public IReadOnlyList<JsonElement> Told
    {
        get
        {
            lock (told)
                return [.. told];
        }
    }

    public void Dispose() => listener.Close();

    private async Task AnswerAsync()
    {
        while (listener.IsListening)
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
            var text = await reader.ReadToEndAsync();
            lock (told)
                told.Add(JsonDocument.Parse(text).RootElement.Clone());
            context.Response.StatusCode = Status;
            if (Location is not null)
                context.Response.Headers["Location"] = Location;
            context.Response.Close();
        }
    }
}
