using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Applies changed rows to the target by primary key; no other load writes to it meanwhile.</summary>
internal sealed class RedshiftChanges(NpgsqlConnection db, ChangeSet changes, StagedLoad stage, TimeProvider clock, CancellationToken cancel)
{
    private readonly RowChanges rows = changes.Rows!;
    private readonly Deletes deletes = changes.Rules.Snapshot!.Deletes;

    /// <summary>The columns that the table must have.</summary>
    public IReadOnlyList<Column> Wanted => deletes == Deletes.Soft
        ? [.. rows.Columns, new Column(RowChanges.DeletedAt, new ColumnType(TypeKind.TimestampTz))] : rows.Columns;

    /// <summary>Applies them; the sentences are for the run's record.</summary>
    /// <param name="table">The target with all columns.</param>
    /// <param name="isNew">It was made for these rows.</param>
    public async Task<IReadOnlyList<string>> ApplyAsync(RedshiftTable table, RowsFile file, bool isNew)
    {
        if (rows.Inserted + rows.Updated + rows.Deleted == 0)
            return [];
        var found = rows.Columns.Select(column => table.FindAny(column.Name) ?? throw Error.Bug($"the table {table.Name} lacks the column {column.Name}.")).ToList();
        IReadOnlyList<string> staged = ["op", .. found.Select((_, i) => $"c{i}")];
        await db.ExecuteAsync(RedshiftSql.CreateStaged(staged.Zip((string[])["varchar(8)", .. found.Select(column => column.TypeName)])), cancel);
        await stage.CopyAsync(db, RedshiftSql.Staged, [file], staged);

        var names = changes.Written.Select(column => (found[column.Place].Name, column.Place)).ToList();
        if (isNew)
        {
            await db.ExecuteAsync(RedshiftSql.InsertChanged(table.Name, names, "<> 'D'"), cancel);
            return [];
        }

        var keys = changes.Rules.PrimaryKey.Select(key => found.FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(i => (found[i].Name, i, RedshiftMerge.IsText(found[i]))).ToList();
        var deletedAt = deletes == Deletes.Soft ? table.Find(RowChanges.DeletedAt)!.Name : null;
        var replaced = rows.Updated + (deletes == Deletes.Hard ? rows.Deleted : 0);
        if (deletedAt is not null) // rows that come back
            await db.ExecuteAsync(RedshiftSql.DeleteChanged(table.Name, keys, "= 'I'", deletedAt), cancel);
        var went = await db.ExecuteAsync(RedshiftSql.DeleteChanged(table.Name, keys, deletes == Deletes.Hard ? "IN ('I', 'D')" : "= 'I'", null), cancel);
        Failpoint.Hit("rows_deleted");

        // What the table has beyond the export's columns stays with its row.
        var updated = rows.Updated == 0 ? 0 : await db.ExecuteAsync(RedshiftSql.UpdateChanged(table.Name, keys, names, deletedAt), cancel);
        var marked = deletedAt is null || rows.Deleted == 0 ? rows.Deleted : await db.ExecuteAsync(RedshiftSql.MarkDeleted(table.Name, keys, deletedAt, clock.GetUtcNow()), cancel);
        await db.ExecuteAsync(RedshiftSql.InsertChanged(table.Name, names, "= 'I'"), cancel);
        if (updated > rows.Updated)
            foreach (var statement in RedshiftSql.MendChangedTwice(table.Name, keys, [.. table.Found.Where(column => !column.IsComputed).Select(column => column.Name)]))
                await db.ExecuteAsync(statement, cancel);
        if (updated != rows.Updated)
            await db.ExecuteAsync(RedshiftSql.InsertUpdatedMissing(table.Name, names, keys), cancel);
        return went + updated == replaced && marked == rows.Deleted ? []
            : [$"{changes.Target} was changed by others since the export before: {replaced} of its rows were to be replaced, {went + updated} were there"];
    }
}
