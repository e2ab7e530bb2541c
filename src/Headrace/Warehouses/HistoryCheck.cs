namespace Headrace.Warehouses;

/// <summary>What holds for each history before its load commits.</summary>
internal static class HistoryCheck
{
    /// <summary>
    /// Sees to it that no two versions of a row overlap, and that those without an end, and no others, are current.
    /// </summary>
    /// <param name="key">The columns of a row's key.</param>
    /// <param name="among">A query that has rows for a version <c>t</c> that is to be looked at.</param>
    /// <exception cref="HeadraceException">HDR-234.</exception>
    public static async Task AssertAsync(
        OpenLoad load,
        HistoryRules history,
        TableName table,
        IReadOnlyList<string> key,
        string among
    )
    {
        var dialect = load.Warehouse.Dialect;
        var (from, to, current) = (
            dialect.Identifier(history.From),
            dialect.Identifier(history.To),
            dialect.Identifier(history.Current)
        );
        var overlaps = await load.Db.NumberAsync(
            $"""
            SELECT count(*) FROM (
                SELECT t.{to} AS until, t.{current} AS is_open, lead(t.{from}) OVER (PARTITION BY {string.Join(
                    ", ",
                    key.Select(name => $"t.{dialect.Identifier(name)}")
                )} ORDER BY t.{from}) AS next_from
                FROM {dialect.Qualified(table)} AS t
                WHERE EXISTS ({among})
            ) AS versions
            WHERE (next_from IS NOT NULL AND (until IS NULL OR until > next_from)) OR is_open <> (until IS NULL)
            """,
            load.Cancel
        );
        if (overlaps > 0)
            throw Error.HistoryOverlaps(table, overlaps);
    }
}
