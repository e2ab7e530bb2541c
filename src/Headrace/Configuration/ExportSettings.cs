using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How the exports of a table of DynamoDB are made.</summary>
[Description("Exports of a DynamoDB table that `headrace export` starts: docs/dynamodb.md.")]
public sealed record ExportSettings
{
    /// <summary>The shortest window that DynamoDB exports.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(15);

    /// <summary>The longest window that DynamoDB exports.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    [Description("The name of a connection of type s3: the exports go there, and are read from there.")]
    public required string To { get; init; }

    [Description("Where in it: below the connection's prefix.")]
    public required string Path { get; init; }

    [Description("How much time passes at least between the ends of two exports: 15m to 24h.")]
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The connection of the table.</summary>
    [NotAKey]
    public string Connection { get; init; } = "";

    /// <summary>The table that is exported.</summary>
    [NotAKey]
    public string Table { get; init; } = "";
}
