using Headrace.Engines;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Applies changed rows to the target by primary key; nothing else writes to it meanwhile.</summary>
internal sealed class TableChange(NpgsqlConnection db, ChangeSet changes, DateTimeOffset now, CancellationToken cancel)
{
    public const string Changed = "pg_temp.headrace_changed";

    private readonly RowChanges rows = changes.Rows!;
    private readonly Deletes deletes = changes.Rules.Snapshot!.Deletes;

    /// <summary>Copies the changes into a temporary table with the types that the target has, or will have.</summary>
    public async Task StageAsync(TargetTable? table, RowsFile file, Action<long>? progress)
    {
        var columns = rows.Columns.Select(
            (column, i) => $"c{i} {table?.Find(column.Name)?.TypeName ?? TargetTypes.Name(column.Type)}"
        );
        await db.ExecuteAsync($"DROP TABLE IF EXISTS {Changed}", cancel);
        await db.ExecuteAsync(
            $"CREATE TEMP TABLE headrace_changed (op text, {string.Join(", ", columns)}) ON COMMIT DROP",
            cancel
        );
        await TextCopy.InAsync(
            db,
            Changed,
            file with
            {
                Columns = ["op", .. rows.Columns.Select((_, i) => $"c{i}")],
            },
            progress,
            cancel
        );
        var count = await db.ScalarAsync<long>($"SELECT count(*) FROM {Changed}", cancel);
        if (count != file.Rows)
            throw Error.RowsDiffer(Changed, file.Rows, count);
        await db.ExecuteAsync($"ANALYZE {Changed}", cancel);
    }

    /// <summary>
    /// Applies them. Says how many rows it found to replace or delete, and how many to mark as deleted.
    /// </summary>
    /// <param name="table">The target with all columns.</param>
    /// <param name="isNew">It was made for these rows.</param>
    public async Task<(long Replaced, long Marked)> ApplyAsync(TargetTable table, bool isNew)
    {
        string Quoted(string name) => PostgresSql.Identifier(table.Find(name)?.Name ?? name);
        var target = new TargetStatements(db, table, cancel);
        var written = changes
            .Written.Select(column => (Name: Quoted(column.Column.Name), Value: $"c.c{column.Place}"))
            .ToList();
        Task InsertAsync(string which, long expected) =>
            target.InsertAllAsync(
                written.Select(column => column.Name),
                $"SELECT {string.Join(", ", written.Select(column => column.Value))} FROM {Changed} AS c WHERE {which}",
                expected
            );
        if (isNew)
        {
            await InsertAsync("c.op <> 'D'", rows.Inserted + rows.Updated);
            return default;
        }

        int Index(string key) =>
            rows.Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase));
        var on = string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"c.c{Index(key)} = t.{Quoted(key)}"));
        var deletedAt = deletes == Deletes.Soft ? Quoted(RowChanges.DeletedAt) : "";
        if (deletes == Deletes.Soft) // rows that come back
            await target.DeleteAsync($"{Changed} AS c", $"{on} AND c.op = 'I' AND t.{deletedAt} IS NOT NULL");
        var went = await target.DeleteAsync(
            $"{Changed} AS c",
            $"{on} AND c.op IN ('I'{(deletes == Deletes.Hard ? ", 'D'" : "")})"
        );
        Failpoint.Hit("rows_deleted");

        // What the table has beyond the export's columns stays with its row.
        var isNumbered = changes
            .Rules.PrimaryKey.Where(key => table.Find(key)?.IsNumbered == true)
            .Select(Quoted)
            .ToList();
        var values = written.Where(column => !isNumbered.Contains(column.Name)).ToList();
        if (deletedAt.Length > 0)
            values.Add((deletedAt, "NULL"));
        var updated =
            rows.Updated == 0 ? 0 : await target.UpdateAsync(values, $"{Changed} AS c", $"c.op = 'U' AND {on}");
        if (updated > rows.Updated)
            await MendTwiceAsync(target, table, on);
        var marked =
            deletes != Deletes.Soft || rows.Deleted == 0
                ? rows.Deleted
                : await db.ExecuteAsync(
                    $"UPDATE {PostgresDialect.Instance.Qualified(table.Name)} AS t SET {deletedAt} = $1 "
                        + $"FROM {Changed} AS c WHERE c.op = 'D' AND {on}",
                    cancel,
                    now
                );
        var isMissing =
            "c.op = 'U' AND NOT EXISTS (SELECT 1 "
            + $"FROM {PostgresDialect.Instance.Qualified(table.Name)} AS t WHERE {on})";
        var missing =
            updated == rows.Updated
                ? 0
                : await db.ScalarAsync<long>($"SELECT count(*) FROM {Changed} AS c WHERE {isMissing}", cancel);
        if (updated + missing < rows.Updated)
            throw await target.NotTakenAsync("updated", rows.Updated - missing, updated);
        await InsertAsync(missing == 0 ? "c.op = 'I'" : $"c.op = 'I' OR ({isMissing})", rows.Inserted + missing);
        return (went + updated, marked);
    }

    // The rows of a key that the table has more than once are equal now in all that the changes bring: one of them
    // stays.
    private Task<long> MendTwiceAsync(TargetStatements target, TargetTable table, string on) =>
        target.DeleteAsync(
            $"""
            (SELECT t.tableoid AS part, t.ctid AS place, row_number() OVER (PARTITION BY c.ctid
                ORDER BY t.tableoid, t.ctid) AS number
                FROM {PostgresDialect.Instance.Qualified(table.Name)} AS t, {Changed} AS c
                    WHERE c.op = 'U' AND {on}) AS m
            """,
            "t.tableoid = m.part AND t.ctid = m.place AND m.number > 1"
        );
}
