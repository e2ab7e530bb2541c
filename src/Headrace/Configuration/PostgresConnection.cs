using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How a connection over the network is protected.</summary>
public enum TlsMode
{
    /// <summary>Encrypted; the server proves with a certificate that is trusted here that it has this name.</summary>
    VerifyFull,

    /// <summary>Encrypted; the server's certificate is trusted here, whatever its name.</summary>
    VerifyCa,

    /// <summary>Encrypted; the server is not verified.</summary>
    Require,

    /// <summary>In the clear.</summary>
    Disable,
}

/// <summary>A PostgreSQL database.</summary>
[Description("A PostgreSQL database.")]
public sealed record PostgresConnection : Connection
{
    [Description("The server's name or address, or the folder of its socket.")]
    public required string Host { get; init; }

    [Description("The server's port.")]
    [AtLeast(1)]
    public int Port { get; init; } = 5432;

    [Description("The database.")]
    public required string Database { get; init; }

    [Description("The role to log in as.")]
    public required string User { get; init; }

    [Description("Its password; best written as ${secret:…}.")]
    [Secret]
    public string? Password { get; init; }

    [Description("How the connection is protected. When it is not said: verify-full, and disable on this machine.")]
    public TlsMode? Tls { get; init; }

    [Description("A file with the certificates that are trusted, in PEM; the system's when it is not said.")]
    public string? RootCertificate { get; init; }

    [Description("How many connections may be open at once for one flow.")]
    [AtLeast(1)]
    public int Readers { get; init; } = 2;

    [Description("How long the server may say nothing before another connection asks whether it still works.")]
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(20);
}
