using System.Buffers.Binary;
using System.Text;

namespace Headrace.StandIn;

/// <summary>
/// The beginning of a connection: no encryption, PostgreSQL's own authentication, Redshift's version.
/// </summary>
public static class Startup
{
    private const int Ssl = 80877103;
    private const int Gss = 80877104;
    private const int Cancel = 80877102;

    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "user",
        "database",
        "options",
        "application_name",
        "client_encoding",
        "datestyle",
        "timezone",
        "extra_float_digits",
        "search_path",
        "statement_timeout",
    };

    /// <summary>
    /// The first packet that is no request for encryption: its kind and the rest; null when the client has gone.
    /// </summary>
    public static async Task<byte[]?> FirstAsync(Wire client)
    {
        while (await client.ReadStartupAsync() is { } packet)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(packet) is not (Ssl or Gss))
                return packet;
            await client.WriteByteAsync('N');
        }

        return null;
    }

    /// <summary>The process that a CancelRequest names; null when the packet is none.</summary>
    public static int? Cancels(byte[] packet) =>
        BinaryPrimitives.ReadInt32BigEndian(packet) == Cancel
            ? BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(4))
            : null;

    public static Dictionary<string, string> Parameters(byte[] packet)
    {
        var texts = Encoding.UTF8.GetString(packet, 4, packet.Length - 4).Split('\0');
        var parameters = new Dictionary<string, string>();
        for (var i = 0; i + 1 < texts.Length && texts[i].Length > 0; i += 2)
            parameters[texts[i]] = texts[i + 1];
        if (parameters.Keys.FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
            throw new Refusal("42704", $"unrecognized configuration parameter \"{unknown}\"");
        foreach (
            var setting in parameters
                .GetValueOrDefault("options", "")
                .Split("-c", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(option => option.Split('=')[0])
        )
            if (!Known.Contains(setting.TrimStart('-')))
                throw new Refusal("42704", $"unrecognized configuration parameter \"{setting}\"");
        return parameters;
    }

    /// <summary>
    /// The same packet with the session settings that make PostgreSQL read text as its version 8.0 did.
    /// </summary>
    public static byte[] Packet(byte[] packet, Dictionary<string, string> parameters, bool serializable)
    {
        var own = new Dictionary<string, string>(parameters)
        {
            ["options"] = (
                $"{parameters.GetValueOrDefault("options", "")} -c standard_conforming_strings=off "
                + "-c escape_string_warning=off -c backslash_quote=on -c "
                + $"standin.serializable={(serializable ? "on" : "off")}"
            ).Trim(),
        };
        var body = new BodyWriter().Raw(packet.AsSpan(0, 4));
        foreach (var (name, value) in own)
            body.Text(name).Text(value);
        return body.Byte('\0').ToArray();
    }

    /// <summary>
    /// Hands on the talk to the first ReadyForQuery; the process number of the session, or null when the server said
    /// no.
    /// </summary>
    public static async Task<int?> AuthenticateAsync(Wire client, Wire server)
    {
        var process = 0;
        while (await server.ReadAsync() is { } message)
        {
            var told = message;
            if (message.Type == 'K')
                process = message.Read().Int32();
            if (message.Type == 'S' && message.Read().Text() == "server_version")
                told = Message.Status("server_version", "8.0.2");
            await client.WriteAsync(told);
            await client.FlushAsync();
            if (message.Type == 'Z')
                return process;
            if (message.Type == 'E')
                return null;
            // Requests 0 (ok) and 12 (final) want no answer.
            if (message.Type == 'R' && message.Read().Int32() is not (0 or 12))
            {
                if (await client.ReadAsync() is not { } answer)
                    return null;
                await server.WriteAsync(answer);
                await server.FlushAsync();
            }
        }

        return null;
    }
}
