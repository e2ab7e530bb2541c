namespace Headrace.DuckDb;

/// <summary>The rows of a change set that fit their types, taken group by group and counted.</summary>
internal sealed class GoodRows(DuckDbConnection db, ChangeSet changes, TableShape shape, CancellationToken cancel)
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly Dictionary<StagedFile, long> filtered = [];

    /// <summary>Rows that fit their types.</summary>
    public long Good { get; private set; }

    /// <summary>Rows that the flow does not want.</summary>
    public long Filtered => filtered.Values.Sum();

    /// <summary>Files of which fewer rows fit than there are, with how many are missing.</summary>
    public Dictionary<ShapedFile, long> Missing { get; } = [];

    /// <summary>The records of a file, those that are no rows left out.</summary>
    public long Records(StagedFile file) => file.Records >= 0 ? file.Records : counts[file.Segments[0]];

    /// <summary>Rows of one file that the flow does not want.</summary>
    public long FilteredOf(StagedFile file) => filtered.GetValueOrDefault(file);

    /// <summary>Fills <see cref="StagedTable"/> with the good rows in the order in which later ones win.</summary>
    public void Stage()
    {
        AssertNotEmptied();
        var types = shape.Columns.Select(
            (column, i) => $"{StagedTable.Column(i)} {DuckDbTypes.Name(column.Type!.Value)}"
        );
        var isEvents = changes.Operation == Operation.Events;
        string[] facts = isEvents ? ["op VARCHAR", "pos VARCHAR"] : [];
        var kept = changes.Rules.Events?.Envelope?.NoValue is null
            ? []
            : Enumerable.Range(0, shape.Columns.Count).ToList();
        facts = [.. facts, .. kept.Select(column => SnapshotColumns.Text($"keeps{column} BOOLEAN"))];
        db.Execute($"CREATE OR REPLACE TEMP TABLE staged ({string.Join(", ", [.. types, .. facts])})", cancel);
        foreach (var group in Groups())
            Take(
                group,
                rows =>
                    db.Execute(
                        "INSERT INTO temp.staged SELECT "
                            + string.Join(", ", Enumerable.Range(0, shape.Columns.Count).Select(rows.Value))
                            + (isEvents ? $", {rows.Event.Operation}, {rows.Event.Order}" : "")
                            + string.Concat(kept.Select(column => $", {rows.IsKeptValue(column)}"))
                            + $" FROM {rows.Source} WHERE {rows.Good}",
                        cancel
                    )
            );
    }

    /// <summary>Has the good rows of a group taken, and counts them and those that are missing.</summary>
    public void Take(List<ShapedFile> group, Func<StagedRows, long> take)
    {
        var rows = new StagedRows(group, shape, changes);
        if (!rows.HasRows)
            return;
        foreach (var file in group.Where(file => file.File.IsParquet))
            counts[file.File.Segments[0]] = db.Scalar<long>(
                $"SELECT count(*) FROM read_parquet({Sql.Literal(file.File.Segments[0])})",
                cancel
            );
        var taken = take(rows);
        Good += taken;
        var expected = group.Sum(file => Records(file.File));
        if (taken > expected)
            throw Error.RowsDiffer(changes.Target.ToString(), expected, taken);
        if (taken == expected)
            return;
        foreach (var file in group)
        {
            var good = group.Count == 1 ? taken : CountGood(file);
            var unwanted =
                good < Records(file.File) ? new StagedRows([file], shape, changes).CountUnwanted(db, cancel) : 0;
            if (unwanted > 0)
                filtered[file.File] = unwanted;
            if (good + unwanted < Records(file.File))
                Missing[file] = Records(file.File) - good - unwanted;
        }
    }

    /// <summary>
    /// Appends rows that are as PostgreSQL writes them into the target, whose columns have the same types.
    /// </summary>
    /// <exception cref="UnfitValueException"/>
    public void Append(ShapedFile file)
    {
        var columns = shape
            .Columns.Select((column, i) => new BinaryColumn(column.Name, column.Type!.Value, file.Indexes[i]))
            .ToList();
        using var rows = file.File.Stream!.Open();
        // Of rows of one key the last wins, where the source does not see to it that there is one.
        var isOrdered = changes.Operation == Operation.Merge && !changes.Rules.HasUniqueKeys;
        var taken = BinaryTable.Insert(
            db,
            HeadraceTables.Target(changes.Target),
            columns,
            file.Columns.Count,
            isOrdered,
            rows,
            cancel
        );
        var expected = file.File.Stream.Whole.GetAwaiter().GetResult(); // their last byte was read
        if (taken != expected)
            throw Error.RowsDiffer(changes.Target.ToString(), expected, taken);
        counts[file.File.Segments[0]] = taken;
        Good += taken;
    }

    /// <summary>Sees to it that no file says that its table was emptied.</summary>
    /// <exception cref="HeadraceException">HDR-235.</exception>
    public void AssertNotEmptied()
    {
        foreach (var group in changes.Rules.Events is { Truncations.Count: > 0 } ? Groups() : [])
        {
            var rows = new StagedRows(group, shape, changes);
            if (!rows.HasRows || rows.Emptied is not { } emptied)
                continue;
            if (
                db.Scalar<long>($"SELECT coalesce(min(line), 0) FROM {rows.Source} WHERE {emptied}", cancel)
                is > 0
                    and var line
            )
                throw Error.SourceEmptied(group[0].File.File.Key, line, changes.Dataset.Flow, changes.Dataset.Name);
        }
    }

    private long CountGood(ShapedFile file)
    {
        var rows = new StagedRows([file], shape, changes);
        return rows.HasRows ? db.Scalar<long>($"SELECT count(*) FROM {rows.Source} WHERE {rows.Good}", cancel) : 0;
    }

    /// <summary>Files with the same columns in the same order, which one statement reads.</summary>
    public IEnumerable<List<ShapedFile>> Groups()
    {
        var group = new List<ShapedFile>();
        var isOfFile = shape.Conditions.Any(condition => condition.IsOfFile);
        foreach (var file in shape.Files)
        {
            if (group.Count > 0 && !(Same(group[0], file) && group.Count < 500 && !isOfFile))
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
        !a.File.IsParquet
        && !b.File.IsParquet
        && a.Columns.Count == b.Columns.Count
        && a.Indexes.SequenceEqual(b.Indexes)
        && a.File.Place == b.File.Place
        && a.File.Added.SequenceEqual(b.File.Added);
}
