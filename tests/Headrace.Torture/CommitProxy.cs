using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Headrace.Torture;

/// <summary>Where a <see cref="CommitProxy"/> cuts.</summary>
internal enum Cut
{
    /// <summary>A COMMIT is not passed on.</summary>
    BeforeCommit,

    /// <summary>A COMMIT is done, and its answer is not passed back.</summary>
    AfterCommit,

    /// <summary>Somewhere.</summary>
    Anywhere,

    /// <summary>A COMMIT is passed on when it is said to be; meanwhile the client may die.</summary>
    Late,
}

/// <summary>
/// Stands between Headrace and a PostgreSQL and knows the messages that a client sends. It cuts one connection, once,
/// and passes everything on after that.
/// </summary>
/// <remarks>
/// Its number says which COMMIT of all connections, from 1; for <see cref="Cut.Anywhere"/> how many kilobytes clients
/// may send first.
/// </remarks>
internal sealed class CommitProxy : IAsyncDisposable
{
    private const byte Query = (byte)'Q',
        Ready = (byte)'Z';

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task accepting;
    private readonly int server;
    private readonly Cut cut;
    private int left;

    public CommitProxy(int server, Cut cut, int number)
    {
        (this.server, this.cut, left) = (server, cut, cut == Cut.Anywhere ? number * 1024 : number);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>True once a connection was cut.</summary>
    public bool HasCut { get; private set; }

    /// <summary>Passes on the COMMIT that is held back.</summary>
    public void Release() => released.TrySetResult();

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
                await upstream.ConnectAsync(IPAddress.Loopback, server, stop.Token);
                var held = new Held();
                var answers = AnswerAsync(upstream.GetStream(), client, held);
                await AskAsync(client.GetStream(), upstream.GetStream(), held);
                upstream.Client.Shutdown(SocketShutdown.Send);
                await answers;
            }
            catch (Exception error)
                when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                client.Client.Close(0); // a reset, and no end
            }
        }
    }

    // The first message has no type; each of the others has one, and its length.
    private async Task AskAsync(NetworkStream from, NetworkStream to, Held held)
    {
        var header = new byte[5];
        var body = new byte[1 << 16];
        for (var isFirst = true; ; isFirst = false)
        {
            var start = isFirst ? 1 : 0;
            if (
                await from.ReadAtLeastAsync(
                    header.AsMemory(start),
                    header.Length - start,
                    throwOnEndOfStream: false,
                    stop.Token
                ) == 0
            )
                return;
            var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4;
            var isCommit = !isFirst && header[0] == Query && length == 7;
            if (isCommit)
            {
                await from.ReadExactlyAsync(body.AsMemory(0, length), stop.Token);
                isCommit = Encoding
                    .ASCII.GetString(body, 0, length - 1)
                    .Equals("COMMIT", StringComparison.OrdinalIgnoreCase);
                if (isCommit && cut != Cut.Anywhere && Interlocked.Decrement(ref left) == 0)
                    held.Answers = HasCut = true;
                if (held.Answers && cut == Cut.BeforeCommit)
                    throw new IOException("cut");
                if (held.Answers && cut == Cut.Late)
                    await released.Task.WaitAsync(stop.Token);
                await to.WriteAsync(header, stop.Token);
                await to.WriteAsync(body.AsMemory(0, length), stop.Token);
                continue;
            }

            if (cut == Cut.Anywhere && !HasCut && Interlocked.Add(ref left, -length - 5) <= 0)
            {
                HasCut = true;
                await to.WriteAsync(header.AsMemory(start), stop.Token);
                throw new IOException("cut");
            }

            await to.WriteAsync(header.AsMemory(start), stop.Token);
            for (int read; length > 0; length -= read)
            {
                read = await from.ReadAsync(body.AsMemory(0, Math.Min(length, body.Length)), stop.Token);
                if (read == 0)
                    return;
                await to.WriteAsync(body.AsMemory(0, read), stop.Token);
            }
        }
    }

    private async Task AnswerAsync(NetworkStream from, TcpClient client, Held held)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReadAsync(buffer, stop.Token) is > 0 and var read)
        {
            if (!held.Answers)
            {
                await client.GetStream().WriteAsync(buffer.AsMemory(0, read), stop.Token);
                continue;
            }

            // "Ready for query" ends the answer: the COMMIT is done.
            if (buffer.AsSpan(0, read).LastIndexOf(Ready) < 0)
                continue;
            client.Client.Close(0);
            return;
        }
    }

    private sealed class Held
    {
        /// <summary>True from the COMMIT on whose answer is not passed back.</summary>
        public volatile bool Answers;
    }
}
