namespace Headrace;

/// <summary>
/// A row of a table that is set aside by each run that reads it again waits once in <c>headrace.quarantine</c>: as it
/// was first set aside, or as it is now where it has changed. The statements are those of every warehouse, in the
/// transaction that has set rows aside.
/// </summary>
/// <param name="table">The quarantine, qualified and quoted.</param>
/// <param name="literal">Quotes a text.</param>
/// <param name="value">The value of a column, whose name is quoted as a text, in the JSON text of a row.</param>
public sealed class RepeatedRows(
    ChangeSet changes,
    string table,
    Func<string, string> literal,
    Func<string, string, string> value
)
{
    private const string Waits = "'waiting'";

    /// <summary>
    /// True where rows may be read again. What is appended is read once; a comparison of exports sets the rows before
    /// aside itself.
    /// </summary>
    public bool Applies => changes is { Cursor: not null, Operation: Operation.Merge or Operation.Replace };

    /// <summary>
    /// Rows that waited and are not what waits now: of a table that was read whole all others, else those of the same
    /// key.
    /// </summary>
    /// <param name="now">The time, as the warehouse reads it.</param>
    public string Supersede(string now) =>
        $"""
            UPDATE {table} SET status = 'superseded', resolved_at = {now}, resolution = 'the row was read again'
            WHERE dataset = {literal(changes.Dataset.Name)} AND status = {Waits} AND load_id <> {literal(
                changes.Id
            )} AND id NOT IN ({Twins("o")}){(
                changes.Operation == Operation.Replace ? "" : $" AND id IN ({Pairs("o", SameKey)})"
            )}
            """;

    /// <summary>Rows that wait already; how many it deletes is how many were not set aside anew.</summary>
    public string Drop => $"DELETE FROM {table} WHERE load_id = {literal(changes.Id)} AND id IN ({Twins("n")})";

    private string SameKey =>
        changes.Rules.PrimaryKey.Count == 0
            ? "false"
            : string.Join(
                " AND ",
                changes
                    .Rules.PrimaryKey.Select(key => literal(Column(key)))
                    .Select(column =>
                        $"{value("o.\"row\"", column)} = {value("n.\"row\"", column)} "
                        + $"AND {value("n.\"row\"", column)} <> ''"
                    )
            );

    private string Twins(string which) =>
        Pairs(
            which,
            "o.reason = n.reason AND coalesce(o.\"row\", '') = coalesce(n.\"row\", '') "
                + "AND coalesce(o.value, '') = coalesce(n.value, '') "
                + "AND coalesce(o.\"column\", '') = coalesce(n.\"column\", '')"
        );

    // Older rows and newer ones.
    private string Pairs(string which, string alike) =>
        $"""
            SELECT {which}.id
            FROM {table} AS o JOIN {table} AS n ON n.dataset = o.dataset AND n.file = o.file AND {alike}
            WHERE o.dataset = {literal(changes.Dataset.Name)} AND o.status = {Waits} AND o.load_id <> {literal(
                changes.Id
            )} AND n.load_id = {literal(changes.Id)}
            """;

    // As the source spells it, whose names the rows have.
    private string Column(string key)
    {
        var from =
            changes
                .Rules.Columns.FirstOrDefault(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                ?.From
            ?? key;
        return changes
                .Files.SelectMany(file => file.Columns)
                .FirstOrDefault(column => column.Name.Equals(from, StringComparison.OrdinalIgnoreCase))
                ?.Name
            ?? from;
    }
}
