namespace Headrace.DuckDb;

/// <summary>Quarantined rows read again: <c>temp.released</c> holds those that fit now.</summary>
/// <param name="limits">What the warehouse asks of values; null for nothing.</param>
internal sealed class MendedRows(DuckDbConnection db, IReadOnlyList<Column> columns, Mending mending, ValueLimits? limits, CancellationToken cancel)
{
    private readonly IReadOnlyList<string> keys = mending.Rules.PrimaryKey;

    /// <summary>
    /// Reads the rows of <paramref name="waiting"/> (<c>id</c>, <c>row</c>): those that fit, with their types, under
    /// <c>headrace_id</c>, and for each column (<c>has_n</c>) whether the row brings it. Of several rows of one key the last one goes.
    /// </summary>
    public void Stage(string waiting)
    {
        var values = columns.Select((column, i) => $"{Value(i)} AS {Sql.Identifier(column.Name)}, has_{i}");
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE released AS
            SELECT id AS headrace_id, {string.Join(", ", values)}
            FROM (SELECT id, {Extracted} FROM ({waiting}))
            WHERE {string.Join(" AND ", columns.Select((_, i) => Fits(i)))}
            """, cancel);
        if (keys.Count > 0)
            db.Execute(
                $"DELETE FROM temp.released WHERE headrace_id NOT IN (SELECT max(headrace_id) FROM temp.released GROUP BY {string.Join(", ", keys.Select(Sql.Identifier))})", cancel);
    }

    // The text of a column: the given one, or the row's own under the file's name for the column.
    private string Extracted => string.Join(", ", columns.Select((column, i) =>
    {
        if (mending.Set.TryGetValue(column.Name, out var mended))
            return $"{(mended is null ? "NULL::VARCHAR" : Sql.Literal(mended))} AS c{i}, true AS has_{i}";
        var from = mending.Rules.Columns.FirstOrDefault(declared => declared.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))?.From ?? column.Name;
        var pointer = Sql.Literal(Pointer(from));
        return $"\"row\"::JSON ->> {pointer} AS c{i}, (\"row\"::JSON -> {pointer}) IS NOT NULL AS has_{i}";
    }));

    // A JSON pointer names any key; DuckDB's JSON paths have no way to write some.
    internal static string Pointer(string key) =>
        $"/{key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    // A value that somebody typed is written the plain way, whatever the files' dialect is.
    private CsvDialect? Dialect(Column column) => mending.Set.ContainsKey(column.Name) ? null : mending.Dialect;

    // Nobody types a text without a letter for a number; in a file it stands for no value.
    private string Given(int i) => columns[i].Type.HasEmpty ? $"c{i}" : $"nullif(c{i}, '')";

    // What a type that nobody declared would change was set aside for that; somebody who sets the value says what he means.
    private bool IsKept(int i) => !mending.Set.ContainsKey(columns[i].Name)
        && !mending.Rules.Columns.Any(declared => declared.Type is not null && declared.Name.Equals(columns[i].Name, StringComparison.OrdinalIgnoreCase));

    private string Value(int i) => DuckDbTypes.Cast(Given(i), columns[i].Type, Dialect(columns[i]));

    private string Fits(int i)
    {
        var mayBeNull = columns[i].Nullable && !keys.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase);
        var limit = limits?.Invoke(new ShapeColumn(columns[i].Name, columns[i].Type, columns[i].Nullable, false, Length: columns[i].Length), true, Value(i));
        var hasText = columns[i].Type.Kind == TypeKind.Text ? $" AND NOT contains(coalesce(c{i}, ''), chr(0))" : ""; // as in files
        return $"({Given(i)} IS {(mayBeNull ? "NULL OR" : "NOT NULL AND")} {DuckDbTypes.Fits(Given(i), columns[i].Type, Dialect(columns[i]), IsKept(i))}){hasText}{(limit is null ? "" : $" AND coalesce({limit.Value.Fits}, true)")}";
    }
}
