namespace Headrace.DuckDb;

/// <summary>Columns that expressions make, for rows that are read from quarantine.</summary>
internal sealed class ReleasedExpressions(
    DuckDbConnection db,
    IReadOnlyList<Column> columns,
    Mending mending,
    CancellationToken cancel
)
{
    private readonly Dictionary<int, EngineExpression> made = [];
    private readonly List<(string From, ColumnType Type)> texts = [];
    private readonly SortedSet<int> asked = [];

    /// <summary>True for a column that is made, unless somebody sets it.</summary>
    public bool Makes(int column) =>
        Listed(columns[column].Name) is { Expression: not null } && !mending.Set.ContainsKey(columns[column].Name);

    /// <summary>Reads the expressions.</summary>
    /// <exception cref="HeadraceException">HDR-222.</exception>
    public void Settle()
    {
        for (var i = 0; i < columns.Count; i++)
            if (Makes(i))
                made[i] = new ExpressionSql(
                    db,
                    $"the expression of '{columns[i].Name}'",
                    columns.Select(column => column.Name),
                    Find,
                    cancel
                ).Read(Listed(columns[i].Name)!.Expression!);
    }

    /// <summary>What rows need of their JSON beyond the columns of the table; each behind a comma.</summary>
    public string Texts =>
        string.Concat(
            texts.Select(
                (text, i) =>
                    SnapshotColumns.Text(
                        $", \"row\"::JSON ->> {Sql.Literal(QuarantineReader.Pointer(text.From))} AS d{i}"
                    )
            )
        );

    /// <summary>Rows with what is made of them.</summary>
    /// <param name="plain">The value of a column that is not made.</param>
    public string Over(string rows, Func<int, string> plain)
    {
        if (made.Count == 0)
            return rows;
        var inputs = asked
            .Select(i => SnapshotColumns.Text($"{plain(i)} AS x{i}"))
            .Concat(
                texts.Select(
                    (text, i) =>
                        $"{DuckDbTypes.Cast(SnapshotColumns.Text($"d{i}"), text.Type, mending.Dialect)} "
                        + SnapshotColumns.Text($"AS y{i}")
                )
            )
            .DefaultIfEmpty("1 AS x");
        var values = made.Select(one => SnapshotColumns.Text($"TRY({{'v': {one.Value.Sql}}}) AS e{one.Key}"));
        return $"(SELECT *, {string.Join(", ", values)} FROM (SELECT *, {string.Join(", ", inputs)} FROM {rows}))";
    }

    /// <summary>The value of a column; null for one that is not made.</summary>
    public string? Value(int column) =>
        made.TryGetValue(column, out var one)
            ? MadeSql.Value(SnapshotColumns.Text($"e{column}"), one, columns[column].Type)
            : null;

    /// <summary>The condition that a made value fits; null for one that is not made.</summary>
    public string? Fits(int column, bool mayBeNull) =>
        made.TryGetValue(column, out var one)
            ? MadeSql.Fits(SnapshotColumns.Text($"e{column}"), one, columns[column].Type, mayBeNull)
            : null;

    private (string Name, string Type)? Find(string name)
    {
        for (var i = 0; i < columns.Count; i++)
            if (!Makes(i) && (Same(columns[i].Name, name) || Same(Listed(columns[i].Name)?.From ?? "", name)))
            {
                asked.Add(i);
                return (SnapshotColumns.Text($"x{i}"), DuckDbTypes.Name(columns[i].Type));
            }

        var dropped = mending.Rules.Dropped.FirstOrDefault(one => Same(one.Name, name) || Same(one.From, name));
        if (dropped is null && Listed(name) is null)
            return null;
        var masked = dropped is not null && mending.Rules.Masks.Any(mask => mask.MakesText && mask.Hides(dropped.From));
        texts.Add((dropped?.From ?? name, masked ? ColumnType.Text : dropped?.Type ?? ColumnType.Text));
        return (SnapshotColumns.Text($"y{texts.Count - 1}"), DuckDbTypes.Name(texts[^1].Type));
    }

    private DeclaredColumn? Listed(string name) =>
        mending.Rules.Columns.FirstOrDefault(column => Same(column.Name, name));

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
