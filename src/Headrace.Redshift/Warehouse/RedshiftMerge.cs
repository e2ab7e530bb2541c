using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Merges staged rows, each key once, into the target by primary key; no other load writes to the target meanwhile. A
/// key that the target has twice is put right by the way.
/// </summary>
internal sealed class RedshiftMerge(
    NpgsqlConnection db,
    TargetTable table,
    ChangeSet changes,
    StagedFiles stage,
    CancellationToken cancel
)
{
    /// <summary>
    /// Merges; unchanged rows are not touched, and columns that the files do not bring keep their values.
    /// </summary>
    public async Task<MergeCounts> ApplyAsync(IReadOnlyList<RowsFile> files)
    {
        var brought = files[0].Columns.Select(table.The).ToList();

        // Under the names of a user a column could be taken for one of our own.
        var staged = brought.Select((column, i) => (RedshiftSql.Name(i), column.TypeName)).ToList();
        await db.ExecuteAsync(RedshiftSql.CreateStaged(staged), cancel);
        var rows = await stage.CopyAsync(db, RedshiftSql.Staged, files, [.. staged.Select(column => column.Item1)]);

        var plain = brought.Select((column, i) => (column.Name, Column: i, IsText: IsText(column))).ToList();
        var keys = changes.Rules.PrimaryKey.Select(key => plain[brought.IndexOf(table.The(key))]).ToList();
        var values = plain.Where(column => !keys.Contains(column)).ToList();
        var names = brought.Select(column => column.Name).ToList();
        foreach (var statement in RedshiftSql.CreateFound(table.Name, keys, values))
            await db.ExecuteAsync(statement, cancel);
        var (found, updated, twice) = (
            await db.RowsAsync(
                RedshiftSql.CountFound,
                row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
                cancel
            )
        )[0];
        if (twice > 0)
            foreach (
                var statement in RedshiftSql.MendTwice(
                    table.Name,
                    keys,
                    names,
                    [.. table.Taken.Select(column => column.Name)]
                )
            )
                await db.ExecuteAsync(statement, cancel);
        if (updated > twice && values.Count > 0)
            await db.ExecuteAsync(RedshiftSql.UpdateFound(table.Name, keys, values), cancel);
        Failpoint.Hit("rows_deleted");
        if (rows > found)
            await db.ExecuteAsync(RedshiftSql.InsertMissing(table.Name, keys, names), cancel);
        return new MergeCounts(rows - found, updated, found - updated);
    }

    public static bool IsText(TargetColumn column) => column.TypeName.StartsWith("character", StringComparison.Ordinal);
}
