using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>Quarantined rows read again: <c>temp.released</c> holds those that fit now.</summary>
/// <param name="limits">What the warehouse asks of values; null for nothing.</param>
internal sealed class QuarantineReader(
    DuckDbConnection db,
    IReadOnlyList<Column> columns,
    Mending mending,
    ValueLimits? limits,
    CancellationToken cancel
)
{
    private readonly IReadOnlyList<string> keys = mending.Rules.PrimaryKey;
    private readonly ReleasedExpressions made = new(db, columns, mending, cancel);

    /// <summary>
    /// Reads the rows of <paramref name="waiting"/> (<c>id</c>, <c>row</c>): those that fit, with their types
    /// (<c>v0…</c>), under
    /// <c>headrace_id</c>, and for each column (<c>has_n</c>) whether the row brings it. Of several rows of one key the
    /// last one goes.
    /// </summary>
    public void Stage(string waiting)
    {
        made.Settle();
        var values = columns.Select((column, i) => $"{Value(i)} AS v{i}, has_{i}");
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE released AS
            SELECT id AS headrace_id, {string.Join(", ", values)}
            FROM {made.Over($"(SELECT id, {Extracted}{made.Texts} FROM ({waiting}))", Plain)}
            WHERE {string.Join(" AND ", columns.Select((_, i) => Fits(i)))}
            """,
            cancel
        );
        foreach (var fails in Failing())
            db.Execute($"DELETE FROM temp.released WHERE {fails}", cancel);
        if (keys.Count > 0)
            db.Execute(
                $"""
                DELETE FROM temp.released WHERE headrace_id IN (SELECT l.headrace_id FROM temp.released AS l ANTI JOIN
                    (SELECT max(headrace_id) AS winner FROM temp.released GROUP BY {string.Join(
                    ", ",
                    keys.Select(Key)
                )}) AS w ON w.winner = l.headrace_id)
                """,
                cancel
            );
    }

    /// <summary>A text with a sign for each column: 1 where the row brings it, else 0.</summary>
    public static string Brings(int columns) =>
        "concat("
        + string.Join(
            ", ",
            Enumerable.Range(0, columns).Select(i => SnapshotColumns.Text($"CASE WHEN has_{i} THEN '1' ELSE '0' END"))
        )
        + ")";

    /// <summary>
    /// The sets of columns that rows of <c>temp.released</c> are inserted with, each with the sign of
    /// <see cref="Brings"/> of its rows, in which <c>_</c> stands for any: a column with a default
    /// gets it where a row does not bring it.
    /// </summary>
    public IReadOnlyList<(IReadOnlyList<int> Columns, string Like)> Inserted()
    {
        var defaults = Enumerable.Range(0, columns.Count).Where(i => columns[i].HasDefault).ToList();
        if (defaults.Count == 0)
            return [([.. Enumerable.Range(0, columns.Count)], "%")];
        var found = new List<(IReadOnlyList<int>, string)>();
        using var reader = db.Query($"SELECT DISTINCT {Brings(columns.Count)} FROM temp.released", cancel);
        while (reader.Read())
        {
            var signs = reader.GetString(0);
            var like = string.Concat(signs.Select((sign, i) => columns[i].HasDefault ? sign : '_'));
            if (!found.Exists(one => one.Item2 == like))
                found.Add(([.. Enumerable.Range(0, columns.Count).Where(i => like[i] != '0')], like));
        }

        return found;
    }

    // What a check set aside goes when it passes now; keys are not looked for among rows that are loaded already.
    private IReadOnlyList<string> Failing() =>
        CheckExpressions.Failing(
            db,
            mending.Rules.Checks,
            [.. columns.Select((column, i) => new CheckedColumn(column.Name, column.Type, $"v{i}"))],
            mending.Now,
            cancel
        );

    private string Key(string name) =>
        SnapshotColumns.Text(
            $"v{columns.ToList().FindIndex(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))}"
        );

    // The text of a column: the given one, or the row's own under the file's name for the column.
    private string Extracted =>
        string.Join(
            ", ",
            columns.Select(
                (column, i) =>
                {
                    if (mending.Set.TryGetValue(column.Name, out var mended))
                        return $"{Mended(column, mended)} AS c{i}, true AS has_{i}";
                    if (made.Makes(i))
                        return $"NULL::VARCHAR AS c{i}, true AS has_{i}";
                    var pointer = Sql.Literal(Pointer(From(column)));
                    return $"\"row\"::JSON ->> {pointer} AS c{i}, (\"row\"::JSON -> {pointer}) IS NOT NULL AS has_{i}";
                }
            )
        );

    // A JSON pointer names any key; DuckDB's JSON paths have no way to write some.
    internal static string Pointer(string key) =>
        $"/{key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    // A value that somebody typed, or that a path said, is written the plain way, whatever the files' dialect is.
    private CsvDialect? Dialect(Column column) =>
        mending.Set.ContainsKey(column.Name)
        || mending.Rules.Added.Contains(From(column), StringComparer.OrdinalIgnoreCase)
            ? null
            : mending.Dialect;

    private string From(Column column) =>
        mending
            .Rules.Columns.FirstOrDefault(declared =>
                declared.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)
            )
            ?.From
        ?? column.Name;

    // Nobody types a text without a letter for a number; in a file it stands for no value.
    private string Given(int i) => columns[i].Type.HasEmpty ? $"c{i}" : $"nullif(c{i}, '')";

    // What a type that nobody declared would change was set aside for that; somebody who sets the value says what he
    // means.
    private bool IsKept(int i) =>
        !mending.Set.ContainsKey(columns[i].Name)
        && !mending.Rules.Columns.Any(declared =>
            declared.Type is not null && declared.Name.Equals(columns[i].Name, StringComparison.OrdinalIgnoreCase)
        );

    // What somebody sets is masked as what a file brings; what was set aside is masked already.
    private string Mended(Column column, string? value) =>
        value is null ? "NULL::VARCHAR"
        : MaskOf(column) is { Truncates: false } mask ? MaskSql.Text(mask, $"{Sql.Literal(value)}::VARCHAR")
        : Sql.Literal(value);

    private Mask? MaskOf(Column column) => mending.Rules.Masks.FirstOrDefault(mask => mask.Hides(From(column)));

    private DeclaredColumn? Listed(int i) =>
        mending.Rules.Columns.FirstOrDefault(declared =>
            declared.Name.Equals(columns[i].Name, StringComparison.OrdinalIgnoreCase)
        );

    private string Value(int i) => made.Value(i) ?? Plain(i);

    private string Plain(int i)
    {
        var value = UnitOf(i) is { } unit
            ? UnitSql.Value(Given(i), unit, columns[i].Type)
            : DuckDbTypes.Cast(Given(i), columns[i].Type, Dialect(columns[i]));
        if (MaskOf(columns[i]) is { Truncates: true } mask)
            value = MaskSql.Truncated(mask, value, columns[i].Type);
        return Listed(i) is { Default: { } text }
            ? $"coalesce({value}, {DuckDbTypes.Cast(Sql.Literal(text), columns[i].Type, null)})"
            : value;
    }

    // A time that somebody sets is written as one.
    private TimeUnit? UnitOf(int i) => mending.Set.ContainsKey(columns[i].Name) ? null : Listed(i)?.Unit;

    private string Fits(int i)
    {
        var mayBeNull =
            (columns[i].Nullable && !keys.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase))
            || Listed(i) is { Default: not null };
        if (made.Fits(i, mayBeNull) is { } isMade)
            return isMade;
        var limit = limits?.Invoke(
            new ShapeColumn(columns[i].Name, columns[i].Type, columns[i].Nullable, false, Length: columns[i].Length),
            true,
            Value(i)
        );
        // As in files.
        var hasText = columns[i].Type.Kind == TypeKind.Text ? $" AND NOT contains(coalesce(c{i}, ''), chr(0))" : "";
        var fits =
            $"({Given(i)} IS {(mayBeNull ? "NULL OR" : "NOT NULL AND")} "
            + (
                UnitOf(i) is { } unit
                    ? UnitSql.Fits(Given(i), unit, columns[i].Type)
                    : DuckDbTypes.Fits(Given(i), columns[i].Type, Dialect(columns[i]), IsKept(i))
            )
            + $"){hasText}{(limit is null ? "" : $" AND coalesce({limit.Value.Fits}, true)")}";
        return columns[i].HasDefault ? $"(NOT has_{i} OR ({fits}))" : fits;
    }
}
