namespace Headrace.Warehouses;

/// <summary>Inserts, updates and deletes rows by key, as a comparison of exports says.</summary>
internal sealed class ChangesStrategy(OpenLoad load) : WriteStrategy(load)
{
    public override async Task<LoadResult> ApplyAsync(TargetTable? table)
    {
        var rows = Changes.Rows!;
        var deletes = (
            Changes.Rules.Snapshot ?? throw Error.Bug("changes of rows without rules of a snapshot.")
        ).Deletes;
        var wanted = Changes.Written.Select(column => column.Column).ToList();
        if (deletes == Deletes.Soft)
            wanted.Add(new Column(RowChanges.DeletedAt, new ColumnType(TypeKind.TimestampTz)));
        IReadOnlyList<string> ddl =
            Changes.Target.IsNone ? []
            : table is null ? await Ddl(null).CreateAsync(wanted)
            : Ddl(table).Add(wanted);
        IReadOnlyList<string> warnings = [];
        if (!IsPlan)
        {
            if (!Changes.Target.IsNone)
            {
                await Writer.BringAsync(table);
                var changed = await ChangeTableAsync(table, ddl);
                Failpoint.Hit("table_ready");
                warnings = await ChangeAsync(changed!, isNew: table is null, deletes);
                ddl = await KeepKeyAsync(table is null, true, rows.Columns.Select(column => column.Name), ddl);
            }

            Failpoint.Hit("rows_applied");
            if (Changes.Version is not null)
                await Store.SupersedeAsync(Changes.Dataset);
            await Writer.HoldAsync();
            Failpoint.Hit("quarantine_written");
        }

        bool IsThere(Column column) =>
            Changes.From.Table?.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
            == true;
        IReadOnlyList<Column>? columns = Changes.Target.IsNone
            ? null
            :
            [
                .. Changes.From.Table ?? [],
                .. Changes.Written.Select(column => column.Column).Where(column => !IsThere(column)),
            ];
        return new LoadResult
        {
            Inserted = rows.Inserted,
            Updated = rows.Updated,
            Deleted = rows.Deleted,
            Unchanged = rows.Unchanged,
            Quarantined = rows.Quarantined,
            Filtered = rows.Filtered,
            Ddl = [.. ddl.Select(Dialect.Shown)],
            Warnings = [.. rows.Warnings, .. warnings],
            Sample = rows.Sample,
            Changes = IsPlan ? await Writer.SampleAsync(Changes, table, 3) : [],
            Position = Changes.From.After(Changes, Changes.Files, columns),
        };
    }

    private async Task<IReadOnlyList<string>> ChangeAsync(TargetTable table, bool isNew, Deletes deletes)
    {
        var rows = Changes.Rows!;
        if (rows.Inserted + rows.Updated + rows.Deleted == 0)
            return [];
        var (replaced, marked) = await Writer.ChangeAsync(Changes, table, isNew);
        var expected = rows.Updated + (deletes == Deletes.Hard ? rows.Deleted : 0);
        return isNew || (replaced == expected && (deletes == Deletes.Hard || marked == rows.Deleted))
            ? []
            :
            [
                $"{Changes.Target} was changed by others since the export before: "
                    + $"{expected} of its rows were to be replaced, {replaced} were there",
            ];
    }
}
