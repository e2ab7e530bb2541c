using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>Rows of the quarantine on their way into a table of a DuckDB warehouse.</summary>
internal sealed class DuckDbReleasedRows(
    DuckDbConnection db,
    TargetTable table,
    Mending mending,
    CancellationToken cancel
) : ReleasedRows
{
    private const string Staged = "temp.released";

    private readonly IReadOnlyList<Column> columns = table.Columns;
    private readonly string target = HeadraceTables.Target(table.Name);
    private readonly IReadOnlyList<string> keys = mending.Rules.PrimaryKey;
    private readonly QuarantineReader rows = new(db, table.Columns, mending, null, cancel);

    public override IReadOnlyList<string> Ids =>
        [
            .. Parts
                .Ranges(db, Staged, "r.rowid", cancel)
                .Select(part => $"SELECT r.headrace_id FROM {Staged} AS r WHERE {part}"),
        ];

    public override Task StageAsync(string waiting)
    {
        rows.Stage(waiting);
        return Task.CompletedTask;
    }

    public override Task ApplyAsync()
    {
        foreach (var part in Parts.Ranges(db, Staged, "r.rowid", cancel))
            Insert(part);
        return Task.CompletedTask;
    }

    private void Insert(string part)
    {
        var all = string.Join(", ", columns.Select(column => Sql.Identifier(column.Name)));
        if (keys.Count == 0)
        {
            InsertNew("", part);
            return;
        }

        var on = string.Join(" AND ", keys.Select(key => $"r.v{IndexOf(key)} = t.{Sql.Identifier(key)}").Append(part));
        var old = columns.Select((column, i) => $"t.{Sql.Identifier(column.Name)} AS o{i}");
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE kept AS
            SELECT DISTINCT ON (r.headrace_id) r.headrace_id, {string.Join(
                ", ",
                old
            )} FROM {Staged} AS r JOIN {target} AS t ON {on}
            """,
            cancel
        );
        db.Execute($"DELETE FROM {target} AS t USING {Staged} AS r WHERE {on}", cancel);
        var values = columns.Select((_, i) => $"CASE WHEN r.has_{i} THEN r.v{i} ELSE k.o{i} END");
        db.Execute(
            $"""
            INSERT INTO {target} ({all}) SELECT {string.Join(
                ", ",
                values
            )} FROM {Staged} AS r JOIN temp.kept AS k USING (headrace_id)
            WHERE {part} ORDER BY headrace_id
            """,
            cancel
        );
        InsertNew(" ANTI JOIN temp.kept USING (headrace_id)", part);
    }

    private void InsertNew(string which, string part)
    {
        foreach (var (some, like) in rows.Inserted())
            db.Execute(
                $"""
                INSERT INTO {target} ({string.Join(
                    ", ",
                    some.Select(i => Sql.Identifier(columns[i].Name))
                )}) SELECT {string.Join(", ", some.Select(i => $"v{i}"))}
                FROM {Staged} AS r{which} WHERE {part} AND {QuarantineReader.Brings(
                    columns.Count
                )} LIKE '{like}' ORDER BY headrace_id
                """,
                cancel
            );
    }

    private int IndexOf(string key) =>
        columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase));
}
