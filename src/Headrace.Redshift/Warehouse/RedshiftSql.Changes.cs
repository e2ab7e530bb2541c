namespace Headrace.Redshift;

/// <summary>Changes of rows that are staged with their operations.</summary>
internal static partial class RedshiftSql
{
    /// <param name="columns">Of the target, by their places among the staged <c>c0…</c>; <c>op</c> is beside
    /// those.</param>
    public static string InsertChanged(
        TableName target,
        IReadOnlyList<(string Name, int Column)> columns,
        string ops
    ) =>
        $"INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {Values(target, columns)} "
        + $"FROM {Staged} AS {S(target)} WHERE {S(target)}.op {ops}";

    /// <param name="keys">By their place among the columns.</param>
    public static string DeleteChanged(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        string ops,
        string? deletedAt
    ) =>
        $"DELETE FROM {Qualified(target)} USING {Staged} AS {S(target)} WHERE {OnPlace(target, keys)} "
        + $"AND {S(target)}.op {ops}{(deletedAt is null ? "" : $" AND {Own(target, deletedAt)} IS NOT NULL")}";

    public static string UpdateChanged(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<(string Name, int Column)> columns,
        string? deletedAt
    )
    {
        var set = columns.Select(column => $"{Identifier(column.Name)} = {Value(target, column.Column)}");
        return $"""
            UPDATE {Qualified(target)} SET {string.Join(
                ", ",
                deletedAt is null ? set : set.Append($"{Identifier(deletedAt)} = NULL")
            )} FROM {Staged} AS {S(target)}
            WHERE {S(target)}.op = 'U' AND {OnPlace(target, keys)}
            """;
    }

    public static string MarkDeleted(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        string deletedAt,
        DateTimeOffset now
    ) =>
        $"UPDATE {Qualified(target)} SET {Identifier(deletedAt)} = {RedshiftDialect.Instance.Literal(now)} "
        + $"FROM {Staged} AS {S(target)} WHERE {S(target)}.op = 'D' AND {OnPlace(target, keys)}";

    /// <summary>
    /// Of the updated keys that the target has more than once, whose rows are equal in what is brought, one row each.
    /// </summary>
    public static IEnumerable<string> MendChangedTwice(
        TableName target,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys,
        IReadOnlyList<string> all
    )
    {
        var partition = EachKey(target, keys);
        var values = string.Join(", ", all.Select((name, i) => Text($"{Own(target, name)} AS o{i}")));
        var kept = string.Join(", ", all.Select((_, i) => Text($"o{i}")));
        yield return $"""
            CREATE TEMP TABLE {Kept} AS SELECT {kept} FROM (
                SELECT {values}, row_number() OVER (PARTITION BY {partition} ORDER BY {partition}) AS place
                FROM {Staged} AS {S(target)} JOIN {Qualified(target)} ON {OnPlace(target, keys)}
                WHERE {S(target)}.op = 'U') AS q
            WHERE place = 1
            """;
        yield return DeleteChanged(target, keys, "= 'U'", null);
        yield return $"INSERT INTO {Qualified(target)} ({Names(all)}) SELECT {kept} FROM {Kept}";
    }

    /// <summary>
    /// Updates of rows that others have taken away; after <see cref="InsertChanged"/> of the new ones.
    /// </summary>
    public static string InsertUpdatedMissing(
        TableName target,
        IReadOnlyList<(string Name, int Column)> columns,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys
    ) =>
        $"""
            INSERT INTO {Qualified(target)} ({Names(columns)}) SELECT {Values(target, columns)} FROM {Staged} AS {S(
                target
            )}
            LEFT JOIN {Qualified(target)} ON {OnPlace(target, keys)} WHERE {S(target)}.op = 'U' AND {Own(
                target,
                keys[0].Name
            )} IS NULL
            """;
}
