namespace Headrace.StandIn;

/// <summary>What the stand-in needs to know beside its PostgreSQL.</summary>
public sealed record StandInSettings
{
    /// <summary>The role that COPY and UNLOAD must name; any other is refused.</summary>
    public string IamRole { get; init; } = "arn:aws:iam::111122223333:role/headrace";

    /// <summary>Where S3 is: plain HTTP, path style. Null when there is none.</summary>
    public string? S3Endpoint { get; init; }

    public string AccessKey { get; init; } = "test";

    public string SecretKey { get; init; } = "test";

    public string Region { get; init; } = "us-east-1";

    /// <summary>
    /// The folder whose files <c>file:///…</c> URLs may name. Redshift has nothing like it. Null: none may be named.
    /// </summary>
    public string? FolderRoot { get; init; }

    /// <summary>
    /// Behave as a database with isolation level SERIALIZABLE: conflicts are found per table. Otherwise SNAPSHOT.
    /// </summary>
    public bool Serializable { get; init; }
}

/// <summary>Where <see cref="RedshiftStandIn.CutAround"/> cuts the client's connection.</summary>
public enum Cut
{
    /// <summary>Before the statement reaches the server.</summary>
    Before,

    /// <summary>After the server has done it, before the client hears of it.</summary>
    After,
}
