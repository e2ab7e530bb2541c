using Headrace.Models;

namespace Headrace.Warehouses;

/// <summary>
/// Makes the rows of a model in the warehouse, with its statements before them, and replaces, merges or appends with
/// them. The rows lie in a temporary table first: its SELECT may read the target itself.
/// </summary>
internal sealed class ModelStrategy(OpenLoad load, ModelQuery model) : WriteStrategy(load)
{
    private IReadOnlyList<string> Key => Changes.Rules.PrimaryKey;

    /// <summary>The columns of a model's SELECT; null where it names what is not there, as is to be expected.</summary>
    /// <param name="expected">The least that may be missing.</param>
    /// <exception cref="HeadraceException">HDR-340.</exception>
    public static async Task<IReadOnlyList<TargetColumn>?> DescribeAsync(
        SqlWarehouse warehouse,
        SqlSession db,
        ModelQuery model,
        MissingName expected,
        CancellationToken cancel
    )
    {
        var query = warehouse.Dialect.Describe(model.Text);
        try
        {
            if (warehouse.Dialect.UserNames is { } names)
                await db.ExecuteAsync(names, cancel);
            return await warehouse.DescribeAsync(db, query, cancel);
        }
        catch (Exception error) when (warehouse.FaultOf(error, query) is { } fault)
        {
            return expected != MissingName.Nothing && fault.Missing >= expected
                ? null
                : throw Error.ModelFailed(model.Name, Line(model, fault.Line), fault.Found, error);
        }
    }

    public override async Task<LoadResult> ApplyAsync(TargetTable? table)
    {
        if (model.Pending.Count == 0 && await HasNothingAsync())
            return Result([], []);
        if (Dialect.UserNames is { } names)
            await Db.ExecuteAsync(names, Cancel);
        foreach (var statement in IsPlan ? [] : model.Before)
            await NamedAsync(statement, line => $"before: {statement}", () => Db.ExecuteAsync(statement, Cancel));
        var expected = model.Pending.Count > 0 ? MissingName.Column : MissingName.Nothing;
        if (await DescribeAsync(Warehouse, Db, model, expected, Cancel) is not { } found)
            return Result([], []);
        var isNew = table is null;
        var columns = Columns(found, table);
        var history = model.History is { } rules ? new ModelHistory(Load, model, rules, columns, table) : null;
        var ddl = await DdlAsync([.. columns, .. history?.Own ?? []], table);
        var result = Result(ddl, columns);
        if (model.Pending.Count > 0)
            return result;

        var rows = new ModelRows(Dialect, table?.Name ?? Changes.Target, columns, Key);
        var stage = rows.Stage(model.Text);
        await NamedAsync(stage, line => Line(model, line), () => Db.ExecuteAsync(stage, Cancel));
        if (Dialect.Analyze(rows.Staged) is { } analyze)
            await Db.ExecuteAsync(analyze, Cancel);
        var count = await CheckKeysAsync(rows);
        var written = history is null ? rows : await history.FindAsync(rows, count);
        if (model.SurrogateKey is { } surrogate && !IsPlan)
            written = await new SurrogateKeys(Warehouse, Db, Dialect, model.Name, Cancel).NumberAsync(
                written!,
                table,
                surrogate
            );
        if (!IsPlan)
            table = await ChangeTableAsync(table, ddl);
        Failpoint.Hit("table_ready");
        result = Changes.Operation switch
        {
            Operation.Replace => await ReplaceAsync(result, written!, table, count),
            Operation.Merge => await MergeAsync(result, written!, table, count),
            Operation.Events => await history!.ApplyAsync(result, rows, written),
            _ => await AppendAsync(result, written!, count),
        };
        ddl = await KeepKeyAsync(
            isNew,
            Changes.Operation == Operation.Merge,
            columns.Select(column => column.Name),
            ddl
        );
        if (isNew && history is not null && Dialect.AddKey(Changes.Target, history.Key) is { } key)
        {
            if (!IsPlan)
                await Db.ExecuteAsync(key, Cancel);
            ddl = [.. ddl, key];
        }

        Failpoint.Hit("rows_applied");
        if (!IsPlan)
            await DeleteReadAsync();
        return result with { Ddl = [.. ddl.Select(Dialect.Shown)] };
    }

