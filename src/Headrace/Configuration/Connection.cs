using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A named place.</summary>
[Description("A named place; its type says which keys it has.")]
public abstract record Connection
{
    /// <summary>Every type of connection by the word that users write.</summary>
    internal static readonly (string Word, Type Type)[] Kinds =
    [
        ("folder", typeof(FolderConnection)),
        ("duckdb", typeof(DuckDbConnection)),
        ("postgres", typeof(PostgresConnection)),
        ("redshift", typeof(RedshiftConnection)),
        ("s3", typeof(S3Connection)),
        ("jsonl", typeof(JsonlConnection)),
        ("kinesis", typeof(KinesisConnection)),
        ("dynamodb", typeof(DynamoDbConnection)),
    ];

    internal static string KindWords => string.Join(", ", Kinds.Select(kind => kind.Word));

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>The word that users write after <c>type:</c>.</summary>
    [NotAKey]
    public string Kind => Kinds.First(kind => kind.Type == GetType()).Word;
}

/// <summary>A folder with lake files.</summary>
[Description("A folder with files.")]
public sealed record FolderConnection : Connection
{
    [Description("The folder; a relative path starts at the project's folder.")]
    public required string Path { get; init; }

    [Description(
        "How long a file must be unchanged before it is read, unless the flow says otherwise; 2s when nobody says."
    )]
    public TimeSpan? Settle { get; init; }
}

/// <summary>A DuckDB database file.</summary>
[Description("A DuckDB database in one file.")]
public sealed record DuckDbConnection : Connection
{
    [Description("The database file; made when it is missing.")]
    public required string Path { get; init; }

    [Description(
        "Memory that the whole process may use while this database is loaded, 384MB or more; the project's "
            + "when it is not said."
    )]
    [AtLeast(Project.LeastMemory)]
    public long? Memory { get; init; }

    [Description("Threads for this database; the project's when it is not said.")]
    [AtLeast(1)]
    public int? Threads { get; init; }

    [Description(
        "Blocks of a file that is made: large (256 KiB) for tables of millions of rows, small (16 KiB) where "
            + "loads of a few rows into many tables are to be quick."
    )]
    public BlockSize Blocks { get; init; }
}

/// <summary>In what pieces a DuckDB file is written.</summary>
public enum BlockSize
{
    /// <summary>DuckDB's own, 256 KiB.</summary>
    Large,

    /// <summary>The smallest, 16 KiB.</summary>
    Small,
}

/// <summary>A folder of files with one JSON object a line.</summary>
[Description("A folder that files with one JSON object a line are written to.")]
public sealed record JsonlConnection : Connection
{
    [Description("The folder; made when it is missing.")]
    public required string Path { get; init; }
}
