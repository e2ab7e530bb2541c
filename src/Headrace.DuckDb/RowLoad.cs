namespace Headrace.DuckDb;

/// <summary>Applies the rows of a change set that fit, by append, replace or merge; for a plan it counts, and merges in memory.</summary>
internal sealed class RowLoad(
    DuckDbConnection db, ChangeSet changes, LoadAttempt attempt, TableShape shape, string target, CancellationToken cancel)
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);

    /// <summary>Rows that fit their types.</summary>
    public long Good { get; private set; }

    /// <summary>Files of which fewer rows fit than there are, with how many are missing.</summary>
    public Dictionary<ShapedFile, long> Missing { get; } = [];

    /// <summary>The records of a file, those that are no rows left out.</summary>
    public long Records(StagedFile file) => file.Records >= 0 ? file.Records : counts[file.Segments[0]];

    public LoadResult Apply()
    {
        var result = new LoadResult { Position = changes.From };
        if (!shape.HasTable)
            return result;
        if (changes.Operation == Operation.Merge)
            return Merge(result);

        var deleted = changes.Operation == Operation.Replace ? Clear() : 0;
        Insert();
        if (deleted > 0 && Good < changes.Rules.MinRows)
            throw Error.TooFewRows(changes.Dataset.Name, changes.Files.Select(file => file.File.Key), Good, deleted, changes.Rules.MinRows);
        return result with { Inserted = Good, Deleted = deleted };
    }

    private void Insert()
    {
        foreach (var group in Groups())
        {
            // A column that the files do not bring gets the table's default.
            var brought = Enumerable.Range(0, shape.Columns.Count).Where(column => group[0].Indexes[column] >= 0).ToList();
            var names = string.Join(", ", brought.Select(column => Sql.Identifier(shape.Columns[column].Name)));
            Take(group, rows => attempt.IsPlan
                ? db.Scalar<long>($"SELECT count(*) FROM {rows.Source} WHERE {rows.Good}", cancel)
                : db.Execute($"INSERT INTO {target} ({names}) SELECT {string.Join(", ", brought.Select(rows.Value))} FROM {rows.Source} WHERE {rows.Good}", cancel));
        }
    }

    /// <summary>Rows of the table before this batch.</summary>
    public long Before() => changes.From.PlannedRows
        ?? (changes.From.Table is null ? 0 : db.Scalar<long>($"SELECT count(*) FROM {target}", cancel));

    private long Clear()
    {
        var rows = Before();
        if (!attempt.IsPlan && rows > 0)
            db.Execute($"DELETE FROM {target}", cancel);
        return rows;
    }

    private LoadResult Merge(LoadResult result)
    {
        if (changes.From.Table is null && !attempt.IsPlan)
        {
            // Nothing is there to merge with.
            Insert();
            var repeated = new Merge(db, changes, shape, target, cancel).Deduplicate(target);
            return result with { Inserted = Good - repeated, Warnings = Lost(repeated) };
        }

        var types = shape.Columns.Select(column => $"{Sql.Identifier(column.Name)} {DuckDbTypes.Name(column.Type!.Value)}");
        db.Execute($"CREATE OR REPLACE TEMP TABLE staged ({string.Join(", ", types)})", cancel);
        foreach (var group in Groups())
            Take(group, rows => db.Execute($"INSERT INTO temp.staged SELECT {string.Join(", ", Enumerable.Range(0, shape.Columns.Count).Select(rows.Value))} FROM {rows.Source} WHERE {rows.Good}", cancel));

        var planned = new PlannedTable(db, changes, shape, target, cancel);
        if (attempt.IsPlan)
            planned.Prepare();
        var merge = new Merge(db, changes, shape, attempt.IsPlan ? planned.Name : target, cancel);
        var losers = merge.Deduplicate("temp.staged");
        var counted = merge.Compare(attempt.IsPlan || changes.From.Table is not null);
        merge.Apply();
        db.Execute("DROP TABLE temp.staged", cancel);
        return result with
        {
            Inserted = counted.Inserted,
            Updated = counted.Updated,
            Unchanged = counted.Unchanged,
            Warnings = Lost(losers),
        };
    }

    private static IReadOnlyList<string> Lost(long losers) =>
        losers == 0 ? [] : [$"{losers} {(losers == 1 ? "row" : "rows")} had the key of a later row of the batch; the later row won"];

    private void Take(List<ShapedFile> group, Func<StagedRows, long> take)
    {
        var rows = new StagedRows(group, shape, changes);
        if (!rows.HasRows)
            return;
        foreach (var file in group.Where(file => file.File.IsParquet))
            counts[file.File.Segments[0]] = db.Scalar<long>($"SELECT count(*) FROM read_parquet({Sql.Literal(file.File.Segments[0])})", cancel);
        var taken = take(rows);
        Good += taken;
        var expected = group.Sum(file => Records(file.File));
        if (taken > expected)
            throw Error.Bug($"{expected} rows were staged and {taken} were read.");
        if (taken == expected)
            return;
        foreach (var file in group)
        {
            var good = group.Count == 1 ? taken : CountGood(file);
            if (good < Records(file.File))
                Missing[file] = Records(file.File) - good;
        }
    }

    private long CountGood(ShapedFile file)
    {
        var rows = new StagedRows([file], shape, changes);
        return rows.HasRows ? db.Scalar<long>($"SELECT count(*) FROM {rows.Source} WHERE {rows.Good}", cancel) : 0;
    }

    // Files with the same columns in the same order are read by one statement.
    private IEnumerable<List<ShapedFile>> Groups()
    {
        var group = new List<ShapedFile>();
        foreach (var file in shape.Files)
        {
            if (group.Count > 0 && !(Same(group[0], file) && group.Count < 500))
            {
                yield return group;
                group = [];
            }

            group.Add(file);
        }

        if (group.Count > 0)
            yield return group;
    }

    private static bool Same(ShapedFile a, ShapedFile b) =>
        !a.File.IsParquet && !b.File.IsParquet && a.Columns.Count == b.Columns.Count && a.Indexes.SequenceEqual(b.Indexes);
}
