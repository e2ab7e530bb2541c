namespace Headrace.DuckDb;

/// <summary>
/// Changed rows to be shown, with their values before: from the table, else from the images that the export before
/// left.
/// </summary>
/// <param name="columns">The columns of the table as it is, without what a plan went through before; null when there is
/// none.</param>
/// <param name="target">The table, in SQL.</param>
internal sealed class ChangeSample(
    DuckDbConnection db,
    ChangeSet changes,
    IReadOnlyList<Column>? columns,
    string target,
    CancellationToken cancel
)
{
    private readonly RowChanges rows = changes.Rows!;

    /// <summary>The first few rows of each operation.</summary>
    public IReadOnlyList<RowChange> Take(int most)
    {
        var sample = new List<RowChange>();
        foreach (var (op, name) in ((string, string)[])[("I", "INSERT"), ("U", "UPDATE"), ("D", "DELETE")])
        {
            var (before, from) = Before(op);
            var values = rows.Columns.Select((_, i) => SnapshotColumns.Text($"CAST(c.c{i} AS VARCHAR), {before(i)}"));
            using var reader = db.Query(
                $"""
                SELECT {string.Join(", ", values)} FROM (SELECT *
                FROM {ChangedRows.From(rows)} WHERE op = '{op}' LIMIT {most}) AS c{from}
                """,
                cancel
            );
            while (reader.Read())
                sample.Add(Row(name, reader));
        }

        return sample;
    }

    private RowChange Row(string op, DuckDbReader reader)
    {
        var key = new OrderedDictionary<string, string?>();
        var columns = new List<ColumnChange>();
        for (var i = 0; i < rows.Columns.Count; i++)
        {
            var name = rows.Columns[i].Name;
            var (after, before) = (BadRows.Text(reader, 2 * i), BadRows.Text(reader, (2 * i) + 1));
            if (changes.Rules.PrimaryKey.Any(column => Same(column, name)))
                key[name] = after;
            else if (op == "UPDATE" ? Differ(before, after, rows.Columns[i].Type) : op == "INSERT" && after is not null)
                columns.Add(new ColumnChange(name, op == "UPDATE" ? before : null, after));
        }

        return new RowChange(op, key, columns);
    }

    private (Func<int, string> Value, string From) Before(string op)
    {
        if (op == "I")
            return (_ => "NULL::VARCHAR", "");
        if (columns is not { } table)
            return !rows.HasBefore
                ? (_ => "NULL::VARCHAR", "")
                : (i => SnapshotColumns.Text($"CAST(c.b{i} AS VARCHAR)"), "");
        return (
            i =>
                table.Any(column => Same(column.Name, rows.Columns[i].Name))
                    ? $"CAST(t.{Sql.Identifier(rows.Columns[i].Name)} AS VARCHAR)"
                    : "NULL::VARCHAR",
            $" LEFT JOIN {target} AS t ON "
                + string.Join(
                    " AND ",
                    changes.Rules.PrimaryKey.Select(key =>
                    {
                        var place = rows.Columns.ToList().FindIndex(column => Same(column.Name, key));
                        return SnapshotColumns.Text($"c.c{place} = t.{Sql.Identifier(key)}");
                    })
                )
        );
    }

    private static bool Differ(string? before, string? after, ColumnType type) =>
        before != after
        && (type.Kind != TypeKind.Json || before is null || after is null || !JsonMeaning.IsSame(before, after));

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