    // What waits for models is read once: where nothing waits, there is nothing to be done with it.
    private async Task<bool> HasNothingAsync()
    {
        foreach (var kept in model.Kept)
            if (
                await Db.NumberAsync(
                    $"SELECT count(*) FROM (SELECT 1 AS n FROM {Dialect.Qualified(kept.Table)} LIMIT 1) AS q",
                    Cancel
                ) > 0
            )
                return false;
        return model.Kept.Count > 0;
    }

    // Rows that all models have read go with the last of them.
    private async Task DeleteReadAsync()
    {
        var read = ModelPosition.Parse(Changes.Cursor!);
        foreach (var kept in model.Kept)
        {
            var isLast = true;
            foreach (var other in kept.Others)
                isLast &=
                    await Store.CursorAsync(new Dataset(other, other, new Dictionary<string, string>())) is { } cursor
                    && ModelPosition.Parse(cursor).Of(kept.Flow) == read.Of(kept.Flow);
            if (isLast)
                await Db.ExecuteAsync($"DELETE FROM {Dialect.Qualified(kept.Table)}", Cancel);
        }
    }

    private async Task<LoadResult> ReplaceAsync(LoadResult result, ModelRows rows, TargetTable? table, long count)
    {
        var before = table is null ? 0 : await Db.NumberAsync(Dialect.Count(table.Name), Cancel);
        var name = Shell.Word(model.Name);
        if (before > 0 && count < Changes.Rules.MinRows)
            throw Error.TooFewRows(
                model.Name,
                [model.File],
                count,
                before,
                Changes.Rules.MinRows,
                $"look at what it reads; if it is right: headrace run {name} --confirm {name}, or min_rows: {count}"
            );
        if (before > 0 && !IsPlan)
            await Writer.DeleteAllAsync(table!, before);
        Failpoint.Hit("rows_deleted");
        return await AppendAsync(result with { Deleted = before }, rows, count);
    }

    private async Task<LoadResult> AppendAsync(LoadResult result, ModelRows rows, long count)
    {
        if (!IsPlan)
            await ExpectAsync("inserted", rows.InsertAll(), count);
        return result with { Inserted = count };
    }

    private async Task<LoadResult> MergeAsync(LoadResult result, ModelRows rows, TargetTable? table, long count)
    {
        var (found, changed) =
            table is null || Key.Any(key => table.Find(key) is null)
                ? (0, 0)
                : (
                    await Db.RowsAsync(
                        rows.CountFound(table),
                        row => (row.NumberOrNull(0) ?? 0, row.NumberOrNull(1) ?? 0),
                        Cancel
                    )
                )[0];
        if (changed > 0 && !IsPlan)
            await ExpectAsync("updated", rows.Update(table!), changed);
        if (found < count && !IsPlan)
            await ExpectAsync("inserted", rows.InsertMissing(), count - found);
        return result with { Inserted = count - found, Updated = changed, Unchanged = found - changed };
    }

    // A trigger or a rule may keep rows out.
    private async Task ExpectAsync(string did, string statement, long expected)
    {
        if (await Db.ExecuteAsync(statement, Cancel) is var taken && taken != expected)
            throw Error.RowsNotTaken(Changes.Target, did, expected, taken, "of the table");
    }

    private LoadResult Result(IReadOnlyList<string> ddl, IReadOnlyList<TargetColumn> columns) =>
        new()
        {
            Ddl = [.. ddl.Select(Dialect.Shown)],
            Position = Changes.From.After(
                Changes,
                [],
                [.. columns.Select(column => new Column(column.Name, column.Type ?? ColumnType.Text))]
            ),
        };

