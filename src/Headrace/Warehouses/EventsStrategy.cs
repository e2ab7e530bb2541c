using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>
/// Applies changes of rows, whatever order they come in: to the rows as they are now, or to their history. What decides
/// is in the target and in the memory beside it, which changes in the same transaction.
/// </summary>
internal sealed class EventsStrategy(OpenLoad load) : WriteStrategy(load)
{
    public override async Task<LoadResult> ApplyAsync(TargetTable? table)
    {
        if (Writer.Batch.Shape is { HasTable: false })
            return await HoldAsync(new LoadResult { Position = Changes.From }, []);
        var brought = Changes.BroughtBy(Writer.Batch.Shape);
        var layout = new EventLayout(brought, Changes.Rules);
        List<Column> columns =
        [
            .. brought.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable)),
            .. layout.Own,
        ];
        var ddl = table is null ? await Ddl(null).CreateAsync(columns) : Ddl(table).Add(columns);
        var isNew = table is null;
        if (!IsPlan)
            table = await ChangeTableAsync(table, ddl);
        Failpoint.Hit("table_ready");
        var memory = await MemoryAsync(layout);
        var facts = await TargetFacts.ReadAsync(Load, layout);
        var rebuilt = Changes.IsRebuilt && table is not null ? await RebuildAsync(table, memory) : 0;
        if (Changes.IsRebuilt)
            facts.Rebuild();
        var resolved = await Writer.ResolveAsync(isNew ? null : table, memory, facts.Forgotten);
        IReadOnlyList<RowChange> sample = [];
        if (IsPlan)
            sample = await Writer.SampleAsync(Of(resolved), table, 3);
        else
        {
            await ChangeAsync(Of(resolved), table!, isNew);
            if (Changes.Rules.Events!.History is { } history)
                await AssertHistoryAsync(table!, resolved, history);
            ddl = await KeepKeyAsync(isNew, resolved.Key, ddl);
            if (Rows(resolved.Memory) > 0)
                await RememberAsync(resolved.Memory, layout, memory);
            await facts.KeepAsync(memory is not null || Rows(resolved.Memory) > 0);
        }

        Failpoint.Hit("rows_applied");
        var result = new LoadResult
        {
            Inserted = resolved.Target.Inserted,
            Updated = resolved.Target.Updated - resolved.Marked,
            Deleted = resolved.Target.Deleted + resolved.Marked + rebuilt,
            Unchanged = Changes.Rows?.Unchanged ?? resolved.Target.Unchanged,
            Warnings = [.. facts.Said, .. Said(resolved.Older)],
            Changes = sample,
            Position = Changes.From,
        };
        return await HoldAsync(result with { Ddl = [.. ddl.Select(Dialect.Shown)] }, columns);
    }

    private async Task<LoadResult> HoldAsync(LoadResult result, IReadOnlyList<Column> columns)
    {
        var (batch, shape) = (Writer.Batch, Writer.Batch.Shape);
        if (!IsPlan && Changes.Version is not null)
            await Store.SupersedeAsync(Changes.Dataset);
        if (batch.Quarantined > 0)
        {
            if (shape is not null) // a comparison has asked already
                batch.AssertAllowed(Changes, 0);
            if (!IsPlan)
                await Writer.HoldAsync();
        }

        Failpoint.Hit("quarantine_written");
        return result with
        {
            Quarantined = batch.Quarantined,
            Filtered = batch.Filtered,
            Sample = batch.Sample,
            Refused = shape?.Refused ?? [],
            Warnings = [.. shape?.Warnings ?? Changes.Rows!.Warnings, .. result.Warnings],
            Position = Changes.From.After(
                Changes,
                shape is null ? Changes.Files : [.. shape.Files.Select(file => file.File)],
                columns.Count == 0 ? null : columns
            ),
        };
    }

    // Changes of the target's rows as the load of a comparison has them.
    private ChangeSet Of(ResolvedEvents resolved) => Of(resolved.Target, Changes.Target, resolved.Key);

    private ChangeSet Of(RowChanges rows, TableName target, IReadOnlyList<string> key) =>
        Changes with
        {
            Target = target,
            Operation = Operation.Changes,
            Rows = rows,
            Rules = Changes.Rules with
            {
                PrimaryKey = key,
                Snapshot = new SnapshotRules { Deletes = Deletes.Hard },
            },
        };

    private async Task ChangeAsync(ChangeSet changes, TargetTable table, bool isNew)
    {
        if (Rows(changes.Rows!) == 0)
            return;
        await Writer.ChangeAsync(
            changes with
            {
                From = changes.From with { Table = table.Columns, Computed = table.Computed },
            },
            table,
            isNew
        );
    }

    // The memory is made when there is something to remember.
    private async Task<TargetTable?> MemoryAsync(EventLayout layout)
    {
        var name = EventLayout.MemoryOf(Changes.Target);
        var memory = await Warehouse.FindAsync(Db, name, Cancel);
        if (memory is null)
            return null;
        var missing = new TableDdl(Db, Dialect, Warehouse.Address, name, memory, Changes.Rules, Cancel)
            .Add(layout.MemoryColumns.Select(column => column with { Nullable = true }))
            .ToList();
        if (missing.Count == 0 || IsPlan)
            return memory;
        foreach (var statement in missing)
            await Db.ExecuteAsync(statement, Cancel);
        return await Warehouse.FindAsync(Db, name, Cancel);
    }

    private async Task RememberAsync(RowChanges rows, EventLayout layout, TargetTable? memory)
    {
        var name = EventLayout.MemoryOf(Changes.Target);
        var isNew = memory is null;
        if (memory is null)
        {
            await Db.ExecuteAsync(
                Dialect.CreateTable(name, layout.MemoryColumns, Changes.Rules with { Distribution = null, Sort = [] }),
                Cancel
            );
            memory =
                await Warehouse.FindAsync(Db, name, Cancel)
                ?? throw Error.Bug($"{name} is not seen after it was made.");
        }

        await ChangeAsync(Of(rows, name, layout.MemoryKey), memory, isNew);
        if (isNew && Dialect.AddKey(name, layout.MemoryKey) is { } statement)
            await Db.ExecuteAsync(statement, Cancel);
    }

    // Readers see the rows before or the new ones.
    private async Task<long> RebuildAsync(TargetTable table, TargetTable? memory)
    {
        var rows = await Db.NumberAsync(Dialect.Count(table.Name), Cancel);
        if (IsPlan)
            return rows;
        await Writer.DeleteAllAsync(table, rows);
        if (memory is not null)
            await Db.ExecuteAsync($"DELETE FROM {Dialect.Qualified(memory.Name)}", Cancel);
        return rows;
    }

    private async Task<IReadOnlyList<string>> KeepKeyAsync(
        bool isNew,
        IReadOnlyList<string> key,
        IReadOnlyList<string> ddl
    )
    {
        if (!isNew || Dialect.AddKey(Changes.Target, key) is not { } statement)
            return ddl;
        await Db.ExecuteAsync(statement, Cancel);
        return [.. ddl, statement];
    }

    private async Task AssertHistoryAsync(TargetTable table, ResolvedEvents resolved, HistoryRules history)
    {
        if (Rows(resolved.Target) == 0)
            return;
        var on = Changes.Rules.PrimaryKey.Select(key =>
            $"c.c{resolved.Target.Columns.ToList().FindIndex(column => Same(column.Name, key))} = "
            + $"t.{Dialect.Identifier(table.The(key).Name)}"
        );
        await HistoryCheck.AssertAsync(
            Load,
            history with
            {
                From = table.The(history.From).Name,
                To = table.The(history.To).Name,
                Current = table.The(history.Current).Name,
            },
            table.Name,
            [.. Changes.Rules.PrimaryKey.Select(key => table.The(key).Name)],
            $"SELECT 1 FROM {Writer.Changed} AS c WHERE {string.Join(" AND ", on)}"
        );
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static long Rows(RowChanges rows) => rows.Inserted + rows.Updated + rows.Deleted;

    private static IReadOnlyList<string> Said(long older) =>
        older == 0
            ? []
            :
            [
                $"{older} {(older == 1 ? "change was" : "changes were")} older than what the table holds "
                    + "of the same row",
            ];
}
