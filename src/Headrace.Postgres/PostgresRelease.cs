using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Puts quarantined rows of one table into it, with their new status, in one transaction.</summary>
/// <param name="folder">An absolute folder of its own, which is there.</param>
internal sealed class PostgresRelease(
    NpgsqlConnection db, DuckDbConnection engine, string folder, TargetTable table, Mending mending, TimeProvider clock, CancellationToken cancel)
{
    private const string Staged = "pg_temp.headrace_released";

    private readonly IReadOnlyList<Column> columns = table.Columns;
    private IReadOnlyList<(IReadOnlyList<int> Columns, string Like)> inserted = [];

    /// <summary>
    /// Loads those of the rows that fit now; says how many. Rows whose table was replaced since they were set aside are
    /// marked as superseded: in their turn they would have been replaced too.
    /// </summary>
    /// <param name="waiting">The condition that they meet.</param>
    /// <param name="name">Their table.</param>
    public async Task<(long Released, long Superseded)> TakeAsync(string waiting, TableName name)
    {
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);

        // A load of their datasets that is under way ends first, and one that was built before this finds that it was overtaken: it would
        // leave rows that its export no longer has. Of two releases at once one finds that the rows do not wait any more.
        var chosen = $"{waiting} AND coalesce(schema_name, '') = {PostgresSql.Literal(name.Schema)} AND coalesce(table_name, '') = {PostgresSql.Literal(name.Table)}";
        await PostgresQuarantine.MoveAsync(db, $"SELECT dataset FROM headrace.quarantine WHERE {chosen}", clock.GetUtcNow(), cancel);
        await db.ExecuteAsync($"SELECT count(*) FROM (SELECT 1 FROM headrace.quarantine WHERE {chosen} ORDER BY id FOR UPDATE) AS locked", cancel);
        var superseded = await db.ExecuteAsync(
            $"""
            UPDATE headrace.quarantine AS q SET status = 'superseded', resolved_at = $1, resolution = 'newer rows have replaced the table'
            WHERE {chosen} AND EXISTS (SELECT 1 FROM headrace.loads AS l WHERE l.schema_name = q.schema_name
                AND l.table_name = q.table_name AND l.operation IN ('replace', 'truncate', 'changes') AND l.load_id <> q.load_id AND l.committed_at > q.held_at)
            """, cancel, clock.GetUtcNow());
        await StageAsync(chosen);
        await InsertAsync();
        Failpoint.Hit("rows_applied");

        // What the last export held is not what the table holds any more: the next comparison asks the table.
        await db.ExecuteAsync(
            $"""
            UPDATE headrace.positions SET load_id = $1 WHERE dataset IN
                (SELECT dataset FROM headrace.quarantine WHERE operation = 'changes' AND id IN (SELECT headrace_id FROM {Staged}))
            """, cancel, Id.New("q", clock));
        var taken = await db.ExecuteAsync(
            $"UPDATE headrace.quarantine SET status = 'released', resolved_at = $1 WHERE status = 'waiting' AND id IN (SELECT headrace_id FROM {Staged})", cancel, clock.GetUtcNow());
        Failpoint.Hit("before_commit");
        await db.CommitAsync(transaction, CancellationToken.None);
        Failpoint.Hit("after_commit");
        return (taken, superseded);
    }

    // The engine reads the rows again, and those that fit come back with their types.
    private async Task StageAsync(string chosen)
    {
        var (asked, answer) = (Path.Combine(folder, "waiting.csv"), Path.Combine(folder, "released.csv"));
        var longest = await TextCopy.OutAsync(db, $"SELECT id, \"row\" FROM headrace.quarantine WHERE {chosen} AND \"row\" IS NOT NULL", asked, cancel);
        var sent = await Task.Run(() =>
        {
            var rows = new MendedRows(engine, columns, mending, PostgresWarehouse.Limits, cancel);
            rows.Stage(
                $"SELECT * FROM {SpoolCsv.Read([asked], longest, [("id", "BIGINT"), ("row", "VARCHAR")])}");
            var values = columns.Select((column, i) => $"{TargetTypes.Written($"v{i}", column.Type)} AS w{i}");
            var texts = columns.Select((column, i) => (column.Type.Kind, Name: $"w{i}")).Where(column => column.Kind is TypeKind.Text or TypeKind.Json).Select(column => column.Name).ToList();
            var written = engine.Execute(
                $"""
                COPY (SELECT headrace_id, {MendedRows.Brings(columns.Count)} AS has, {string.Join(", ", values)} FROM temp.released) TO {Sql.Literal(answer)}
                (FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR ''{(texts.Count == 0 ? "" : $", FORCE_QUOTE ({string.Join(", ", texts)})")})
                """, cancel);
            inserted = rows.Inserted();
            return written;
        }, cancel);
        var types = columns.Select((column, i) => $"v{i} {table.Find(column.Name)!.TypeName}");
        await db.ExecuteAsync($"CREATE TEMP TABLE headrace_released (headrace_id bigint, has text, {string.Join(", ", types)}) ON COMMIT DROP", cancel);
        await TextCopy.InAsync(db, Staged, new RowsFile(answer, ["headrace_id", "has", .. columns.Select((_, i) => $"v{i}")], sent), null, cancel);
    }

    // Somebody decided that these rows count: they take the place of what the table has for their keys. What a row does
    // not bring keeps its value, as in a merge.
    private async Task InsertAsync()
    {
        await db.ExecuteAsync($"LOCK TABLE {table.Quoted} IN SHARE ROW EXCLUSIVE MODE", cancel);
        var names = columns.Select(column => PostgresSql.Identifier(column.Name)).ToList();
        var keys = mending.Rules.PrimaryKey.Select(key => columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))).ToList();
        var (isThere, target) = ("false", new TargetWriter(db, table, cancel));
        if (keys.Count > 0)
        {
            var on = string.Join(" AND ", keys.Select(i => $"r.v{i} = t.{names[i]}"));
            var values = names.Select((name, i) => (Name: name, i)).Where(column => !keys.Contains(column.i)).Select(column => (column.Name, $"CASE WHEN substr(r.has, {column.i + 1}, 1) = '1' THEN r.v{column.i} ELSE t.{column.Name} END")).ToList();
            if (values.Count > 0)
                await target.UpdateAsync(values, $"{Staged} AS r", on);
            isThere = $"EXISTS (SELECT 1 FROM {table.Quoted} AS t WHERE {on})";
        }

        foreach (var (some, like) in inserted)
        {
            var which = $"FROM {Staged} AS r WHERE r.has LIKE '{like}' AND NOT {isThere}";
            var missing = await db.ScalarAsync<long>($"SELECT count(*) {which}", cancel);
            await target.InsertAllAsync(some.Select(i => names[i]), $"SELECT {string.Join(", ", some.Select(i => $"r.v{i}"))} {which} ORDER BY headrace_id", missing);
        }
    }
}
