using Npgsql;

namespace Headrace.Postgres;

/// <summary>Applies changed rows to the target by primary key; nothing else writes to it meanwhile.</summary>
internal sealed class TableChangeLoad(NpgsqlConnection db, ChangeSet changes, TimeProvider clock, CancellationToken cancel)
{
    private const string Changed = "pg_temp.headrace_changed";

    private readonly RowChanges rows = changes.Rows!;
    private readonly Deletes deletes = changes.Rules.Snapshot!.Deletes;

    /// <summary>The columns that the table must have.</summary>
    public IReadOnlyList<Column> Wanted => deletes == Deletes.Soft
        ? [.. rows.Columns, new Column(RowChanges.DeletedAt, new ColumnType(TypeKind.TimestampTz))] : rows.Columns;

    /// <summary>Copies the changes into a temporary table with the types that the target has, or will have.</summary>
    public async Task StageAsync(TargetTable? table, RowsFile file, Action<long>? progress)
    {
        var columns = rows.Columns.Select((column, i) => $"c{i} {table?.Find(column.Name)?.TypeName ?? TargetTypes.Name(column.Type)}");
        await db.ExecuteAsync($"CREATE TEMP TABLE headrace_changed (op text, {string.Join(", ", columns)}) ON COMMIT DROP", cancel);
        await TextCopy.InAsync(db, Changed, file with { Columns = ["op", .. rows.Columns.Select((_, i) => $"c{i}")] }, progress, cancel);
        var count = await db.ScalarAsync<long>($"SELECT count(*) FROM {Changed}", cancel);
        if (count != file.Rows)
            throw Error.Bug($"{file.Rows} rows were sent and {count} arrived.");
        await db.ExecuteAsync($"ANALYZE {Changed}", cancel);
    }

    /// <summary>Applies them; the sentences are for the run's record.</summary>
    /// <param name="table">The target with all columns.</param>
    /// <param name="isNew">It was made for these rows.</param>
    public async Task<IReadOnlyList<string>> ApplyAsync(TargetTable table, bool isNew)
    {
        if (rows.Inserted + rows.Updated + rows.Deleted == 0)
            return [];
        string Quoted(string name) => PostgresSql.Identifier(table.Find(name)?.Name ?? name);
        var names = rows.Columns.Select(column => Quoted(column.Name)).ToList();
        var insert = $"INSERT INTO {table.Quoted} ({string.Join(", ", names)}) SELECT {string.Join(", ", names.Select((_, i) => $"c.c{i}"))} FROM {Changed} AS c WHERE";
        if (isNew)
        {
            await db.ExecuteAsync($"{insert} c.op <> 'D'", cancel);
            return [];
        }

        int Index(string key) => rows.Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase));
        var on = string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"c.c{Index(key)} = t.{Quoted(key)}"));
        var deletedAt = deletes == Deletes.Soft ? Quoted(RowChanges.DeletedAt) : "";
        var replaced = rows.Updated + (deletes == Deletes.Hard ? rows.Deleted : 0);
        if (deletes == Deletes.Soft) // rows that come back
            await db.ExecuteAsync($"DELETE FROM {table.Quoted} AS t USING {Changed} AS c WHERE {on} AND c.op = 'I' AND t.{deletedAt} IS NOT NULL", cancel);
        var went = await db.ExecuteAsync($"DELETE FROM {table.Quoted} AS t USING {Changed} AS c WHERE {on} AND c.op IN ('I'{(deletes == Deletes.Hard ? ", 'D'" : "")})", cancel);
        Failpoint.Hit("rows_deleted");

        // What the table has beyond the export's columns stays with its row.
        var set = names.Select((name, i) => $"{name} = c.c{i}");
        var updated = rows.Updated == 0 ? 0 : await db.ExecuteAsync(
            $"UPDATE {table.Quoted} AS t SET {string.Join(", ", deletedAt.Length == 0 ? set : set.Append($"{deletedAt} = NULL"))} FROM {Changed} AS c WHERE c.op = 'U' AND {on}", cancel);
        var marked = deletes != Deletes.Soft || rows.Deleted == 0 ? rows.Deleted
            : await db.ExecuteAsync($"UPDATE {table.Quoted} AS t SET {deletedAt} = $1 FROM {Changed} AS c WHERE c.op = 'D' AND {on}", cancel, clock.GetUtcNow());
        var missing = updated == rows.Updated ? "" : $" OR (c.op = 'U' AND NOT EXISTS (SELECT 1 FROM {table.Quoted} AS t WHERE {on}))";
        await db.ExecuteAsync($"{insert} c.op = 'I'{missing}", cancel);
        return went + updated == replaced && marked == rows.Deleted ? []
            : [$"{changes.Target} was changed by others since the export before: {replaced} of its rows were to be replaced, {went + updated} were there"];
    }
}
