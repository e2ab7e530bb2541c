using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A server that takes mail, and who writes to whom.</summary>
[Description("A server that takes mail, and who writes to whom.")]
public sealed record SmtpSettings
{
    [Description("The server's name or address.")]
    public required string Host { get; init; }

    [Description("The port of the mail server.")]
    public int Port { get; init; } = 587;

    [Description("The address that the mail comes from.")]
    public required string From { get; init; }

    [Description("The addresses that it goes to.")]
    public required IReadOnlyList<string> To { get; init; }

    [Description("The name to log in with; no login when it is not said.")]
    public string? User { get; init; }

    [Secret]
    [Description("The password.")]
    public string? Password { get; init; }

    [Description(
        "How the connection is encrypted: starttls (after a first word in the open), on-connect (from the first byte, "
            + "mostly at port 465), or none, which sends no password to another machine."
    )]
    public SmtpTls Tls { get; init; } = SmtpTls.Starttls;

    /// <summary>True when nobody else can listen.</summary>
    internal bool IsLocal =>
        Host is "localhost" || (System.Net.IPAddress.TryParse(Host, out var at) && System.Net.IPAddress.IsLoopback(at));
}

/// <summary>How a connection to a mail server is encrypted.</summary>
public enum SmtpTls
{
    /// <summary>By STARTTLS; a server that does not offer it gets no mail.</summary>
    Starttls,

    /// <summary>From the first byte.</summary>
    OnConnect,

    /// <summary>Not at all.</summary>
    None,
}
