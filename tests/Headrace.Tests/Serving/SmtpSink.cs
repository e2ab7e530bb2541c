using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Headrace.Tests.Serving;

/// <summary>A mail server that keeps what it is given (RFC 5321, with AUTH PLAIN of RFC 4616).</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<(IReadOnlyList<string> To, string Text)> mails = [];
    private readonly Task working;

    public SmtpSink()
    {
        listener.Start();
        working = Task.Run(WorkAsync);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string? Password { get; private set; }

    public IReadOnlyList<(IReadOnlyList<string> To, string Text)> Mails
    {
        get
        {
            lock (mails)
                return [.. mails];
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await working;
    }

    private async Task WorkAsync()
    {
        while (true)
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                await TalkAsync(client.GetStream());
            }
            catch (IOException)
            {
                // Who talked has gone.
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
    }

    private async Task TalkAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        var to = new List<string>();
        await writer.WriteLineAsync("220 sink");
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("EHLO", StringComparison.Ordinal))
                await writer.WriteLineAsync("250-sink\r\n250 AUTH PLAIN");
            else if (line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal))
            {
                Password = Encoding.UTF8.GetString(Convert.FromBase64String(line[11..])).Split('\0')[2];
                await writer.WriteLineAsync("235 welcome");
            }
            else if (line.StartsWith("RCPT TO:", StringComparison.Ordinal))
            {
                to.Add(line[8..].Split('<', '>')[1]);
                await writer.WriteLineAsync("250 ok");
            }
            else if (line == "DATA")
            {
                await writer.WriteLineAsync("354 go on");
                var text = new StringBuilder();
                while (await reader.ReadLineAsync() is { } part && part != ".")
                    text.Append(part).Append('\n');
                lock (mails)
                    mails.Add(([.. to], text.ToString()));
                to.Clear();
                await writer.WriteLineAsync("250 taken");
            }
            else if (line == "QUIT")
            {
                await writer.WriteLineAsync("221 bye");
                return;
            }
            else
                await writer.WriteLineAsync("250 ok");
        }
    }
}
