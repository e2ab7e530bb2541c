using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// Merges <c>temp.staged</c> into the target by primary key. DuckDB numbers the rows of a table in the order in which
/// they came, so the largest <c>rowid</c> among rows of one key is the last row of the last file: it wins. Names of
/// Headrace's own stand in tables of its own only, where no column has a user's name.
/// </summary>
/// <remarks>
/// Rows are left out by anti joins, which spill; DuckDB keeps the list of a <c>NOT IN</c> in memory as a whole.
/// </remarks>
internal sealed class Merge(
    DuckDbConnection db,
    ChangeSet changes,
    TableShape shape,
    string target,
    CancellationToken cancel
)
{
    private readonly List<int> brought = [.. Enumerable.Range(0, shape.Columns.Count).Where(shape.Brings)];

    // Columns that the target has and the files do not bring.
    private readonly List<int> old =
    [
        .. Enumerable.Range(0, shape.Columns.Count).Where(i => !shape.Columns[i].IsNew && !shape.Brings(i)),
    ];

    // Else the target's rows are told by their keys.
    private readonly bool hasRowNumbers = StagedTable.HasRowNumbers(changes, shape);

    private string On =>
        string.Join(
            " AND ",
            changes.Rules.PrimaryKey.Select(key => $"s.{Staged(shape.IndexOf(key))} = t.{Sql.Identifier(key)}")
        );

    /// <summary>Leaves one row of each key among the staged ones; says how many went.</summary>
    public long Deduplicate() =>
        Deduplicate(StagedTable.Name, changes.Rules.PrimaryKey.Select(key => Staged(shape.IndexOf(key))));

    /// <summary>The same in the target, whose rows must have numbers.</summary>
    public long DeduplicateTarget() => Deduplicate(target, changes.Rules.PrimaryKey.Select(Sql.Identifier));

    private long Deduplicate(string table, IEnumerable<string> key)
    {
        var keys = key.ToList();
        var winner = Failpoint.Planted("first-row-wins") ? "min" : "max";
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE twice AS
            SELECT {string.Join(
                ", ",
                keys.Select((name, i) => SnapshotColumns.Text($"{name} AS k{i}"))
            )}, {winner}(rowid) AS winner, count(*) AS times
            FROM {table} GROUP BY {string.Join(", ", Enumerable.Range(1, keys.Count))} HAVING count(*) > 1
            """,
            cancel
        );
        var losers = db.Scalar<long>("SELECT coalesce(sum(times - 1), 0)::BIGINT FROM temp.twice", cancel);
        var on = string.Join(" AND ", keys.Select((name, i) => SnapshotColumns.Text($"l.{name} = w.k{i}")));
        foreach (var part in losers == 0 ? [] : Parts.Ranges(db, "temp.twice", "w.rowid", cancel))
            db.Execute(
                $"DELETE FROM {table} AS l USING temp.twice AS w WHERE {on} AND l.rowid <> w.winner AND {part}",
                cancel
            );
        return losers;
    }

    /// <summary>
    /// Finds the target's row for each staged one, takes the old versions out and puts the new ones in, and counts;
    /// unchanged rows are not touched. Each key is staged once, so that parts of the staged rows have nothing to do
    /// with one another.
    /// </summary>
    public MergeCounts Run(bool hasTarget)
    {
        if (!hasTarget)
            old.Clear();
        var (inserted, updated, unchanged) = (0L, 0L, 0L);
        foreach (var part in hasTarget ? Parts.Ranges(db, StagedTable.Name, "s.rowid", cancel) : ["true"])
        {
            var counted = Compare(hasTarget, part);
            Apply(part);
            (inserted, updated, unchanged) = (
                inserted + counted.Inserted,
                updated + counted.Updated,
                unchanged + counted.Unchanged
            );
        }

        return new MergeCounts(inserted, updated, unchanged);
    }

    private (long Inserted, long Updated, long Unchanged) Compare(bool hasTarget, string part)
    {
        var staged = db.Scalar<long>($"SELECT count(*) FROM temp.staged AS s WHERE {part}", cancel);
        var values = old.Select(i => $", t.{Name(i)} AS {Kept(i)}");
        if (!hasTarget)
        {
            db.Execute(
                "CREATE OR REPLACE TEMP TABLE matched (staged_row BIGINT, target_row BIGINT, differs BOOLEAN)",
                cancel
            );
            return (staged, 0, 0);
        }

        var isKey = changes.Rules.PrimaryKey.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var differs = string.Join(
            " OR ",
            brought
                .Where(i => !isKey.Contains(shape.Columns[i].Name))
                .Select(i => !shape.Columns[i].IsNew ? Differs(i) : $"s.{Staged(i)} IS NOT NULL")
                .DefaultIfEmpty("false")
        );

        // A row with another value in the column that changes with it has changed: the target's other columns need not
        // be read.
        var sign =
            old.Count > 0 || !hasRowNumbers || changes.Rules.UpdateKey is not { } changed || isKey.Contains(changed)
                ? -1
                : shape.IndexOf(changed);
        if (sign >= 0 && (shape.Columns[sign].IsNew || !brought.Contains(sign)))
            sign = -1;
        using (var filter = Filter(part == "true" ? StagedTable.Name : $"(FROM temp.staged AS s WHERE {part})", staged))
            db.Execute(
                $"""
                CREATE OR REPLACE TEMP TABLE matched AS
                SELECT s.rowid AS staged_row, {(hasRowNumbers ? "t.rowid" : "NULL::BIGINT")} AS target_row, ({(
                    sign < 0 ? differs : Differs(sign)
                )}) AS differs{string.Concat(values)}
                FROM temp.staged AS s JOIN {target} AS t ON {On} WHERE {part} AND {filter.Condition("t")}
                """,
                cancel
            );
        if (sign >= 0)
            CompareRest(differs, part);
        using var reader = db.Query(
            """
            SELECT count(*), count(*) FILTER (differs)
            FROM (SELECT bool_or(differs) OR count(*) > 1 AS differs FROM temp.matched GROUP BY staged_row)
            """,
            cancel
        );
        reader.Read();
        var (found, updated) = (reader.GetInt64(0), reader.GetInt64(1));
        return (staged - found, updated, found - updated);
    }

    private string Name(int column) => Sql.Identifier(shape.Columns[column].Name);

    private static string Staged(int column) => StagedTable.Column(column);

    private static string Kept(int column) => SnapshotColumns.Text($"o{column}");

    private string Differs(int column) =>
        JsonText.Differ($"s.{Staged(column)}", $"t.{Name(column)}", shape.Columns[column].Type);

    private KeyFilter Filter(string rows, long count) =>
        new(
            db,
            target == HeadraceTables.Target(changes.Target) ? changes.Target : TableName.None,
            [.. changes.Rules.PrimaryKey.Select(key => (key, Staged(shape.IndexOf(key))))],
            rows,
            count,
            cancel
        );

    // Rows that were read once more are few and lie together.
    private void CompareRest(string differs, string part)
    {
        var same =
            "(FROM temp.staged AS s SEMI JOIN (SELECT staged_row FROM temp.matched "
            + $"WHERE NOT differs) AS m ON s.rowid = m.staged_row WHERE {part})";
        if (db.Scalar<long>($"SELECT count(*) FROM {same}", cancel) is var rows && rows == 0)
            return;
        using var filter = Filter(same, rows);
        db.Execute(
            $"""
            UPDATE temp.matched SET differs = true WHERE NOT differs AND target_row IN (SELECT t.rowid
            FROM {same} AS s JOIN {target} AS t ON {On} WHERE {filter.Condition("t")} AND ({differs}))
            """,
            cancel
        );
    }

    private void Apply(string part)
    {
        // A key that the target has twice is put right by the same way.
        db.Execute(
            """
            CREATE OR REPLACE TEMP TABLE unchanged AS
            SELECT staged_row FROM temp.matched GROUP BY staged_row HAVING NOT bool_or(differs) AND count(*) = 1
            """,
            cancel
        );
        const string Going = "SELECT staged_row FROM temp.matched ANTI JOIN temp.unchanged USING (staged_row)";
        db.Execute(
            hasRowNumbers
                ? $"""
                DELETE FROM {target} WHERE rowid
                IN ({Going.Replace("SELECT staged_row", "SELECT target_row", StringComparison.Ordinal)})
                """
                : $"DELETE FROM {target} AS t USING temp.staged AS s WHERE {On} AND s.rowid IN ({Going})",
            cancel
        );

        // A row that is there keeps what the files do not bring; a new one gets the table's defaults.
        var names = string.Join(", ", brought.Select(Name));
        var all = string.Join(", ", brought.Concat(old).Select(Name));
        var values = string.Join(", ", [.. brought.Select(i => $"s.{Staged(i)}"), .. old.Select(i => $"m.{Kept(i)}")]);
        if (old.Count > 0)
            db.Execute(
                $"""
                INSERT INTO {target} ({all}) SELECT {values} FROM temp.staged AS s
                    JOIN (SELECT DISTINCT ON (staged_row) * FROM temp.matched) AS m ON m.staged_row = s.rowid
                ANTI JOIN temp.unchanged AS u ON u.staged_row = s.rowid WHERE {part}
                """,
                cancel
            );
        var isNew = old.Count > 0 ? " ANTI JOIN temp.matched AS m ON m.staged_row = s.rowid" : "";
        db.Execute(
            $"INSERT INTO {target} ({names}) "
                + $"SELECT {string.Join(", ", brought.Select(i => $"s.{Staged(i)}"))} FROM temp.staged AS s "
                + $"ANTI JOIN temp.unchanged AS u ON u.staged_row = s.rowid{isNew} WHERE {part}",
            cancel
        );
    }
}
