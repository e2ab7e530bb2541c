namespace Headrace.DuckDb;

/// <summary>Puts quarantined rows of one table into it, with their new status, in one transaction.</summary>
internal sealed class Release(
    DuckDbConnection db, TableName name, IReadOnlyList<Column> columns, Mending mending, TimeProvider clock, CancellationToken cancel)
{
    private static readonly string Table = HeadraceTables.Table("quarantine");
    private readonly string target = HeadraceTables.Target(name);
    private readonly IReadOnlyList<string> keys = mending.Rules.PrimaryKey;

    /// <summary>
    /// Loads those of the rows that fit now; says how many. Rows whose table was replaced since they were set aside are
    /// marked as superseded: in their turn they would have been replaced too.
    /// </summary>
    /// <param name="waiting">The condition that they meet.</param>
    public (long Released, long Superseded) Take(string waiting)
    {
        db.Execute("BEGIN", cancel);
        try
        {
            var chosen = $"{waiting} AND schema_name = {Sql.Literal(name.Schema)} AND table_name = {Sql.Literal(name.Table)}";
            DuckDbQuarantine.Move(db, chosen, cancel);
            var superseded = db.Execute(
                $"""
                UPDATE {Table} AS q SET status = 'superseded', resolved_at = $1, resolution = 'newer rows have replaced the table'
                WHERE {chosen} AND EXISTS (SELECT 1 FROM {HeadraceTables.Table("loads")} AS l WHERE l.schema_name = q.schema_name
                    AND l.table_name = q.table_name AND l.operation IN ('replace', 'truncate', 'changes') AND l.load_id <> q.load_id AND l.committed_at > q.held_at)
                """, cancel, clock.GetUtcNow());
            Stage(chosen);
            foreach (var part in Parts.Ranges(db, "temp.released", "r.rowid", cancel))
                Insert(part);
            Failpoint.Hit("rows_applied");

            // What the last export held is not what the table holds any more: the next comparison asks the table.
            db.Execute(
                $"""
                UPDATE {HeadraceTables.Table("positions")} SET load_id = $1
                WHERE dataset IN (SELECT dataset FROM {Table} WHERE operation = 'changes' AND id IN (SELECT headrace_id FROM temp.released))
                """, cancel, Headrace.Id.New("q", clock));
            var taken = Parts.Ranges(db, "temp.released", "r.rowid", cancel).Sum(part => db.Execute(
                $"UPDATE {Table} SET status = 'released', resolved_at = $1 WHERE status = 'waiting' AND id IN (SELECT r.headrace_id FROM temp.released AS r WHERE {part})",
                cancel, clock.GetUtcNow()));
            Failpoint.Hit("before_commit");
            db.Execute("COMMIT", CancellationToken.None);
            Failpoint.Hit("after_commit");
            return (taken, superseded);
        }
        catch
        {
            db.Rollback();
            throw;
        }
    }

    private readonly MendedRows rows = new(db, columns, mending, null, cancel);

    private void Stage(string chosen) => rows.Stage($"SELECT id, \"row\" FROM {Table} WHERE {chosen} AND \"row\" IS NOT NULL");

    // Somebody decided that these rows count: they take the place of what the table has for their keys. What a row does
    // not bring keeps its value, as in a merge.
    private void Insert(string part)
    {
        var all = string.Join(", ", columns.Select(column => Sql.Identifier(column.Name)));
        if (keys.Count == 0)
        {
            InsertNew("", part);
            return;
        }

        var on = string.Join(" AND ", keys.Select(key => $"r.v{columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))} = t.{Sql.Identifier(key)}").Append(part));
        var old = columns.Select((column, i) => $"t.{Sql.Identifier(column.Name)} AS o{i}");
        db.Execute($"CREATE OR REPLACE TEMP TABLE kept AS SELECT DISTINCT ON (r.headrace_id) r.headrace_id, {string.Join(", ", old)} FROM temp.released AS r JOIN {target} AS t ON {on}", cancel);
        db.Execute($"DELETE FROM {target} AS t USING temp.released AS r WHERE {on}", cancel);
        var values = columns.Select((_, i) => $"CASE WHEN r.has_{i} THEN r.v{i} ELSE k.o{i} END");
        db.Execute(
            $"INSERT INTO {target} ({all}) SELECT {string.Join(", ", values)} FROM temp.released AS r JOIN temp.kept AS k USING (headrace_id) WHERE {part} ORDER BY headrace_id", cancel);
        InsertNew(" ANTI JOIN temp.kept USING (headrace_id)", part);
    }

    private void InsertNew(string which, string part)
    {
        foreach (var (some, like) in rows.Inserted())
            db.Execute(
                $"""
                INSERT INTO {target} ({string.Join(", ", some.Select(i => Sql.Identifier(columns[i].Name)))}) SELECT {string.Join(", ", some.Select(i => $"v{i}"))}
                FROM temp.released AS r{which} WHERE {part} AND {MendedRows.Brings(columns.Count)} LIKE '{like}' ORDER BY headrace_id
                """, cancel);
    }
}
