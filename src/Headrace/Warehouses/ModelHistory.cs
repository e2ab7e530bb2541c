using System.Globalization;
using Headrace.Models;

namespace Headrace.Warehouses;

/// <summary>
/// The rows of a model against the current versions of its table: what differs opens a version, and what is gone ends
/// one. Statements of the warehouse over the rows in their temporary table; what did not change is not touched.
/// </summary>
internal sealed class ModelHistory
{
    private const string Opened = "headrace_opened";

    private readonly OpenLoad load;
    private readonly ModelQuery model;
    private readonly HistoryRules history;
    private readonly IReadOnlyList<TargetColumn> columns;
    private readonly int moment = -1;
    private readonly IReadOnlyList<int> keys;
    private readonly IReadOnlyList<int> tracked;
    private readonly IReadOnlyList<int> others;
    private readonly TargetTable? table;
    private readonly DateTimeOffset now;
    private Counts counts;

    /// <param name="columns">Those of the SELECT, as the target has them or will have them.</param>
    /// <param name="table">The target; null when it is yet to be made.</param>
    /// <exception cref="HeadraceException">HDR-230, HDR-233, HDR-341, HDR-346.</exception>
    public ModelHistory(
        OpenLoad load,
        ModelQuery model,
        HistoryRules history,
        IReadOnlyList<TargetColumn> columns,
        TargetTable? table
    )
    {
        (this.load, this.model, this.history, this.columns, this.table) = (load, model, history, columns, table);
        now = load.Warehouse.Now;
        if (history.EffectiveAt is { } at)
        {
            moment = Find("scd2: { effective_at }", at);
            if (columns[moment].Type is { Kind: not (TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz) } odd)
                throw Error.EventColumnType("scd2: { effective_at }", at, odd, "timestamptz");
        }

        keys = [.. load.Changes.Rules.PrimaryKey.Select(key => Find("primary_key", key))];
        var values = Enumerable.Range(0, columns.Count).Except(keys).Where(i => i != moment).ToList();
        var ignored = history.Ignore.Select(name => Find("scd2: { ignore }", name)).ToList();
        tracked =
            history.Track.Count > 0
                ? [.. history.Track.Select(name => Find("scd2: { track }", name))]
                : [.. values.Except(ignored)];
        others = [.. values.Except(tracked)];
        var type = moment < 0 ? new ColumnType(TypeKind.TimestampTz) : columns[moment].Type!.Value;
        TargetColumn Made(string name, ColumnType of) => new(name, Dialect.TypeName(of), of, null, true, false);
        Own = [Made(history.From, type), Made(history.To, type), Made(history.Current, new(TypeKind.Boolean))];
        if (Own.FirstOrDefault(own => columns.Any(column => Same(column.Name, own.Name))) is { } taken)
            throw Error.ModelColumnRefused(
                model.Name,
                model.File,
                taken.Name,
                "is in its SELECT, and scd2 names it for the history"
            );
        var needed = Key.Concat(Own.Select(own => own.Name)).Append(model.SurrogateKey).OfType<string>();
        if (table is not null && needed.FirstOrDefault(name => table.Find(name) is null) is { } lacks)
            throw Error.ModelIsNoHistory(model.Name, table.Name, lacks);
        Own = [.. Own.Select(own => table?.Find(own.Name) ?? own)];
    }

    /// <summary>The columns that say when a version holds.</summary>
    public IReadOnlyList<TargetColumn> Own { get; }

    /// <summary>The columns by which versions are told apart.</summary>
    public IReadOnlyList<string> Key => [.. load.Changes.Rules.PrimaryKey, history.From];

    private SqlDialect Dialect => load.Warehouse.Dialect;

    private string Target => Dialect.Qualified(load.Changes.Target);

