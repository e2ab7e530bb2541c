using Headrace.Engines;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Merges staged rows, each key once, into the target by primary key; nothing else writes to the target meanwhile. A
/// key that the target has twice is put right by the way.
/// </summary>
internal sealed class TableMerge(
    NpgsqlConnection db,
    TargetTable table,
    TableShape shape,
    ChangeSet changes,
    CancellationToken cancel
)
{
    /// <summary>The temporary table that <see cref="StageAsync"/> makes.</summary>
    private const string Staged = "pg_temp.headrace_staged";

    // Which staged row has which rows of the target. A partition has rows with the same place as another one.
    private const string Matched = "pg_temp.headrace_matched";

    private readonly List<string> keys =
    [
        .. changes.Rules.PrimaryKey.Select(key => shape.Columns.First(column => Same(column.Name, key)).Name),
    ];

    /// <summary>Copies rows into a temporary table with the types that the target has, or will have.</summary>
    /// <param name="table">The target as it is; null when it is new.</param>
    public static async Task StageAsync(
        NpgsqlConnection db,
        TargetTable? table,
        TableShape shape,
        IReadOnlyList<RowsFile> files,
        Action<long>? progress,
        CancellationToken cancel
    )
    {
        var columns = files[0]
            .Columns.Select(name =>
                $"{PostgresSql.Identifier(name)} "
                + (
                    table?.Find(name)?.TypeName
                    ?? TargetTypes.Name(shape.Columns.First(column => Same(column.Name, name)).Type!.Value)
                )
            );
        await db.ExecuteAsync(
            $"CREATE TEMP TABLE headrace_staged ({string.Join(", ", columns)}) ON COMMIT DROP",
            cancel
        );
        foreach (var rows in files)
            await TextCopy.InAsync(db, Staged, rows, progress, cancel);
        var (count, sent) = (
            await db.ScalarAsync<long>($"SELECT count(*) FROM {Staged}", cancel),
            files.Sum(rows => rows.Rows)
        );
        if (count != sent)
            throw Error.RowsDiffer(Staged, sent, count);
        await db.ExecuteAsync($"ANALYZE {Staged}", cancel);
    }

    /// <summary>
    /// Merges; unchanged rows are not touched, and columns that the files do not bring keep their values.
    /// </summary>
    public async Task<MergeCounts> ApplyAsync(IReadOnlyList<RowsFile> files)
    {
        var brought = files[0].Columns;
        var values = brought.Where(name => !keys.Exists(key => Same(key, name))).ToList();
        var on = string.Join(
            " AND ",
            keys.Select(key => $"s.{PostgresSql.Identifier(key)} = t.{PostgresSql.Identifier(key)}")
        );
        var differs = values.Select(Differs).DefaultIfEmpty("false");

        // OFFSET 0 has the values compared where the rows are joined: to number the rows PostgreSQL would carry all
        // columns of both sides on, and it takes no more than 1,664.
        await db.ExecuteAsync(
            $"""
            CREATE TEMP TABLE headrace_matched ON COMMIT DROP AS
            SELECT *, row_number() OVER (PARTITION BY staged_row ORDER BY part, target_row) AS place FROM (
                SELECT s.ctid AS staged_row, t.tableoid AS part, t.ctid AS target_row, ({string.Join(
                " OR ",
                differs
            )}) AS differs
                FROM {Staged} AS s JOIN {PostgresDialect.Instance.Qualified(table.Name)} AS t ON {on} OFFSET 0) AS found
            """,
            cancel
        );
        await db.ExecuteAsync($"ANALYZE {Matched}", cancel);
        var (found, updated, twice, changed) = (
            await db.RowsAsync(
                $"""
                SELECT count(*), count(*) FILTER (WHERE differs OR n > 1), count(*) FILTER (WHERE n > 1),
                    count(*) FILTER (WHERE first)
                FROM (SELECT bool_or(differs) AS differs, count(*) AS n, bool_or(differs AND place = 1) AS first
                    FROM {Matched} GROUP BY staged_row) AS found
                """,
                row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3)),
                cancel
            )
        )[0];

        const string Place = "t.tableoid = m.part AND t.ctid = m.target_row";
        var target = new TargetStatements(db, table, cancel);
        if (twice > 0)
            await target.DeleteAsync($"{Matched} AS m", $"{Place} AND m.place > 1");
        if (changed > 0)
        {
            var set = values
                .Select(name => (PostgresSql.Identifier(name), $"s.{PostgresSql.Identifier(name)}"))
                .ToList();
            var done = await target.UpdateAsync(
                set,
                $"{Matched} AS m, {Staged} AS s",
                $"m.place = 1 AND m.differs AND {Place} AND s.ctid = m.staged_row"
            );
            if (done != changed)
                throw await target.NotTakenAsync("updated", changed, done);
        }

        var (names, inserted) = (brought.Select(PostgresSql.Identifier).ToList(), files.Sum(rows => rows.Rows) - found);
        if (inserted > 0)
            await target.InsertAllAsync(
                names,
                $"""
                SELECT {string.Join(", ", names)} FROM {Staged} AS s
                WHERE NOT EXISTS (SELECT 1 FROM {Matched} AS m WHERE m.staged_row = s.ctid)
                """,
                inserted
            );
        return new MergeCounts(inserted, updated, found - updated);
    }

    private string Differs(string name) =>
        PostgresDialect.Instance.Differ(
            $"s.{PostgresSql.Identifier(name)}",
            $"t.{PostgresSql.Identifier(name)}",
            table.The(name)
        );

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
