namespace Headrace.Warehouses;

/// <summary>Appends the batch's rows, replaces all rows with them, or merges them by key.</summary>
internal sealed class RowsStrategy(OpenLoad load) : WriteStrategy(load)
{
    public override async Task<LoadResult> ApplyAsync(TargetTable? table)
    {
        var (batch, shape) = (Writer.Batch, Writer.Batch.Shape!);
        var ddl = await DdlAsync(table, shape);
        if (!IsPlan && shape.HasTable)
        {
            await Writer.BringAsync(table);
            table = await ChangeTableAsync(table, ddl);
        }

        Failpoint.Hit("table_ready");
        var isReplaced = Changes.Operation == Operation.Replace;
        var before =
            Changes.From.PlannedRows
            ?? (
                table is not null && (IsPlan || isReplaced)
                    ? await Db.NumberAsync(Dialect.Count(table.Name), Cancel)
                    : 0
            );
        var result = new LoadResult { Position = Changes.From };
        if (Changes.Operation == Operation.Merge && !batch.IsFirst && shape.HasTable)
        {
            var counts = IsPlan ? await Writer.PlanMergeAsync(table) : await Writer.MergeAsync(table!);
            result = result with
            {
                Inserted = counts.Inserted,
                Updated = counts.Updated,
                Unchanged = counts.Unchanged,
                Warnings = Lost(batch.Losers),
            };
        }
        else
        {
            // Readers see the rows before or the new ones, and never an empty table.
            var deleted = isReplaced && shape.HasTable ? before : 0;
            if (deleted > 0 && !IsPlan)
                await Writer.DeleteAllAsync(table!, deleted);
            await Writer.FillAsync(table);
            if (deleted > 0 && batch.Good < Changes.Rules.MinRows)
                throw Error.TooFewRows(
                    Changes.Dataset.Name,
                    Changes.Files.Select(file => file.File.Key),
                    batch.Good,
                    deleted,
                    Changes.Rules.MinRows
                );
            result = result with { Inserted = batch.Good, Deleted = deleted };
        }

        result = result with { Filtered = batch.Filtered };
        ddl = await KeepKeyAsync(
            shape.IsNew,
            Changes.Operation == Operation.Merge,
            shape.Columns.Select(column => column.Name),
            ddl
        );
        Failpoint.Hit("rows_applied");
        result = await HoldAsync(result);
        Failpoint.Hit("quarantine_written");
        var columns = shape
            .Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable))
            .ToList();
        return result with
        {
            Ddl = [.. ddl.Select(Dialect.Shown)],
            Refused = shape.Refused,
            Warnings = [.. shape.Warnings, .. result.Warnings],
            Position = Changes.From.After(
                Changes,
                [.. shape.Files.Select(file => file.File)],
                shape.HasTable ? columns : null
            ) with
            {
                PlannedRows =
                    !IsPlan ? null
                    : isReplaced ? batch.Good
                    : before + batch.Good,
            },
        };
    }

    private async Task<LoadResult> HoldAsync(LoadResult result)
    {
        var batch = Writer.Batch;
        if (batch.Quarantined > 0)
        {
            batch.AssertAllowed(Changes, result.Deleted);
            if (!IsPlan && !Failpoint.Planted("bad-rows-dropped"))
                await Writer.HoldAsync();
            result = result with { Quarantined = batch.Quarantined, Sample = batch.Sample };
        }

        return IsPlan || (batch.Quarantined == 0 && Changes.Operation != Operation.Replace)
            ? result
            : result with
            {
                Quarantined = result.Quarantined - await Store.LeaveRepeatedAsync(Changes),
            };
    }

    private async Task<IReadOnlyList<string>> DdlAsync(TargetTable? table, TableShape shape)
    {
        if (!shape.HasTable)
            return [];
        var columns = shape
            .Columns.Select(column =>
                (column.IsNew, Column: new Column(column.Name, column.Type!.Value, column.Nullable))
            )
            .ToList();
        return shape.IsNew
            ? await Ddl(null).CreateAsync([.. columns.Select(column => column.Column)])
            : Ddl(table).Add(columns.Where(column => column.IsNew).Select(column => column.Column));
    }

    // What the run's record says of rows that had the key of a later one.
    private static IReadOnlyList<string> Lost(long losers) =>
        losers == 0
            ? []
            : [$"{losers} {(losers == 1 ? "row" : "rows")} had the key of a later row of the batch; the later row won"];
}
