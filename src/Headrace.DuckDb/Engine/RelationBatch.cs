using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// A batch whose rows stay in the DuckDB that is the warehouse too: they are taken straight into the target.
/// </summary>
internal sealed class RelationBatch(
    DuckDbConnection db,
    ChangeSet changes,
    TimeProvider clock,
    CancellationToken cancel
) : PreparedBatch
{
    private BadRows? bad;
    private IReadOnlyList<UnplacedRows> unplaced = [];

    /// <summary>The rows that fit.</summary>
    public GoodRows Rows { get; private set; } = null!;

    /// <summary>Settles the columns; false when none of the files can be loaded.</summary>
    public bool Prepare()
    {
        if (changes.Operation == Operation.Changes)
        {
            AddChanges(changes);
            Checks = new BatchChecks(db, changes, () => CheckedRows.OfChanges(changes), clock, cancel).Run();
        }

        if (changes.Operation == Operation.Changes || !changes.HasFiles)
            return true;
        Shape = new TableShape(changes, new ParquetFiles(db, cancel).Columns);
        if (changes.Operation == Operation.Replace ? Shape.Refused.Count > 0 : Shape.Files.Count == 0)
            return false;

        // Typing reads all rows of a first load, so it happens before the transaction.
        new TypeInference(db, cancel).Settle(Shape, changes.Format.Csv);
        new FlowExpressions(db, Shape, changes, cancel).Settle();
        if (
            changes.Files.Any(file => file.IsBinary)
            && (changes.From.Table is not null || !Shape.Files.TrueForAll(file => file.IsBinaryFit(Shape)))
        )
            throw Error.Warehouse(
                changes.Target.ToString(),
                "the table was changed while the rows were staged",
                null,
                transient: true
            );
        var find = () => CheckedRows.OfFiles(db, changes, Shape, cancel);
        var checks = new BatchChecks(db, changes, find, clock, cancel);
        (Checks, Fitting, Shape.Conditions) = (checks.Run(), checks.Rows, checks.Conditions);
        Rows = new GoodRows(db, changes, Shape, cancel);
        return true;
    }

    /// <summary>Counts what was taken, and what was not.</summary>
    /// <param name="losers">Rows that had the key of a later one.</param>
    public void Count(long losers = 0)
    {
        bad = new BadRows(db, changes, Shape!, cancel);
        (Good, Losers, Quarantined, Filtered) = (Rows.Good, losers, bad.Count(Rows.Missing), Rows.Filtered);
        if (Quarantined > 0)
            Sample = bad.Sample(Shown);
        foreach (var file in Shape!.Files)
            Add(changes, file.File, Rows.Records(file.File), bad.Of(file.File), Rows.FilteredOf(file.File));
    }

    /// <summary>Sets changes aside whose place cannot be told; false when there are none.</summary>
    public bool SetAside(EventRows events, string forgotten)
    {
        unplaced = Shape is { HasTable: true } shape ? events.SetAside(shape, forgotten) : [];
        TakeAway(unplaced.Select(one => (one.File, one.Rows)));
        Sample =
        [
            .. Sample,
            .. BadRows.Sample(db, unplaced.Select(one => (one.File, one.Query)), Shown - Sample.Count, cancel),
        ];
        return unplaced.Count > 0;
    }

    /// <summary>The bad rows of each file, as queries.</summary>
    public IEnumerable<(StagedFile File, string Rows)> Held =>
        changes.Operation == Operation.Changes
            ? changes.Rows!.BadRows.Select(one => (one.File, $"FROM read_parquet({Sql.Literal(one.Path)})"))
            : bad!.Queries().Concat(unplaced.Select(one => (one.File, one.Query)));
}
