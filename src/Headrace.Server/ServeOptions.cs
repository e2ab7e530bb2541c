using System.Globalization;
using System.Net;

namespace Headrace.Server;

/// <summary>Where the server listens, and who may ask it.</summary>
/// <param name="Listen">As the user wrote it.</param>
public sealed record ServeOptions(string Listen, IPAddress Address, int Port, Tokens? Tokens)
{
    /// <summary>How long what runs may go on after the server was told to end; then it is rolled back.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Hears of what no answer can say, a line each.</summary>
    public Action<string> Say { get; init; } = _ => { };

    /// <summary>What runs are written down to as they begin and end; null for none.</summary>
    public Hosting.RunLog? Log { get; init; }

    /// <summary>True when only this machine reaches it.</summary>
    public bool IsLocal => IPAddress.IsLoopback(Address);

    /// <summary>Reads an address with a port, such as <c>127.0.0.1:7474</c>, <c>[::1]:7474</c> or
    /// <c>localhost:7474</c>, and a file of tokens.</summary>
    /// <param name="tokenFile">Null for none.</param>
    /// <exception cref="HeadraceException">HDR-531, HDR-600, HDR-601.</exception>
    public static ServeOptions Read(string listen, string? tokenFile)
    {
        var at = listen.LastIndexOf(':');
        var host = at < 0 ? "" : listen[..at].Trim('[', ']');
        if (
            at < 0
            || !ushort.TryParse(listen[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || (host != "localhost" && !IPAddress.TryParse(host, out _))
        )
            throw Error.BadArgument("--listen", listen, "an address and a port, for example 127.0.0.1:7474");
        var address = host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host);
        if (tokenFile is null && !IPAddress.IsLoopback(address))
            throw Error.ListenRefused(listen);
        return new ServeOptions(listen, address, port, tokenFile is null ? null : Tokens.Read(tokenFile));
    }
}
