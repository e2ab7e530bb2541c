using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Brings rows into Redshift: they are typed and staged before the transaction begins, in which COPY reads them.
/// </summary>
/// <param name="stage">Of this load; it is removed afterwards.</param>
internal sealed class RedshiftWriter(
    RedshiftWarehouse warehouse,
    StagedFiles stage,
    IEngine engine,
    string folder,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
) : FileTargetWriter(warehouse, engine, folder, stage.Layout, changes, attempt, cancel)
{
    private bool isStaged;

    private NpgsqlConnection Db => ((PostgresSession)Session).Db;

    public override async Task<bool> PrepareAsync(ChangeSet changes)
    {
        Directory.CreateDirectory(Folder);
        if (!await base.PrepareAsync(changes))
            return false;
        if (Rows.IsStreamed)
            await Rows.StreamAsync(PutAsync);
        foreach (
            var rows in Attempt.IsPlan ? []
            : Rows.IsStreamed ? Rows.Held
            : [.. Rows.Rows, .. Rows.Held]
        )
            await PutAsync(rows);
        return true;
    }

    public override async Task<SqlSession> OpenAsync(bool isNew)
    {
        var session = await base.OpenAsync(isNew);
        if (isNew)
            await RedshiftConcurrency.EnsureSchemaAsync(session, Changes.Target.Schema, Cancel);
        return session;
    }

    public override Task FencedAsync() => stage.RemoveStaleAsync();

    public override Task DeleteAllAsync(TargetTable table, long rows) =>
        Db.ExecuteAsync(RedshiftSql.DeleteAll(table.Name), Cancel);

    public override async Task FillAsync(TargetTable? table)
    {
        foreach (var files in (Attempt.IsPlan ? [] : Rows.Rows).GroupBy(rows => string.Join('\0', rows.Columns)))
            await stage.CopyAsync(Db, RedshiftSql.Qualified(table!.Name), [.. files], files.First().Columns);
    }

    public override async Task<MergeCounts> MergeAsync(TargetTable table) =>
        Rows.Rows.Count == 0
            ? default
            : await new RedshiftMerge(Db, table, Changes, stage, Cancel).ApplyAsync(Rows.Rows);

    public override async Task<(long Replaced, long Marked)> ChangeAsync(
        ChangeSet changes,
        TargetTable table,
        bool isNew
    )
    {
        var file = await FileOfAsync(changes);
        // What a comparison found was put there before the transaction
        if (Changes.Operation != Operation.Changes || Changes.IsComparedHistory)
        {
            await PutAsync(file);
            if (isStaged)
                await Db.ExecuteAsync(RedshiftSql.DropStaged, Cancel);
        }

        isStaged = true;
        return await new RedshiftChanges(Db, changes, stage, warehouse.Now, Cancel).ApplyAsync(table, file, isNew);
    }

    public override string Changed => RedshiftSql.Staged;

    public override async Task LeaveAsync()
    {
        if (isStaged)
            await Db.ExecuteAsync(RedshiftSql.DropStaged, Cancel);
        isStaged = false;
    }

    public override async Task HoldAsync()
    {
        // Some are found only beside the rows of the target.
        foreach (var rows in Rows.Held.Where(rows => !stage.Has(rows)).ToList())
            await PutAsync(rows);
        if (Rows.Held.Count > 0)
            await stage.CopyAsync(Db, "headrace.quarantine", Rows.Held, Rows.Held[0].Columns);
    }

    protected override async ValueTask EndAsync()
    {
        await stage.RemoveAsync();
        await base.EndAsync();
    }

    protected override async Task<CsvRows> ReadAsync(TargetTable table, RowsFile keys)
    {
        var found = keys.Columns.Select(table.The).ToList();
        await stage.PutAsync(keys);
        await Db.ExecuteAsync(
            RedshiftSql.CreateStaged(found.Select((key, i) => (RedshiftSql.Name(i), key.TypeName))),
            Cancel
        );
        await stage.CopyAsync(Db, RedshiftSql.Staged, [keys], [.. found.Select((_, i) => RedshiftSql.Name(i))]);
        var rows = await stage.ReadAsync(
            Db,
            table,
            [.. found.Select((key, i) => (key.Name, i, RedshiftMerge.IsText(key)))]
        );
        await Db.ExecuteAsync(RedshiftSql.DropStaged, Cancel);
        return rows;
    }

    private async Task PutAsync(RowsFile rows)
    {
        await stage.PutAsync(rows);
        Attempt.Progress?.Invoke(new LoadProgress("stages", Batch.Good, null));
    }
}
