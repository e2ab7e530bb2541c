namespace Headrace.DuckDb;

/// <summary>Applies changed rows to the target by primary key: what they replace goes, what they bring comes.</summary>
internal sealed class ChangeLoad(
    DuckDbConnection db,
    ChangeSet changes,
    string target,
    TimeProvider clock,
    CancellationToken cancel
)
{
    private readonly RowChanges rows = changes.Rows!;
    private readonly Deletes deletes = changes.Rules.Snapshot!.Deletes;
    private readonly string file = ChangedRows.From(changes.Rows!);

    private string On =>
        string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"c.{Column(key)} = t.{Sql.Identifier(key)}"));

    /// <summary>
    /// Applies them. Says how many rows it found to replace or delete, and how many to mark as deleted.
    /// </summary>
    /// <param name="isNew">The table was made for them.</param>
    public (long Replaced, long Marked) Apply(bool isNew)
    {
        if (isNew)
        {
            Counted(Insert("", []));
            return default;
        }

        // What the table has beyond the export's columns stays with its row.
        var kept = changes
            .From.Table!.Select(column => column.Name)
            .Where(name =>
                !rows.Columns.Any(column => Same(column.Name, name))
                && !(deletes == Deletes.Soft && Same(name, RowChanges.DeletedAt))
            )
            .ToList();
        var parts = Math.Min(
            Parts.Count(db, file, cancel, string.Join(", ", changes.Rules.PrimaryKey.Select(Column))),
            Parts.Count(
                db,
                target,
                cancel,
                string.Join(", ", changes.Rules.PrimaryKey.Concat(kept).Select(Sql.Identifier))
            )
        );
        var (went, came, marked, deletedAt) = (0L, 0L, 0L, Sql.Identifier(RowChanges.DeletedAt));
        for (var part = 0L; part < parts; part++)
        {
            var isOf = Parts.Hash(parts, part, Keys("c"));
            var found = $"{On} AND {isOf}";
            if (kept.Count > 0)
                db.Execute(
                    $"""
                    CREATE OR REPLACE TEMP TABLE kept AS SELECT DISTINCT ON ({Keys("c")}) {Keys("c")}, {string.Join(
                        ", ",
                        kept.Select((name, i) => SnapshotColumns.Text($"t.{Sql.Identifier(name)} AS o{i}"))
                    )}
                    FROM {target} AS t JOIN {file} AS c ON {found} WHERE c.op = 'U'
                    """,
                    cancel
                );
            if (deletes == Deletes.Soft) // rows that come back
                db.Execute(
                    $"""
                    DELETE FROM {target} AS t USING {file} AS c
                    WHERE {found} AND c.op = 'I' AND t.{deletedAt} IS NOT NULL
                    """,
                    cancel
                );
            went += db.Execute(
                $"DELETE FROM {target} AS t USING {file} AS c "
                    + $"WHERE {found}{(deletes == Deletes.Hard ? "" : " AND c.op <> 'D'")}",
                cancel
            );
            Failpoint.Hit("rows_deleted");
            if (deletes == Deletes.Soft && rows.Deleted > 0)
                marked += db.Execute(
                    $"UPDATE {target} AS t SET {deletedAt} = $1 FROM {file} AS c WHERE c.op = 'D' AND {found}",
                    cancel,
                    clock.GetUtcNow()
                );
            came += Insert(kept.Count == 0 ? "" : $" LEFT JOIN temp.kept AS k USING ({Keys()})", kept, isOf);
        }

        Counted(came);
        return (went, marked);
    }

    private long Insert(string join, IReadOnlyList<string> kept, string isOf = "true")
    {
        var written = changes.Written.ToList();
        var names = written.Select(column => Sql.Identifier(column.Column.Name)).Concat(kept.Select(Sql.Identifier));
        var values = written
            .Select(column => SnapshotColumns.Text($"c.c{column.Place}"))
            .Concat(kept.Select((_, i) => SnapshotColumns.Text($"k.o{i}")));
        return db.Execute(
            $"INSERT INTO {target} ({string.Join(", ", names)}) SELECT {string.Join(", ", values)} "
                + $"FROM {file} AS c{join} WHERE c.op <> 'D' AND {isOf}",
            cancel
        );
    }

    // Each row of the file must have come, once.
    private void Counted(long came)
    {
        if (came != rows.Inserted + rows.Updated)
            throw Error.RowsDiffer(changes.Target.ToString(), rows.Inserted + rows.Updated, came);
    }

    private string Keys(string? alias = null) =>
        string.Join(", ", changes.Rules.PrimaryKey.Select(key => $"{(alias is null ? "" : $"{alias}.")}{Column(key)}"));

    private string Column(string name) =>
        SnapshotColumns.Text($"c{rows.Columns.ToList().FindIndex(column => Same(column.Name, name))}");

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
