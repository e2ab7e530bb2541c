using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// The checks of a batch, asked of its rows before any of them is applied: all in one pass, and one more for each check
/// of keys.
/// </summary>
internal sealed class BatchChecks(
    DuckDbConnection db,
    ChangeSet changes,
    Func<CheckedRows> find,
    TimeProvider clock,
    CancellationToken cancel
)
{
    private const int Shown = 3;
    private const int LongestSample = 2000;

    private CheckedRows? found;

    private readonly IReadOnlyList<Check> checks =
    [
        .. changes.Rules.Checks.Where(check => check.Scope == CheckScope.Batch),
    ];

    /// <summary>How many rows there are; null where no check was asked.</summary>
    public long? Rows { get; private set; }

    /// <summary>What sets rows aside.</summary>
    public IReadOnlyList<RowCondition> Conditions { get; private set; } = [];

    private CheckedRows Found => found ??= find();

    /// <summary>Asks them; says what they found.</summary>
    /// <exception cref="HeadraceException">HDR-210 when one stops the load; HDR-216 to 218 for one that cannot be
    /// asked.</exception>
    public IReadOnlyList<CheckResult> Run()
    {
        if (checks.Count == 0)
            return [];
        var asked = Found.Columns.Count == 0 ? [] : Ask();
        var (rows, counts) = Count(asked);
        Rows = rows;
        var (results, conditions) = (new List<CheckResult>(), new List<RowCondition>());
        foreach (var (i, check) in checks.Index())
        {
            if (asked.Count == 0) // a file without a column has no rows
            {
                results.Add(check.Judge(0, [0, 0]));
                continue;
            }

            var (one, its) = (asked[i], counts[i]);
            var repeated =
                check is UniqueCheck
                    ? new RepeatedKeys(db, Found, i, one.Uses[..check.Columns.Count], one.Uses, cancel)
                    : null;
            if (repeated is not null)
                its = [its[0], repeated.Count(one.Where)];
            var result = check.Judge(its[0], its[1..]);
            if (!result.IsPassed && check.IsOfRows)
                result = result with { Sample = [.. repeated?.Sample(Shown) ?? Sample(one)] };
            results.Add(result);
            if (result.Outcome == "quarantined")
                conditions.AddRange(Setting(one, repeated));
            repeated?.Drop();
        }

        if (results.Exists(result => result.IsStopped))
            throw Error.CheckStopped(changes.Dataset.Name, results);
        Conditions = conditions;
        return results;
    }

    private List<Asked> Ask()
    {
        var columns = Found.Columns;
        var expressions = new CheckExpressions(db, columns, column => column.Sql, cancel);
        var used = new List<int>();
        var sql = new CheckSql(
            DuckDbDialect.Instance,
            columns,
            clock.GetUtcNow(),
            (check, text) =>
            {
                var read = expressions.Read(check, text);
                used.AddRange(expressions.Used.Select(Found.IndexOf));
                return read;
            }
        );
        return
        [
            .. checks.Select(check =>
            {
                used.Clear();
                used.AddRange(check.Columns.Select(name => Found.IndexOf(sql.The(check, name).Name)));
                var (where, counted) = ($"asked AND {sql.Where(check)}", check.Counted(sql));
                return new Asked(check, where, counted, (check as RowCheck)?.Parts(sql) ?? [], [.. used.Distinct()]);
            }),
        ];
    }

    // For each check the rows checked, and what its conditions count.
    private (long Rows, List<List<long>> Counts) Count(IReadOnlyList<Asked> asked)
    {
        var counts = asked.Select(one => Enumerable.Repeat(0L, 1 + one.Counted.Count).ToList()).ToList();
        var all = 0L;
        foreach (var group in Found.Groups)
            try
            {
                all += Count(group, asked, counts);
            }
            catch (DuckDbException error)
            {
                throw Blamed(group, asked, error);
            }

        return (all, counts);
    }

    private long Count(CheckedPart group, IReadOnlyList<Asked> asked, List<List<long>> counts)
    {
        var sums = asked.SelectMany(one => one.Sums);
        using var reader = db.Query(
            $"SELECT {string.Join(", ", sums.Prepend("count(*)"))} "
                + $"FROM {group.From(asked.SelectMany(one => one.Uses))}",
            cancel
        );
        reader.Read();
        var place = 1;
        foreach (var its in counts)
            for (var i = 0; i < its.Count; i++)
                its[i] += reader.GetInt64(place++);
        return reader.GetInt64(0);
    }

    // An expression may fail on a value; what fails without any is no fault of a check.
    private Exception Blamed(CheckedPart group, IReadOnlyList<Asked> asked, DuckDbException error)
    {
        if (
            error.Kind is DuckDbErrorKind.OutOfMemory or DuckDbErrorKind.IO or DuckDbErrorKind.Interrupt
            || Fails(group, []) is not null
        )
            return error;
        foreach (var one in asked)
            if (Fails(group, [one]) is { } its)
                return Error.CheckSqlRefused(
                    one.Check,
                    (one.Check as ExpressionCheck)?.Expression ?? one.Check.Where ?? one.Check.Fault,
                    CheckExpressions.FirstLine(its),
                    its
                );
        return error;
    }

    private DuckDbException? Fails(CheckedPart group, IReadOnlyList<Asked> asked)
    {
        try
        {
            Count(group, asked, [.. asked.Select(one => Enumerable.Repeat(0L, 1 + one.Counted.Count).ToList())]);
            return null;
        }
        catch (DuckDbException error)
        {
            return error;
        }
    }

    private List<string> Sample(Asked one)
    {
        var sample = new List<string>();
        foreach (var rows in Found.Files)
        {
            // Where nobody knows the line, the key says which row it is.
            var shown = rows.File is null ? changes.Rules.PrimaryKey.Select(Found.IndexOf).Concat(one.Uses) : one.Uses;
            var texts = shown
                .Distinct()
                .Select(i =>
                    Sql.Literal($"{Found.Columns[i].Name} = ")
                    + $" || coalesce('''' || left({rows.Shown(i)}, 200) || '''', 'NULL')"
                );
            using var reader = db.Query(
                $"SELECT line, concat_ws(', ', {string.Join(", ", texts.DefaultIfEmpty("''"))}) "
                    + $"FROM {rows.From(one.Uses)} WHERE {CheckSql.Among(one.Where, one.Counted[0])} "
                    + $"LIMIT {Shown - sample.Count}",
                cancel
            );
            while (reader.Read())
                sample.Add(Cut(rows.Place(reader.GetInt64(0)) + reader.GetString(1)));
            if (sample.Count == Shown)
                break;
        }

        return sample;
    }

    private static string Cut(string row) => row.Length <= LongestSample ? row : row[..LongestSample];

    private IEnumerable<RowCondition> Setting(Asked one, RepeatedKeys? repeated)
    {
        var reason = $"check '{one.Check.Name}': {one.Check.Fault}";
        if (repeated is null)
            return one.Parts.Select(part => new RowCondition(
                part.Column is null ? -1 : Found.IndexOf(part.Column),
                reason,
                one.Uses,
                _ => CheckSql.Among(one.Where, part.Fails)
            ));
        repeated.Keep();
        return [new RowCondition(one.Uses[0], reason, [], repeated.IsIt) { IsOfFile = true }];
    }

    private sealed record Asked(
        Check Check,
        string Where,
        IReadOnlyList<string> Counted,
        IReadOnlyList<(string? Column, string Fails)> Parts,
        List<int> Uses
    )
    {
        public IEnumerable<string> Sums =>
            Counted
                .Select(condition => $"count(CASE WHEN {CheckSql.Among(Where, condition)} THEN 1 END)")
                .Prepend($"count(CASE WHEN {Where} THEN 1 END)");
    }
}