    /// <summary>
    /// Says what is to be done, and takes the rows that open a version into a temporary table; null for a plan.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-202, HDR-347.</exception>
    public async Task<ModelRows?> FindAsync(ModelRows rows, long count)
    {
        counts = await CountAsync(rows, count);
        if (counts.Missing + counts.Back > 0)
            throw Error.ModelTimeUnfit(model.Name, model.File, history.EffectiveAt ?? "", counts.Missing, counts.Back);
        var name = Shell.Word(model.Name);
        if (counts.Current > 0 && count < load.Changes.Rules.MinRows)
            throw Error.TooFewRows(
                model.Name,
                [model.File],
                count,
                counts.Current,
                load.Changes.Rules.MinRows,
                $"look at what it reads; if it is right: headrace run {name} --confirm {name}, or min_rows: {count}"
            );
        if (load.IsPlan)
            return null;
        var values = columns.Select((_, i) => $"m.{ModelRows.Value(i)}");
        var (from, joined) = (Moment("m"), "");
        if (table is not null)
        {
            // A row that comes back does so after the end of its version.
            var brought = string.Join(", ", keys.Select((i, k) => $"{Name(i)} AS k{k}"));
            var told = string.Join(", ", keys.Select(i => Dialect.Tell(Name(i), columns[i].Type)));
            var on = string.Join(
                " AND ",
                keys.Select((i, k) => Dialect.Same($"m.{ModelRows.Value(i)}", $"l.k{k}", columns[i].Type))
            );
            from = $"CASE WHEN l.until > {from} THEN l.until ELSE {from} END";
            joined = $"""
                {Joined} LEFT JOIN (SELECT {brought}, max({Name(To)}) AS until FROM {Target}
                    WHERE {Name(To)} IS NOT NULL GROUP BY {told}) AS l ON {on}
                WHERE t.{Name(From)} IS NULL OR ({Differs(tracked, "t")} AND {Moment("m")} > t.{Name(From)})
                """;
        }

        var n = columns.Count;
        await load.Db.ExecuteAsync(
            Dialect.CreateTemporary(
                Opened,
                Text(
                    $"""
                    SELECT {string.Join(", ", values)}, {from} AS {ModelRows.Value(n)},
                        CAST(NULL AS {Own[1].TypeName}) AS {ModelRows.Value(n + 1)}, true AS {ModelRows.Value(n + 2)}
                    FROM {rows.Staged} AS m {joined}
                    """
                )
            ),
            load.Cancel
        );
        return new ModelRows(Dialect, load.Changes.Target, [.. columns, .. Own], Key, Opened);
    }

    /// <summary>Ends versions, updates what opens none in place, and puts the versions in that begin.</summary>
    /// <param name="opened">Null for a plan.</param>
    public async Task<LoadResult> ApplyAsync(LoadResult result, ModelRows rows, ModelRows? opened)
    {
        if (opened is not null)
        {
            if (table is not null)
            {
                var set = tracked.Concat(others).Select(i => $"{Name(i)} = m.{ModelRows.Value(i)}");
                await ExpectAsync("updated", counts.InPlace, Update(rows, string.Join(", ", set), InPlace(Mine)));
                var ends = $"{Name(To)} = {Moment("m")}, {Name(Current)} = false";
                await ExpectAsync("ended", counts.Ended, Update(rows, ends, IsLater(Mine)));
                await ExpectAsync(
                    "erased",
                    counts.Erased,
                    $"DELETE FROM {Target} WHERE {IsGone(rows)} AND NOT {HasHeld}"
                );
                var end = $"{Name(To)} = {Now(Own[1].Type!.Value)}, {Name(Current)} = false";
                await ExpectAsync("ended", counts.Gone, $"UPDATE {Target} SET {end} WHERE {IsGone(rows)}");
            }

            await ExpectAsync("inserted", counts.Opened, opened.InsertAll());
            await HistoryCheck.AssertAsync(
                load,
                history with
                {
                    From = From,
                    To = To,
                    Current = Current,
                },
                load.Changes.Target,
                [.. keys.Select(i => columns[i].Name)],
                $"SELECT 1 FROM {Dialect.Temporary(Opened)} AS c WHERE "
                    + string.Join(
                        " AND ",
                        keys.Select(i => Dialect.Same($"c.{ModelRows.Value(i)}", $"t.{Name(i)}", columns[i].Type))
                    )
            );
        }

        return result with
        {
            Inserted = counts.Opened,
            Updated = counts.InPlace + counts.Ended + counts.Gone,
            Deleted = counts.Erased,
            Unchanged = counts.Rows - counts.Opened - counts.InPlace,
        };
    }

    private async Task<Counts> CountAsync(ModelRows rows, long count)
    {
        var missing = moment < 0 ? "0" : Sum($"m.{ModelRows.Value(moment)} IS NULL");
        if (table is null)
            return new Counts
            {
                Rows = count,
                Opened = count,
                Missing = await load.Db.NumberAsync($"SELECT {missing} FROM {rows.Staged} AS m", load.Cancel),
            };
        var differs = Differs(tracked, "t");
        var isFound = $"t.{Name(From)} IS NOT NULL";
        var isBack = $"{isFound} AND {differs} AND {Moment("m")} < t.{Name(From)}";
        var found = (
            await load.Db.RowsAsync(
                $"""
                SELECT {Sum(isFound)}, {Sum($"{isFound} AND {InPlace("t")}")},
                    {Sum($"{isFound} AND {IsLater("t")}")}, {Sum(isBack)}, {missing},
                    (SELECT count(*) FROM {Target} WHERE {Name(To)} IS NULL),
                    (SELECT count(*) FROM {Target} WHERE {IsGone(rows)} AND {HasHeld}),
                    (SELECT count(*) FROM {Target} WHERE {IsGone(rows)} AND NOT {HasHeld})
                FROM {rows.Staged} AS m {Joined}
                """,
                row => Enumerable.Range(0, 8).Select(i => row.NumberOrNull(i) ?? 0).ToList(),
                load.Cancel
            )
        )[0];
        return new Counts
        {
            Rows = count,
            InPlace = found[1],
            Ended = found[2],
            Opened = count - found[0] + found[2],
            Back = found[3],
            Missing = found[4],
            Current = found[5],
            Gone = found[6],
            Erased = found[7],
        };
    }

