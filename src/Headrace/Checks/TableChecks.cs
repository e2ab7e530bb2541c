using Headrace.Warehouses;

namespace Headrace.Checks;

/// <summary>
/// The checks of a table, asked of the target in the load's transaction once the rows are applied: all in one
/// statement, and one more for each check of keys.
/// </summary>
internal sealed class TableChecks(
    SqlWarehouse warehouse,
    SqlSession db,
    ChangeSet changes,
    TargetTable table,
    CancellationToken cancel
)
{
    private const int Shown = 3;
    private const int ShownColumns = 3;
    private const int ShownText = 200;

    private readonly SqlDialect dialect = warehouse.Dialect;
    private readonly IReadOnlyList<Check> checks =
    [
        .. changes.Rules.Checks.Where(check => check.Scope == CheckScope.Table),
    ];

    private string From => dialect.Qualified(table.Name);

    /// <summary>Asks them; says what they found.</summary>
    /// <exception cref="HeadraceException">HDR-216 to 219 for one that cannot be asked.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync()
    {
        if (checks.Count == 0)
            return [];
        var columns = table
            .Found.Select(column => new CheckedColumn(column.Name, column.Type, dialect.Identifier(column.Name)))
            .ToList();
        var sql = new CheckSql(dialect, columns, warehouse.Clock.GetUtcNow(), warehouse.Written(db, columns, cancel));
        foreach (var (check, name) in checks.SelectMany(check => check.Columns.Select(name => (check, name))))
            sql.The(check, name);
        var asked = checks
            .Select(check => (Check: check, Where: sql.Where(check), Counted: check.Counted(sql)))
            .ToList();
        var counts = await CountAsync(
            checks,
            "SELECT "
                + string.Join(
                    ", ",
                    asked.SelectMany(one =>
                        one.Counted.Select(condition => CheckSql.Among(one.Where, condition))
                            .Prepend(one.Where)
                            .Select(condition => $"count(CASE WHEN {condition} THEN 1 END)")
                    )
                )
                + $" FROM {From}",
            asked.Sum(one => 1 + one.Counted.Count)
        );
        var (results, place) = (new List<CheckResult>(), 0);
        foreach (var (check, where, counted) in asked)
        {
            var its = counts.GetRange(place + 1, counted.Count);
            (string Count, string Rows)? failing = check switch
            {
                UniqueCheck unique => Twice(unique, sql, where),
                RelationshipsCheck to => Lost(to, sql, where),
                _ => null,
            };
            if (failing is not null)
                its = await CountAsync([check], failing.Value.Count, 1);
            var result = check.Judge(counts[place], its);
            place += 1 + counted.Count;
            if (!result.IsPassed && check.IsOfRows)
                result = result with
                {
                    Sample = await SampleAsync(
                        check,
                        failing?.Rows ?? $"{From} WHERE {CheckSql.Among(where, counted[0])}",
                        failing is null
                            ? ColumnsOf(check, columns)
                            : [.. check.Columns.Select((name, i) => sql.The(check, name) with { Sql = $"v{i}" })]
                    ),
                };
            results.Add(result);
        }

        return results;
    }

    // What is not alone, under names of our own, and how many of its rows are too many.
    private (string Count, string Rows) Twice(UniqueCheck check, CheckSql sql, string where)
    {
        var keys = check.Columns.Select(name => sql.The(check, name).Sql).ToList();
        var rows =
            $"(SELECT {string.Join(", ", keys.Select((key, i) => $"{key} AS v{i}"))}, count(*) AS times FROM {From} "
            + $"WHERE {where} AND {string.Join(" AND ", keys.Select(key => $"{key} IS NOT NULL"))} "
            + $"GROUP BY {string.Join(", ", keys.Select((_, i) => i + 1))} HAVING count(*) > 1) AS twice";
        return ($"SELECT CAST(coalesce(sum(times - 1), 0) AS bigint) FROM {rows}", rows);
    }

    private (string Count, string Rows) Lost(RelationshipsCheck check, CheckSql sql, string where)
    {
        var column = sql.The(check, check.Column).Sql;
        var rows =
            $"(SELECT {column} AS v0 FROM {From} WHERE {where} AND {column} IS NOT NULL) AS lost WHERE NOT EXISTS "
            + $"(SELECT 1 FROM {dialect.Qualified(check.Table)} AS there "
            + $"WHERE there.{dialect.Identifier(check.Key)} = lost.v0)";
        return ($"SELECT count(*) FROM {rows}", rows);
    }

    // What tells a row from others, and what was asked of it.
    private IReadOnlyList<CheckedColumn> ColumnsOf(Check check, IReadOnlyList<CheckedColumn> columns)
    {
        var names = changes.Rules.PrimaryKey.Concat(check.Columns).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return names.Count > 0
            ? [.. columns.Where(column => names.Contains(column.Name))]
            : [.. columns.Take(ShownColumns)];
    }

    private async Task<IReadOnlyList<string>> SampleAsync(
        Check check,
        string from,
        IReadOnlyList<CheckedColumn> columns
    )
    {
        columns = [.. columns.Where(column => column.Type?.Kind is not (null or TypeKind.Bytes or TypeKind.Json))];
        if (columns.Count == 0)
            return [];
        var texts = columns.Select(column =>
            column.Type?.Kind == TypeKind.Boolean
                ? $"CASE WHEN {column.Sql} THEN 'true' WHEN NOT {column.Sql} THEN 'false' END"
                : $"CAST({column.Sql} AS varchar({ShownText}))"
        );
        return await AskAsync(
            [check],
            $"SELECT {string.Join(", ", texts)} FROM {from} LIMIT {Shown}",
            row =>
                string.Join(
                    ", ",
                    columns.Select(
                        (column, i) => $"{column.Name} = {(row.IsNull(i) ? "NULL" : $"'{Cut(row.Text(i))}'")}"
                    )
                )
        );
    }

    private static string Cut(string text) => text.Length <= ShownText ? text : text[..ShownText];

    private async Task<List<long>> CountAsync(IReadOnlyList<Check> of, string sql, int numbers) =>
        (await AskAsync(of, sql, row => Enumerable.Range(0, numbers).Select(row.Number).ToList()))[0];

    private async Task<List<T>> AskAsync<T>(IReadOnlyList<Check> of, string sql, Func<SqlRow, T> read)
    {
        try
        {
            return await warehouse.NameAsync(() => db.RowsAsync(sql, read, cancel));
        }
        catch (HeadraceException error) when (!error.IsTransient)
        {
            var found = error.Facts.FirstOrDefault(fact => fact.Name == "found")?.Value ?? error.What;
            throw Error.CheckUnanswered(of, changes.Target.ToString(), found, error);
        }
    }
}
