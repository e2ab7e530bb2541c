using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>An Amazon Redshift database.</summary>
[Description("An Amazon Redshift database, as a source of tables and as a target.")]
public sealed record RedshiftConnection : Connection
{
    [Description("The endpoint of the cluster or workgroup, without port and database.")]
    public required string Host { get; init; }

    [Description("The server's port.")]
    [AtLeast(1)]
    public int Port { get; init; } = 5439;

    [Description("The database.")]
    public required string Database { get; init; }

    [Description("The user to log in as; not with workgroup, where IAM says who it is.")]
    public string? User { get; init; }

    [Description("Its password; best written as ${secret:…}.")]
    [Secret]
    public string? Password { get; init; }

    [Description("The identifier of the cluster, instead of a password: IAM lends a login for the user.")]
    public string? Cluster { get; init; }

    [Description("The workgroup of Redshift Serverless, instead of user and password: IAM lends a login.")]
    public string? Workgroup { get; init; }

    [Description("The region of cluster or workgroup; from where AWS's tools look for it when it is not said.")]
    public string? Region { get; init; }

    [Description("The URL at which IAM's logins are asked for, when it is not AWS's own.")]
    public string? Endpoint { get; init; }

    [Description(
        "The ARN of the role with which Redshift reads and writes staged files, or several with commas "
            + "between them, or default."
    )]
    public required string IamRole { get; init; }

    [Description("Where rows wait on their way to Redshift and from it.")]
    public required RedshiftStaging Staging { get; init; }

    [Description("How the connection is protected. When it is not said: verify-full, and disable on this machine.")]
    public TlsMode? Tls { get; init; }

    [Description("A file with the certificates that are trusted, in PEM; the system's when it is not said.")]
    public string? RootCertificate { get; init; }

    [Description("How long the server may say nothing before another connection asks whether it still answers.")]
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>Where rows wait on their way to Redshift and from it.</summary>
[Description("Where rows wait on their way to Redshift and from it.")]
public sealed record RedshiftStaging
{
    [Description("The name of a connection of type s3. A folder can be read by a stand-in for Redshift only.")]
    public string Connection { get; init; } = "";

    [Description("Where in it; nobody else's.")]
    public string Path { get; init; } = "staging/";

    [Description("Whether staged files stay once they are loaded or fetched.")]
    public bool Keep { get; init; }
}