    // Of each row its current version.
    private string Joined =>
        $"LEFT JOIN (SELECT * FROM {Target} WHERE {Name(To)} IS NULL) AS t ON {On(i => $"t.{Name(i)}")}";

    // A version that would end before it held, or when it began, is none.
    private string HasHeld => $"{Name(From)} < {Now(Own[0].Type!.Value)}";

    private string IsGone(ModelRows rows) =>
        $"{Name(To)} IS NULL AND NOT EXISTS (SELECT 1 FROM {rows.Staged} AS m "
        + $"WHERE {On(i => $"{Mine}.{Name(i)}")})";

    private string Update(ModelRows rows, string set, string when) =>
        $"UPDATE {Target} SET {set} FROM {rows.Staged} AS m WHERE {On(i => $"{Mine}.{Name(i)}")} "
        + $"AND {Mine}.{Name(To)} IS NULL AND {when}";

    // Of one moment the last value counts.
    private string InPlace(string own) =>
        $"(({Differs(tracked, own)} AND {Moment("m")} = {own}.{Name(From)}) "
        + $"OR (NOT {Differs(tracked, own)} AND {Differs(others, own)}))";

    private string IsLater(string own) => $"{Differs(tracked, own)} AND {Moment("m")} > {own}.{Name(From)}";

    // Never NULL.
    private string Differs(IReadOnlyList<int> some, string own)
    {
        // A column that is new is NULL in all rows.
        var any = some.Select(i =>
            table!.Find(columns[i].Name) is { } has
                ? Dialect.Differ($"m.{ModelRows.Value(i)}", $"{own}.{Name(i)}", has)
                : $"m.{ModelRows.Value(i)} IS NOT NULL"
        );
        return $"coalesce({string.Join(" OR ", any.DefaultIfEmpty("1 = 0"))}, false)";
    }

    private string On(Func<int, string> own) =>
        string.Join(" AND ", keys.Select(i => Dialect.Same($"m.{ModelRows.Value(i)}", own(i), columns[i].Type)));

    private string Moment(string rows) => moment < 0 ? Now(Own[0].Type!.Value) : $"{rows}.{ModelRows.Value(moment)}";

    private string Now(ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Date => Text($"CAST('{now.UtcDateTime:yyyy-MM-dd}' AS date)"),
            TypeKind.Timestamp => Text($"CAST('{now.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}' AS timestamp)"),
            _ => Dialect.Literal(now),
        };

    // UPDATE does not name its table otherwise everywhere.
    private string Mine => Dialect.Identifier(load.Changes.Target.Table);

    private string From => Own[0].Name;

    private string To => Own[1].Name;

    private string Current => Own[2].Name;

    private string Name(int column) => Dialect.Identifier(columns[column].Name);

    private string Name(string column) => Dialect.Identifier(column);

    private static string Sum(string condition) =>
        $"CAST(coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS bigint)";

    private async Task ExpectAsync(string did, long expected, string statement)
    {
        if (expected == 0)
            return;
        if (await load.Db.ExecuteAsync(statement, load.Cancel) is var taken && taken != expected)
            throw Error.RowsNotTaken(load.Changes.Target, did, expected, taken, "of the table");
    }

    private int Find(string key, string name) =>
        columns.ToList().FindIndex(column => Same(column.Name, name)) is >= 0 and var found
            ? found
            : throw Error.EventColumnMissing(
                key,
                name,
                Configuration.Binding.Suggestion.For(name, columns.Select(column => column.Name)),
                columns.Select(column => column.Name)
            );

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Rows of the SELECT, and what becomes of them and of the versions that are current.
    private readonly record struct Counts(
        long Rows,
        long Current,
        long Opened,
        long InPlace,
        long Ended,
        long Gone,
        long Erased,
        long Missing,
        long Back
    );
}
