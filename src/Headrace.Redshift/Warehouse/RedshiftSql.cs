using System.Security.Cryptography;
using System.Text;
using Headrace.Postgres;
using Headrace.State;

namespace Headrace.Redshift;

/// <summary>
/// Every statement that goes to Redshift, and the only place that quotes for its dialect. This part has Headrace's own
/// tables.
/// </summary>
internal static partial class RedshiftSql
{
    /// <summary>What each session begins with.</summary>
    public static readonly IReadOnlyList<string> Session =
    [
        "SET search_path TO pg_catalog",
        "SET timezone TO 'UTC'",
        "SET statement_timeout TO 0",
    ];

    /// <summary>What a session that was used before is asked.</summary>
    public const string Hello = "SELECT 1";

    public const string Version = "SELECT version()";

    /// <summary>Tells which of Headrace's tables are there.</summary>
    public const string OwnTables =
        "SELECT CAST(table_name AS varchar(128)) FROM svv_tables WHERE table_schema = 'headrace'";

    /// <summary>A quoted identifier; Redshift folds its letters all the same.</summary>
    public static string Identifier(string name) => PostgresSql.Identifier(name);

    /// <summary>A text literal, in which Redshift takes a backslash for an escape.</summary>
    public static string Literal(string text) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new ArgumentException("The text has a NUL.", nameof(text))
            : $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Qualified(TableName name) => $"{Identifier(name.Schema)}.{Identifier(name.Table)}";

    /// <summary>The table of a dataset's position, without its schema.</summary>
    public static string PositionTable(Dataset dataset) => PositionTable(dataset.Name);

    /// <inheritdoc cref="PositionTable(Dataset)"/>
    public static string PositionTable(string dataset) =>
        $"position_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset)))[..16]}";

    public static string CreatePosition(Dataset dataset) =>
        RedshiftDialect.Instance.State.Create(
            PositionTable(dataset),
            WarehouseState.Steps.Columns("positions", RedshiftDialect.Instance.State)
        );

    /// <summary>
    /// Waits for everybody else who has the position. It takes no snapshot: what is read after it is what the one
    /// before has committed.
    /// </summary>
    public static string LockPosition(Dataset dataset) => $"LOCK headrace.{PositionTable(dataset)}";

    /// <summary>The table that loads of one target lock: readers of the target are not held up by that.</summary>
    public static string TargetLock(TableName target) =>
        "target_"
        + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(target.ToString().ToLowerInvariant())))[..16];

    public static string CreateTargetLock(TableName target) =>
        $"""
            CREATE TABLE IF NOT EXISTS headrace.{TargetLock(target)} (schema_name varchar(65535),
            table_name varchar(65535))
            """;

    /// <summary>Waits for other loads of the target; it takes no snapshot.</summary>
    public static string Lock(TableName target) => $"LOCK headrace.{TargetLock(target)}";

    /// <summary>Waits for loads that are under way.</summary>
    public const string LockLoads = "LOCK headrace.loads";
}
