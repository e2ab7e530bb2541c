using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Puts quarantined rows of one table into it, with their new status, in one transaction.</summary>
/// <param name="stage">Of this release's own.</param>
/// <param name="folder">An absolute folder of its own, which is there.</param>
internal sealed class RedshiftRelease(
    NpgsqlConnection db, StagedLoad stage, DuckDbConnection engine, string folder, RedshiftTable table, Mending mending, TimeProvider clock, CancellationToken cancel)
{
    private readonly IReadOnlyList<Column> columns = table.Columns;
    private IReadOnlyList<(IReadOnlyList<int> Columns, string Like)> inserted = [];

    /// <summary>
    /// Loads those of the rows that fit now; says how many. Rows whose table was replaced since they were set aside are
    /// marked as superseded: in their turn they would have been replaced too.
    /// </summary>
    /// <param name="target">The table as the quarantine names it.</param>
    /// <param name="datasets">Those of the rows. Their generations move, so that a load that was built before is refused.</param>
    public async Task<(long Released, long Superseded)> TakeAsync(TableName target, IReadOnlyList<long> ids, IReadOnlyList<Dataset> datasets)
    {
        await using var transaction = await db.BeginTransactionAsync(cancel);
        await RedshiftQuarantine.LockAsync(db, datasets, cancel);
        await db.ExecuteAsync(RedshiftSql.Lock(target), cancel); // of two releases at once one finds that the rows do not wait any more
        await stage.RemoveStaleAsync();
        await RedshiftQuarantine.MoveAsync(db, datasets, cancel);
        var replaced = await db.RowsAsync(RedshiftSql.Replaced(target, ids), row => row.GetInt64(0), cancel);
        var superseded = replaced.Count == 0 ? 0 : await db.ExecuteAsync(RedshiftSql.Resolve(replaced, "superseded", "newer rows have replaced the table", clock.GetUtcNow()), cancel);
        var released = await StageAsync(target, ids) ? await InsertAsync() : [];
        Failpoint.Hit("rows_applied");

        // What the last export held is not what the table holds any more: the next comparison asks the table.
        if (released.Count > 0)
            foreach (var dataset in await db.RowsAsync(RedshiftSql.DatasetsOfChanges(released), row => new Dataset(row.GetString(0), row.GetString(1), new Dictionary<string, string>()), cancel))
                await db.ExecuteAsync(RedshiftSql.ForgetLoad(dataset, Id.New("q", clock)), cancel);
        var taken = released.Count == 0 ? 0 : await db.ExecuteAsync(RedshiftSql.Resolve(released, "released", null, clock.GetUtcNow()), cancel);
        Failpoint.Hit("before_commit");
        await db.CommitAsync(transaction, CancellationToken.None);
        Failpoint.Hit("after_commit");
        return (taken, superseded);
    }

    // The engine reads the rows again, and those that fit come back with their types. False when there are none.
    private async Task<bool> StageAsync(TableName target, IReadOnlyList<long> ids)
    {
        var paths = await stage.UnloadAsync(db, RedshiftSql.WaitingRows(target, ids));
        if (paths.Count == 0)
            return false;
        var answer = Path.Combine(folder, "released.csv");
        var rows = await Task.Run(() =>
        {
            var mended = new MendedRows(engine, columns, mending, RedshiftWarehouse.Limits, cancel);
            mended.Stage(
                $"SELECT c0::BIGINT AS id, c1 AS \"row\" FROM {RedshiftRows.Unloaded(paths, stage.Nothing, 2)}");
            inserted = mended.Inserted();
            var style = new RowsStyle(stage.Nothing, RedshiftTypes.Written, RedshiftTypes.LongestText);
            var values = columns.Select((column, i) => $"{style.Written($"v{i}", column.Type)} AS c{i}");
            var texts = columns.Select((column, i) => (column.Type.Kind, Name: $"c{i}")).Where(column => column.Kind is TypeKind.Text or TypeKind.Json).Select(column => column.Name).ToList();
            return engine.Execute(
                $"COPY (SELECT headrace_id, {MendedRows.Brings(columns.Count)} AS has, {string.Join(", ", values)} FROM temp.released) TO {Sql.Literal(answer)} ({style.Layout}{(texts.Count == 0 ? "" : $", FORCE_QUOTE ({string.Join(", ", texts)})")})", cancel);
        }, cancel);
        if (rows == 0)
            return false;
        var staged = new RowsFile(answer, ["headrace_id", "has", .. columns.Select((_, i) => $"c{i}")], rows);
        await stage.PutAsync(staged);
        await db.ExecuteAsync(RedshiftSql.CreateStaged([("headrace_id", "bigint"), ("has", "varchar(2000)"), .. columns.Select((column, i) => ($"c{i}", table.Find(column.Name)!.TypeName))]), cancel);
        await stage.CopyAsync(db, RedshiftSql.Staged, [staged], staged.Columns);
        return true;
    }

    // Somebody decided that these rows count: they take the place of what the table has for their keys. What a row does
    // not bring keeps its value, as in a merge.
    private async Task<IReadOnlyList<long>> InsertAsync()
    {
        var names = columns.Select(column => column.Name).ToList();
        var keys = mending.Rules.PrimaryKey.Select(key => names.FindIndex(name => name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(i => (names[i], i, RedshiftMerge.IsText(table.Find(names[i])!))).ToList();
        if (keys.Count > 0 && keys.Count < names.Count)
            await db.ExecuteAsync(RedshiftSql.UpdateReleased(table.Name, keys, names), cancel);
        foreach (var (some, like) in inserted)
            await db.ExecuteAsync(RedshiftSql.InsertReleased(table.Name, keys, [.. some.Select(i => (names[i], i))], like), cancel);
        return await db.RowsAsync(RedshiftSql.Released, row => row.GetInt64(0), cancel);
    }
}
