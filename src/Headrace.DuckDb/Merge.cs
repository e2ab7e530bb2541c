namespace Headrace.DuckDb;

/// <summary>
/// Merges <c>temp.staged</c> into the target by primary key. DuckDB numbers the rows of a table in the order in which they came,
/// so the largest <c>rowid</c> among rows of one key is the last row of the last file: it wins.
/// </summary>
internal sealed class Merge(DuckDbConnection db, ChangeSet changes, TableShape shape, string target, CancellationToken cancel)
{
    private readonly string keys = string.Join(", ", changes.Rules.PrimaryKey.Select(Sql.Identifier));
    private readonly List<string> brought = [.. shape.Columns.Where((_, i) => shape.Brings(i)).Select(column => column.Name)];

    // Columns that the target has and the files do not bring.
    private readonly List<string> old = [.. shape.Columns.Where((column, i) => !column.IsNew && !shape.Brings(i)).Select(column => column.Name)];

    /// <summary>Leaves one row of each key; says how many went.</summary>
    public long Deduplicate(string table)
    {
        var losers = db.Scalar<long>(
            $"SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT count(*) AS n FROM {table} GROUP BY {keys} HAVING count(*) > 1)", cancel);
        if (losers > 0)
            db.Execute($"DELETE FROM {table} WHERE rowid NOT IN (SELECT {(Failpoint.Planted("first-row-wins") ? "min" : "max")}(rowid) FROM {table} GROUP BY {keys})", cancel);
        return losers;
    }

    /// <summary>Finds the target's row for each staged one and counts what the merge does.</summary>
    public (long Inserted, long Updated, long Unchanged) Compare(bool hasTarget)
    {
        var staged = db.Scalar<long>("SELECT count(*) FROM temp.staged", cancel);
        var values = old.Select(name => $", t.{Sql.Identifier(name)}");
        var known = shape.Columns.Where(column => !column.IsNew).Select(column => column.Name).ToHashSet();
        if (!hasTarget)
        {
            old.Clear();
            db.Execute("CREATE OR REPLACE TEMP TABLE matched (staged_row BIGINT, target_row BIGINT, differs BOOLEAN)", cancel);
            return (staged, 0, 0);
        }

        var isKey = changes.Rules.PrimaryKey.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var differs = string.Join(" OR ", brought.Where(name => !isKey.Contains(name)).Select(name => known.Contains(name) ? Differs(name)
            : $"s.{Sql.Identifier(name)} IS NOT NULL").DefaultIfEmpty("false"));
        var on = string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"s.{Sql.Identifier(key)} = t.{Sql.Identifier(key)}"));

        // A row with another value in the column that changes with it has changed: the target's other columns need not be read.
        var sign = old.Count > 0 ? null : brought.Find(name => name.Equals(changes.Rules.UpdateKey, StringComparison.OrdinalIgnoreCase) && known.Contains(name) && !isKey.Contains(name));
        using (var filter = Filter("temp.staged", staged))
            db.Execute(
                $"""
                CREATE OR REPLACE TEMP TABLE matched AS
                SELECT s.rowid AS staged_row, t.rowid AS target_row, ({(sign is null ? differs : Differs(sign))}) AS differs{string.Concat(values)}
                FROM temp.staged AS s JOIN {target} AS t ON {on} WHERE {filter.Condition("t")}
                """, cancel);
        if (sign is not null)
            CompareRest(on, differs);
        using var reader = db.Query(
            "SELECT count(*), count(*) FILTER (differs) FROM (SELECT bool_or(differs) OR count(*) > 1 AS differs FROM temp.matched GROUP BY staged_row)", cancel);
        reader.Read();
        var (found, updated) = (reader.GetInt64(0), reader.GetInt64(1));
        return (staged - found, updated, found - updated);
    }

    private static string Differs(string name) => $"s.{Sql.Identifier(name)} IS DISTINCT FROM t.{Sql.Identifier(name)}";

    private KeyFilter Filter(string rows, long count) =>
        new(db, target == HeadraceTables.Target(changes.Target) ? changes.Target : TableName.None, changes.Rules.PrimaryKey, rows, count, cancel);

    // Rows that were read once more are few and lie together.
    private void CompareRest(string on, string differs)
    {
        const string Same = "(FROM temp.staged SEMI JOIN (SELECT staged_row FROM temp.matched WHERE NOT differs) AS m ON staged.rowid = m.staged_row)";
        if (db.Scalar<long>($"SELECT count(*) FROM {Same}", cancel) is var rows && rows == 0)
            return;
        using var filter = Filter(Same, rows);
        db.Execute(
            $"UPDATE temp.matched SET differs = true WHERE NOT differs AND target_row IN (SELECT t.rowid FROM {Same} AS s JOIN {target} AS t ON {on} WHERE {filter.Condition("t")} AND ({differs}))", cancel);
    }

    /// <summary>Takes the old versions out and puts the new ones in; unchanged rows are not touched.</summary>
    public void Apply()
    {
        // A key that the target has twice is put right by the same way.
        db.Execute(
            """
            CREATE OR REPLACE TEMP TABLE unchanged AS
            SELECT staged_row FROM temp.matched GROUP BY staged_row HAVING NOT bool_or(differs) AND count(*) = 1
            """, cancel);
        db.Execute($"DELETE FROM {target} WHERE rowid IN (SELECT target_row FROM temp.matched WHERE staged_row NOT IN (FROM temp.unchanged))", cancel);

        // A row that is there keeps what the files do not bring; a new one gets the table's defaults.
        var names = string.Join(", ", brought.Select(Sql.Identifier));
        var all = string.Join(", ", brought.Concat(old).Select(Sql.Identifier));
        var values = string.Join(", ", [.. brought.Select(name => $"s.{Sql.Identifier(name)}"), .. old.Select(name => $"m.{Sql.Identifier(name)}")]);
        if (old.Count > 0)
            db.Execute(
                $"""
                INSERT INTO {target} ({all}) SELECT {values} FROM temp.staged AS s JOIN (SELECT DISTINCT ON (staged_row) * FROM temp.matched) AS m ON m.staged_row = s.rowid
                WHERE s.rowid NOT IN (FROM temp.unchanged)
                """, cancel);
        var isNew = old.Count > 0 ? " AND s.rowid NOT IN (SELECT staged_row FROM temp.matched)" : "";
        db.Execute(
            $"INSERT INTO {target} ({names}) SELECT {string.Join(", ", brought.Select(name => $"s.{Sql.Identifier(name)}"))} FROM temp.staged AS s WHERE s.rowid NOT IN (FROM temp.unchanged){isNew}", cancel);
    }
}
