using Headrace.Checks;
using Headrace.Engines;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Brings rows into PostgreSQL by COPY: those that are merged into a temporary table, others straight into the target
/// while more are typed.
/// </summary>
internal sealed class PostgresWriter(
    PostgresWarehouse warehouse,
    IEngine engine,
    string folder,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
) : FileTargetWriter(warehouse, engine, folder, PostgresDialect.Layout, changes, attempt, cancel)
{
    private int reads;

    private NpgsqlConnection Db => ((PostgresSession)Session).Db;

    public override async Task BringAsync(TargetTable? table)
    {
        if (Changes.Operation == Operation.Changes && !Changes.IsComparedHistory)
            await new TableChange(Db, Changes, warehouse.Now, Cancel).StageAsync(table, Rows.Rows[0], Progress());
        else if (Changes.Operation == Operation.Merge && !Batch.IsFirst && Rows.Rows.Count > 0)
            await TableMerge.StageAsync(Db, table, Batch.Shape!, Rows.Rows, Progress(), Cancel);
    }

    public override async Task LockAsync(TargetTable? table, IReadOnlyList<string> ddl)
    {
        var mode =
            ddl.Count > 0 ? "ACCESS EXCLUSIVE"
            // Two who append at once would not see each other's rows, and both pass.
            : Changes.Operation == Operation.Append
            && !Changes.Rules.Checks.Any(check => check.Scope == CheckScope.Table)
                ? "ROW EXCLUSIVE"
            : "SHARE ROW EXCLUSIVE";
        if (table is not null)
            await Db.ExecuteAsync(
                $"LOCK TABLE {PostgresDialect.Instance.Qualified(table.Name)} IN {mode} MODE",
                Cancel
            );
        else
            await PostgresConcurrency.LockAsync(Session, $"table {Changes.Target}", Cancel);

        // Two who create one schema at once would meet in PostgreSQL's catalogue.
        if (table is null && ddl.Count > 1)
            await PostgresConcurrency.LockAsync(Session, $"schema {Changes.Target.Schema}", Cancel);
    }

    public override Task DeleteAllAsync(TargetTable table, long rows) =>
        new TargetStatements(Db, table, Cancel).DeleteAllAsync(rows);

    public override async Task FillAsync(TargetTable? table)
    {
        if (!Rows.IsStreamed)
            return;
        if (!Batch.Shape!.HasTable)
        {
            await Rows.StreamAsync(_ => throw Error.Bug("rows without a table."));
            return;
        }

        var target = new TargetStatements(Db, table!, Cancel);
        var (progress, there) = (Progress(), await target.InsertedAsync());
        await Rows.StreamAsync(rows =>
            TextCopy.InAsync(Db, PostgresDialect.Instance.Qualified(table!.Name), rows, progress, Cancel)
        );
        await target.CheckCopiedAsync(there, Batch.Good);
    }

    public override async Task<MergeCounts> MergeAsync(TargetTable table) =>
        Rows.Rows.Count == 0
            ? default
            : await new TableMerge(Db, table, Batch.Shape!, Changes, Cancel).ApplyAsync(Rows.Rows);

    public override async Task<(long Replaced, long Marked)> ChangeAsync(
        ChangeSet changes,
        TargetTable table,
        bool isNew
    )
    {
        var change = new TableChange(Db, changes, warehouse.Now, Cancel);
        // What a comparison found was brought before the target was locked
        if (Changes.Operation != Operation.Changes || Changes.IsComparedHistory)
            await change.StageAsync(table, await FileOfAsync(changes), Progress());
        return await change.ApplyAsync(table, isNew);
    }

    public override string Changed => TableChange.Changed;

    public override async Task HoldAsync()
    {
        foreach (var rows in Rows.Held)
            await TextCopy.InAsync(Db, "headrace.quarantine", rows, null, Cancel);
    }

    protected override async Task<CsvRows> ReadAsync(TargetTable table, RowsFile keys)
    {
        var found = keys.Columns.Select(table.The).ToList();
        var columns = string.Join(", ", found.Select(key => $"{PostgresSql.Identifier(key.Name)} {key.TypeName}"));
        await Db.ExecuteAsync("DROP TABLE IF EXISTS pg_temp.headrace_keys", Cancel);
        await Db.ExecuteAsync($"CREATE TEMP TABLE headrace_keys ({columns}) ON COMMIT DROP", Cancel);
        await TextCopy.InAsync(
            Db,
            "pg_temp.headrace_keys",
            keys with
            {
                Columns = [.. found.Select(key => key.Name)],
            },
            null,
            Cancel
        );
        await Db.ExecuteAsync("ANALYZE pg_temp.headrace_keys", Cancel);
        var on = string.Join(
            " AND ",
            found.Select(key => $"k.{PostgresSql.Identifier(key.Name)} = t.{PostgresSql.Identifier(key.Name)}")
        );
        return await warehouse.RowsAsync(
            Db,
            table,
            $"WHERE EXISTS (SELECT 1 FROM pg_temp.headrace_keys AS k WHERE {on})",
            Path.Combine(Folder, $"there {reads++}.csv"),
            Cancel
        );
    }
}
