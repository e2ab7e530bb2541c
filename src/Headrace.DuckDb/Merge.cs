namespace Headrace.DuckDb;

/// <summary>
/// Merges <c>temp.staged</c> into the target by primary key. DuckDB numbers the rows of a table in the order in which they came,
/// so the largest <c>rowid</c> among rows of one key is the last row of the last file: it wins.
/// </summary>
internal sealed class Merge(DuckDbConnection db, ChangeSet changes, TableShape shape, string target, CancellationToken cancel)
{
    private readonly string keys = string.Join(", ", changes.Rules.PrimaryKey.Select(Sql.Identifier));
    private readonly List<string> brought = [];
    private readonly List<string> kept = [];

    /// <summary>Leaves one row of each key; says how many went.</summary>
    public long Deduplicate()
    {
        var losers = db.Scalar<long>(
            $"SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT count(*) AS n FROM temp.staged GROUP BY {keys} HAVING count(*) > 1)", cancel);
        if (losers > 0)
            db.Execute($"DELETE FROM temp.staged WHERE rowid NOT IN (SELECT {(Failpoint.Planted("first-row-wins") ? "min" : "max")}(rowid) FROM temp.staged GROUP BY {keys})", cancel);
        return losers;
    }

    /// <summary>Finds the target's row for each staged one and counts what the merge does.</summary>
    public (long Inserted, long Updated, long Unchanged) Compare(bool hasTarget)
    {
        for (var i = 0; i < shape.Columns.Count; i++)
            (shape.Brings(i) ? brought : kept).Add(shape.Columns[i].Name);
        var staged = db.Scalar<long>("SELECT count(*) FROM temp.staged", cancel);
        var old = shape.Columns.Where(column => !column.IsNew).Select(column => column.Name).ToHashSet();
        var values = kept.Where(old.Contains).Select(name => $", t.{Sql.Identifier(name)}").ToList();
        if (!hasTarget)
        {
            db.Execute("CREATE OR REPLACE TEMP TABLE matched (staged_row BIGINT, target_row BIGINT, differs BOOLEAN)", cancel);
            return (staged, 0, 0);
        }

        var isKey = changes.Rules.PrimaryKey.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var differs = brought.Where(name => !isKey.Contains(name))
            .Select(name => old.Contains(name)
                ? $"s.{Sql.Identifier(name)} IS DISTINCT FROM t.{Sql.Identifier(name)}"
                : $"s.{Sql.Identifier(name)} IS NOT NULL").DefaultIfEmpty("false");
        var on = string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"s.{Sql.Identifier(key)} = t.{Sql.Identifier(key)}"));
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE matched AS
            SELECT s.rowid AS staged_row, t.rowid AS target_row, ({string.Join(" OR ", differs)}) AS differs{string.Concat(values)}
            FROM temp.staged AS s JOIN {target} AS t ON {on}
            """, cancel);
        using var reader = db.Query(
            "SELECT count(*), count(*) FILTER (differs) FROM (SELECT bool_or(differs) OR count(*) > 1 AS differs FROM temp.matched GROUP BY staged_row)", cancel);
        reader.Read();
        var (found, updated) = (reader.GetInt64(0), reader.GetInt64(1));
        return (staged - found, updated, found - updated);
    }

    /// <summary>Takes the old versions out and puts the new ones in; unchanged rows are not touched.</summary>
    public void Apply(string columns)
    {
        // A key that the target has twice is put right by the same way.
        db.Execute(
            """
            CREATE OR REPLACE TEMP TABLE unchanged AS
            SELECT staged_row FROM temp.matched GROUP BY staged_row HAVING NOT bool_or(differs) AND count(*) = 1
            """, cancel);
        db.Execute($"DELETE FROM {target} WHERE rowid IN (SELECT target_row FROM temp.matched WHERE staged_row NOT IN (FROM temp.unchanged))", cancel);

        var hasOld = kept.Count > 0 && db.Scalar<long>("SELECT count(*) FROM temp.matched", cancel) > 0;
        var values = shape.Columns.Select(column => hasOld && kept.Contains(column.Name) && !column.IsNew
            ? $"m.{Sql.Identifier(column.Name)}"
            : $"s.{Sql.Identifier(column.Name)}");
        var old = hasOld ? " LEFT JOIN (SELECT DISTINCT ON (staged_row) * FROM temp.matched) AS m ON m.staged_row = s.rowid" : "";
        db.Execute(
            $"INSERT INTO {target} ({columns}) SELECT {string.Join(", ", values)} FROM temp.staged AS s{old} WHERE s.rowid NOT IN (FROM temp.unchanged)", cancel);
    }
}
