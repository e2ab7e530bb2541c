using System.Globalization;

namespace Headrace.Warehouses;

/// <summary>
/// The statements over the rows of a model, which lie in a temporary table under names of Headrace's own
/// (<c>v0…</c>), and its target.
/// </summary>
/// <param name="columns">Those of the rows, as the target has them or will have them.</param>
/// <param name="name">The temporary table.</param>
internal sealed class ModelRows(
    SqlDialect dialect,
    TableName target,
    IReadOnlyList<TargetColumn> columns,
    IReadOnlyList<string> key,
    string name = "headrace_model"
)
{
    private const StringComparison Ignored = StringComparison.OrdinalIgnoreCase;

    private string? numbered;

    /// <summary>The temporary table.</summary>
    public string Staged => dialect.Temporary(name);

    /// <summary>Where the rows are read from; with their numbers where they have some.</summary>
    private string Source => numbered ?? Staged;

    public IReadOnlyList<TargetColumn> Columns => columns;

    /// <summary>The places of the key among the columns.</summary>
    public IReadOnlyList<int> Keys =>
        field ??= [.. key.Select(name => columns.ToList().FindIndex(one => one.Name.Equals(name, Ignored)))];

    /// <summary>The same rows with a number behind their columns.</summary>
    /// <param name="number">The column that takes it.</param>
    /// <param name="source">A query with the rows and their number, in parentheses.</param>
    public ModelRows With(TargetColumn number, string source) =>
        new(dialect, target, [.. columns, number], key, name) { numbered = source };

    /// <summary>The name of a column of the rows.</summary>
    public static string Value(int column) => string.Create(CultureInfo.InvariantCulture, $"v{column}");

    /// <summary>Makes the temporary table of the rows of a SELECT, which begins in the second line.</summary>
    public string Stage(string select)
    {
        // A cast to a text of some length would cut it without a word.
        var values = columns.Select(
            (column, i) =>
                column.Type?.Kind == TypeKind.Text
                    ? $"CAST(q.{Value(i)} AS {dialect.TypeName(ColumnType.Text)}) AS {Value(i)}"
                    : $"CAST(q.{Value(i)} AS {column.TypeName}) AS {Value(i)}"
        );
        var names = columns.Select((_, i) => Value(i));
        return dialect.CreateTemporary(
            name,
            $"SELECT {string.Join(", ", values)} FROM (\n{select}\n) AS q ({string.Join(", ", names)})"
        );
    }

    /// <summary>How many rows there are, how many have no key, and how many keys have several.</summary>
    public string CountKeys()
    {
        var missing = string.Join(" OR ", Keys.Select(i => $"{Value(i)} IS NULL").DefaultIfEmpty("1 = 0"));
        var told = string.Join(", ", Keys.Select(i => dialect.Tell(Value(i), columns[i].Type)));
        var twice =
            Keys.Count == 0
                ? "0"
                : "(SELECT count(*) FROM "
                    + $"(SELECT count(*) AS n FROM {Staged} GROUP BY {told} HAVING count(*) > 1) AS q)";
        return $"SELECT count(*), CAST(coalesce(sum(CASE WHEN {missing} THEN 1 ELSE 0 END), 0) AS bigint), {twice} "
            + $"FROM {Staged}";
    }

    /// <summary>Puts all rows in.</summary>
    public string InsertAll() => $"{Into} FROM {Source} AS {M}";

    /// <summary>How many rows have one of their key in the target, and how many of those differ from it.</summary>
    public string CountFound(TargetTable table) =>
        $"""
            SELECT CAST(coalesce(sum(CASE WHEN {Own(Keys[0])} IS NULL THEN 0 ELSE 1 END), 0) AS bigint),
                CAST(coalesce(sum(CASE WHEN {Own(Keys[0])} IS NOT NULL AND ({Differ(
                table
            )}) THEN 1 ELSE 0 END), 0) AS bigint)
            FROM {Source} AS {M} LEFT JOIN {dialect.Qualified(target)} ON {On}
            """;

    /// <summary>Updates the target's rows that differ.</summary>
    public string Update(TargetTable table)
    {
        var set = Values.Select(i => $"{dialect.Identifier(columns[i].Name)} = {M}.{Value(i)}");
        return $"UPDATE {dialect.Qualified(target)} SET {string.Join(", ", set)} FROM {Source} AS {M} "
            + $"WHERE {On} AND ({Differ(table)})";
    }

    /// <summary>Puts the rows in whose key the target has not.</summary>
    public string InsertMissing() =>
        $"{Into} FROM {Source} AS {M} LEFT JOIN {dialect.Qualified(target)} ON {On} WHERE {Own(Keys[0])} IS NULL";

    private IEnumerable<int> Values => Enumerable.Range(0, columns.Count).Except(Keys);

    private string Into =>
        $"INSERT INTO {dialect.Qualified(target)} ({dialect.Names(columns.Select(column => column.Name))}) "
        + $"SELECT {string.Join(", ", columns.Select((_, i) => $"{M}.{Value(i)}"))}";

    // A name that is not the target's.
    private string M => target.Table.Equals("m", Ignored) ? "m_" : "m";

    private string On =>
        string.Join(" AND ", Keys.Select(i => dialect.Same($"{M}.{Value(i)}", Own(i), columns[i].Type)));

    // A column that a plan finds missing would be added, and is NULL in all rows.
    private string Differ(TargetTable table) =>
        string.Join(
            " OR ",
            Values
                .Select(i =>
                    table.Find(columns[i].Name) is { } has
                        ? dialect.Differ($"{M}.{Value(i)}", Own(i), has)
                        : $"{M}.{Value(i)} IS NOT NULL"
                )
                .DefaultIfEmpty("1 = 0")
        );

    // UPDATE does not name its table otherwise everywhere.
    private string Own(int column) => $"{dialect.Identifier(target.Table)}.{dialect.Identifier(columns[column].Name)}";
}