    private async Task NamedAsync(string statement, Func<int?, string> where, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception error) when (Warehouse.FaultOf(error, statement) is { } fault)
        {
            throw Error.ModelFailed(model.Name, where(fault.Line), fault.Found, error);
        }
    }

    // The SELECT begins in the second line of each statement that it stands in.
    private static string Line(ModelQuery model, int? line) =>
        model.Line(line is { } known && known > 1 && known - 1 <= model.Text.Count('\n') + 1 ? known - 1 : null);

    // The columns of the SELECT with the types that the target has, or will have.
    private List<TargetColumn> Columns(IReadOnlyList<TargetColumn> found, TargetTable? table)
    {
        HeadraceException Refused(string column, string why) =>
            Error.ModelColumnRefused(model.Name, model.File, column, why);
        if (
            found
                .GroupBy(column => column.Name, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(same => same.Count() > 1) is
            { } twice
        )
            throw Refused(twice.Key, "is in its SELECT twice");
        if (found.FirstOrDefault(column => column.Name is "" or "?column?") is { } unnamed)
            throw Refused(unnamed.Name, "has no name");
        if (found.FirstOrDefault(column => column.Type is null) is { } odd)
            throw Refused(odd.Name, $"is of type {odd.TypeName}, which Headrace does not write");
        if (found.FirstOrDefault(column => Same(column.Name, model.SurrogateKey)) is { } number)
            throw Refused(number.Name, "is in its SELECT, and surrogate_key names it for numbers of Headrace's own");
        if (Key.FirstOrDefault(key => !found.Any(column => Same(column.Name, key))) is { } missing)
            throw Error.ModelKeyMissing(model.Name, model.File, missing, found.Select(column => column.Name));
        return [.. found.Select(column => table?.FindAny(column.Name) is { } has ? Fit(has, column) : column)];
    }

    private TargetColumn Fit(TargetColumn has, TargetColumn gives)
    {
        if (has.TypeName == gives.TypeName || has.Type?.Holds(gives.Type!.Value) == true)
            return has;
        var target = Dialect.Qualified(Changes.Target);
        var (written, wanted) = (
            has.Type?.ToString() ?? has.TypeName,
            new Column(has.Name, has.Type ?? ColumnType.Text)
        );
        throw Error.ModelTypeChanged(
            model.Name,
            Changes.Target,
            has.Name,
            written,
            gives.Type!.Value.ToString(),
            Changes.Operation == Operation.Replace
                ? $"CAST it in the SELECT; or drop the table, and the next run makes it anew: {Dialect.Shown(
                    $"DROP TABLE {target}"
                )}"
                : $"CAST it in the SELECT, or change the table: {Dialect.Shown(
                    Dialect.ChangeType(Changes.Target, wanted, gives.Type!.Value)
                )}"
        );
    }

    private async Task<IReadOnlyList<string>> DdlAsync(IReadOnlyList<TargetColumn> columns, TargetTable? table)
    {
        var all = model.SurrogateKey is { } surrogate
            ? [SurrogateKeys.Column(Dialect, surrogate), .. columns]
            : columns;
        var ddl = Ddl(table);
        if (table is null)
            return await ddl.CreateAsync(all);
        var added = ddl.Add(all);

        // What replaces all rows has the columns of its SELECT, and no others.
        return Changes.Operation != Operation.Replace
            ? added
            :
            [
                .. added,
                .. table
                    .Taken.Where(column => !all.Any(one => Same(one.Name, column.Name)))
                    .Select(column => Dialect.DropColumn(table.Name, column.Name)),
            ];
    }

    // How many rows there are.
    private async Task<long> CheckKeysAsync(ModelRows rows)
    {
        var (count, missing, twice) = (
            await Db.RowsAsync(
                rows.CountKeys(),
                row => (row.NumberOrNull(0) ?? 0, row.NumberOrNull(1) ?? 0, row.NumberOrNull(2) ?? 0),
                Cancel
            )
        )[0];
        if (Changes.Operation == Operation.Append)
            twice = 0;
        return missing + twice > 0
            ? throw Error.ModelKeysNotUnique(model.Name, model.File, Key, missing, twice)
            : count;
    }

    private static bool Same(string a, string? b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
