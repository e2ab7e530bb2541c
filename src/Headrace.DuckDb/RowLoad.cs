namespace Headrace.DuckDb;

/// <summary>Applies the rows of a change set that fit, by append, replace or merge; for a plan it counts, and merges in memory.</summary>
internal sealed class RowLoad(
    DuckDbConnection db, ChangeSet changes, LoadAttempt attempt, TableShape shape, string target, CancellationToken cancel)
{
    /// <summary>What was taken.</summary>
    public GoodRows Rows { get; } = new(db, changes, shape, cancel);

    public LoadResult Apply()
    {
        var result = new LoadResult { Position = changes.From };
        if (!shape.HasTable)
            return result;
        if (changes.Operation == Operation.Merge)
            return Merge(result);

        var deleted = changes.Operation == Operation.Replace ? Clear() : 0;
        Insert();
        if (deleted > 0 && Rows.Good < changes.Rules.MinRows)
            throw Error.TooFewRows(changes.Dataset.Name, changes.Files.Select(file => file.File.Key), Rows.Good, deleted, changes.Rules.MinRows);
        return result with { Inserted = Rows.Good, Deleted = deleted };
    }

    private void Insert()
    {
        if (shape.Files.Exists(file => file.File.IsBinary))
        {
            shape.Files.ForEach(Rows.Append);
            return;
        }

        foreach (var group in Rows.Groups())
        {
            // A column that the files do not bring gets the table's default.
            var brought = Enumerable.Range(0, shape.Columns.Count).Where(column => group[0].Indexes[column] >= 0).ToList();
            var names = string.Join(", ", brought.Select(column => Sql.Identifier(shape.Columns[column].Name)));
            Rows.Take(group, rows => attempt.IsPlan
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
        var isOnce = changes.Rules.HasUniqueKeys || shape.Files.Exists(file => file.File.IsBinary);
        if (changes.From.Table is null && !attempt.IsPlan && (isOnce || StagedTable.HasRowNumbers(changes, shape)))
        {
            // Nothing is there to merge with.
            Insert();
            var repeated = isOnce ? 0 : new Merge(db, changes, shape, target, cancel).DeduplicateTarget();
            return result with { Inserted = Rows.Good - repeated, Warnings = Lost(repeated) };
        }

        Rows.Stage();
        var planned = new PlannedTable(db, changes, shape, cancel);
        if (attempt.IsPlan)
            planned.Prepare(!new Positions(db, cancel).Exists(changes.Target.Schema, changes.Target.Table) ? null
                : changes.From.Computed.Count == 0 ? target : $"(SELECT * EXCLUDE ({string.Join(", ", changes.From.Computed.Select(Sql.Identifier))}) FROM {target})");
        var merge = new Merge(db, changes, shape, attempt.IsPlan ? planned.Name : target, cancel);
        var losers = merge.Deduplicate();
        var counted = merge.Run(attempt.IsPlan || changes.From.Table is not null);
        db.Execute("DROP TABLE temp.staged", cancel);
        return result with
        {
            Inserted = counted.Inserted,
            Updated = counted.Updated,
            Unchanged = counted.Unchanged,
            Warnings = Lost(losers),
        };
    }

    /// <summary>What the run's record says of rows that had the key of a later one.</summary>
    public static IReadOnlyList<string> Lost(long losers) =>
        losers == 0 ? [] : [$"{losers} {(losers == 1 ? "row" : "rows")} had the key of a later row of the batch; the later row won"];
}
