using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>Applies changed rows to the target by primary key; no other load writes to it meanwhile.</summary>
internal sealed class RedshiftChanges(
    NpgsqlConnection db,
    ChangeSet changes,
    StagedFiles stage,
    DateTimeOffset now,
    CancellationToken cancel
)
{
    private readonly RowChanges rows = changes.Rows!;
    private readonly Deletes deletes = changes.Rules.Snapshot!.Deletes;

    /// <summary>
    /// Applies them. Says how many rows it found to replace or delete, and how many to mark as deleted.
    /// </summary>
    /// <param name="table">The target with all columns.</param>
    /// <param name="isNew">It was made for these rows.</param>
    public async Task<(long Replaced, long Marked)> ApplyAsync(TargetTable table, RowsFile file, bool isNew)
    {
        var found = rows
            .Columns.Select(column =>
                table.FindAny(column.Name) ?? throw Error.Bug($"the table {table.Name} lacks the column {column.Name}.")
            )
            .ToList();
        IReadOnlyList<string> staged = ["op", .. found.Select((_, i) => $"c{i}")];
        await db.ExecuteAsync(
            RedshiftSql.CreateStaged(staged.Zip((string[])["varchar(8)", .. found.Select(column => column.TypeName)])),
            cancel
        );
        await stage.CopyAsync(db, RedshiftSql.Staged, [file], staged);

        var names = changes.Written.Select(column => (found[column.Place].Name, column.Place)).ToList();
        if (isNew)
        {
            await db.ExecuteAsync(RedshiftSql.InsertChanged(table.Name, names, "<> 'D'"), cancel);
            return default;
        }

        var keys = changes
            .Rules.PrimaryKey.Select(key =>
                found.FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
            )
            .Select(i => (found[i].Name, i, RedshiftMerge.IsText(found[i])))
            .ToList();
        var deletedAt = deletes == Deletes.Soft ? table.Find(RowChanges.DeletedAt)!.Name : null;
        if (deletedAt is not null) // rows that come back
            await db.ExecuteAsync(RedshiftSql.DeleteChanged(table.Name, keys, "= 'I'", deletedAt), cancel);
        var went = await db.ExecuteAsync(
            RedshiftSql.DeleteChanged(table.Name, keys, deletes == Deletes.Hard ? "IN ('I', 'D')" : "= 'I'", null),
            cancel
        );
        Failpoint.Hit("rows_deleted");

        // What the table has beyond the export's columns stays with its row.
        var updated =
            rows.Updated == 0
                ? 0
                : await db.ExecuteAsync(RedshiftSql.UpdateChanged(table.Name, keys, names, deletedAt), cancel);
        var marked =
            deletedAt is null || rows.Deleted == 0
                ? rows.Deleted
                : await db.ExecuteAsync(RedshiftSql.MarkDeleted(table.Name, keys, deletedAt, now), cancel);
        await db.ExecuteAsync(RedshiftSql.InsertChanged(table.Name, names, "= 'I'"), cancel);
        if (updated > rows.Updated)
            foreach (
                var statement in RedshiftSql.MendChangedTwice(
                    table.Name,
                    keys,
                    [.. table.Taken.Select(column => column.Name)]
                )
            )
                await db.ExecuteAsync(statement, cancel);
        if (updated != rows.Updated)
            await db.ExecuteAsync(RedshiftSql.InsertUpdatedMissing(table.Name, names, keys), cancel);
        return (went + updated, marked);
    }
}
