using System.Buffers.Binary;
using System.Net.Sockets;

namespace Headrace.StandIn;

/// <summary>
/// One connection, read and written in whole messages. One that is <paramref name="forgiving"/> takes no notice when
/// the other side no longer listens: what it has asked for is done all the same.
/// </summary>
public sealed class Wire(TcpClient socket, bool forgiving = false) : IDisposable
{
    private readonly BufferedStream output = new(socket.GetStream(), 64 * 1024);
    private readonly BufferedStream input = new(socket.GetStream(), 64 * 1024);

    public static async Task<Wire> ConnectAsync(string host, int port)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(host, port);
        return new Wire(socket);
    }

    /// <summary>The next message; null when the other side has gone.</summary>
    public async Task<Message?> ReadAsync()
    {
        var head = new byte[5];
        if (await input.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false) < 5)
            return null;
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
        await input.ReadExactlyAsync(body);
        return new Message((char)head[0], body);
    }

    /// <summary>The first packet of a connection, which has no type; null when the other side has gone.</summary>
    public async Task<byte[]?> ReadStartupAsync()
    {
        var head = new byte[4];
        if (await input.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false) < 4)
            return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(head) - 4;
        if (length is < 4 or > 100_000)
            return null;
        var body = new byte[length];
        await input.ReadExactlyAsync(body);
        return body;
    }

    public async Task WriteStartupAsync(byte[] body)
    {
        var head = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(head, body.Length + 4);
        await output.WriteAsync(head);
        await output.WriteAsync(body);
        await output.FlushAsync();
    }

    public async Task WriteByteAsync(char value)
    {
        await output.WriteAsync(new[] { (byte)value });
        await output.FlushAsync();
    }

    public async Task WriteAsync(Message message)
    {
        var head = new byte[5];
        head[0] = (byte)message.Type;
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), message.Body.Length + 4);
        try
        {
            await output.WriteAsync(head);
            await output.WriteAsync(message.Body);
        }
        catch (IOException) when (forgiving) { }
    }

    public async Task FlushAsync()
    {
        try
        {
            await output.FlushAsync();
        }
        catch (IOException) when (forgiving) { }
    }

    /// <summary>Ends the connection at once, without what was not flushed.</summary>
    public void Cut()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public void Dispose() => socket.Dispose();
}
