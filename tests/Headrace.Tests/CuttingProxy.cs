using System.Net;
using System.Net.Sockets;

namespace Headrace.Tests;

/// <summary>
/// Passes bytes on to a server, and cuts the first connection once its answers have had some length; or passes nothing
/// of it on any more, in either direction, and keeps it open.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private readonly int server;
    private readonly bool isSilent;
    private long left;
    private int cuts;

    /// <param name="bytes">Of answers, before the cut; those of all connections until then count.</param>
    /// <param name="isSilent">The connection stays open, and nothing comes through it any more.</param>
    public CuttingProxy(int server, int bytes, bool isSilent = false)
    {
        (this.server, this.isSilent, left) = (server, isSilent, bytes);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Cuts => cuts;

    /// <summary>So many connections are told that the server is starting up.</summary>
    public int StartingUp { get; set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(PassAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using (client)
        using (var upstream = new TcpClient())
        {
            try
            {
                if (StartingUp > 0)
                {
                    StartingUp--;
                    await client.GetStream().ReadAtLeastAsync(new byte[4096], 8, cancellationToken: stop.Token);
                    var said = System.Text.Encoding.ASCII.GetBytes(
                        "SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
                    );
                    await client
                        .GetStream()
                        .WriteAsync((byte[])[(byte)'E', 0, 0, 0, (byte)(said.Length + 4), .. said], stop.Token);
                    return;
                }

                await upstream.ConnectAsync(IPAddress.Loopback, server, stop.Token);
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                var asking = client.GetStream().CopyToAsync(upstream.GetStream(), silence.Token);
                var buffer = new byte[4096];
                while (await upstream.GetStream().ReadAsync(buffer, stop.Token) is > 0 and var read)
                {
                    if (cuts == 0 && Interlocked.Add(ref left, -read) < 0 && Interlocked.Exchange(ref cuts, 1) == 0)
                    {
                        if (!isSilent)
                            break;
                        await silence.CancelAsync();
                        await Task.Delay(Timeout.Infinite, stop.Token);
                    }

                    await client.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
                }

                client.Client.Close(0); // a reset, and no end
                await asking;
            }
            catch (Exception error)
                when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                // One of the two is gone.
            }
        }
    }
}
