using Headrace.Engines;
using Headrace.Warehouses;

namespace Headrace.Tests.Sqlite;

/// <summary>
/// Brings rows into SQLite: those that are merged by way of a temporary table, others straight into the target. Tables
/// have a <c>rowid</c>.
/// </summary>
internal sealed class SqliteWriter(
    SqliteWarehouse warehouse,
    IEngine engine,
    string folder,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
) : FileTargetWriter(warehouse, engine, folder, SqliteDialect.Layout, changes, attempt, cancel)
{
    private const string Staged = "headrace_staged";

    private const string Matched = "temp.headrace_matched";

    public override Task DeleteAllAsync(TargetTable table, long rows) => RunAsync($"DELETE FROM {Name(table)}");

    public override Task FillAsync(TargetTable? table) =>
        !Rows.IsStreamed
            ? Task.CompletedTask
            : Rows.StreamAsync(rows =>
            {
                SqliteCopy.In(
                    Session,
                    Name(table!),
                    [.. rows.Columns.Select(name => CopyColumn.Of(table!.The(name)))],
                    rows,
                    Cancel
                );
                return Task.CompletedTask;
            });

    public override async Task<MergeCounts> MergeAsync(TargetTable table)
    {
        if (Rows.Rows.Count == 0)
            return default;
        var brought = Rows.Rows[0].Columns.Select(table.The).ToList();
        var keys = Changes.Rules.PrimaryKey.Select(key => brought.IndexOf(table.The(key))).ToList();
        var values = Enumerable.Range(0, brought.Count).Except(keys).ToList();
        var rows = await SqliteCopy.StageAsync(
            Session,
            Staged,
            [.. brought.Select((column, i) => CopyColumn.Of(column, $"c{i}"))],
            Rows.Rows,
            Cancel
        );
        var differs = values.Select(i => $"s.c{i} IS NOT t.{Quoted(brought[i])}").DefaultIfEmpty("0");
        await RunAsync($"DROP TABLE IF EXISTS {Matched}");
        await RunAsync(
            $"""
            CREATE TEMP TABLE headrace_matched AS
            SELECT s.rowid AS staged_row, t.rowid AS target_row,
                row_number() OVER (PARTITION BY s.rowid ORDER BY t.rowid) AS place,
                ({string.Join(" OR ", differs)}) AS differs
            FROM temp.{Staged} AS s JOIN {Name(table)} AS t ON {On("s", keys.Select(i => (i, brought[i])))}
            """
        );
        var (found, updated) = (
            await Session.RowsAsync(
                $"""
                SELECT count(*), coalesce(sum(differs OR n > 1), 0)
                FROM (SELECT max(differs) AS differs, count(*) AS n FROM {Matched} GROUP BY staged_row)
                """,
                row => (row.Number(0), row.Number(1)),
                Cancel
            )
        )[0];
        if (updated > 0)
            await RunAsync(
                $"DELETE FROM {Name(table)} WHERE rowid IN (SELECT target_row FROM {Matched} WHERE place > 1)"
            );
        if (updated > 0 && values.Count > 0)
            await RunAsync(
                $"""
                UPDATE {Name(table)} AS t SET {string.Join(", ", values.Select(i => $"{Quoted(brought[i])} = s.c{i}"))}
                FROM {Matched} AS m JOIN temp.{Staged} AS s ON s.rowid = m.staged_row
                WHERE m.target_row = t.rowid AND m.place = 1 AND m.differs
                """
            );
        if (rows > found)
            await RunAsync(
                $"""
                INSERT INTO {Name(table)} ({string.Join(", ", brought.Select(Quoted))}) SELECT
                    {string.Join(", ", brought.Select((_, i) => $"s.c{i}"))}
                FROM temp.{Staged} AS s WHERE s.rowid NOT IN (SELECT staged_row FROM {Matched})
                """
            );
        return new MergeCounts(rows - found, updated, found - updated);
    }

    public override string Changed => $"temp.{Staged}";

    public override async Task<(long Replaced, long Marked)> ChangeAsync(
        ChangeSet changes,
        TargetTable table,
        bool isNew
    )
    {
        var (rows, deletes, target) = (changes.Rows!, changes.Rules.Snapshot!.Deletes, Name(table));
        var found = rows
            .Columns.Select(column => table.FindAny(column.Name) ?? throw Error.Bug($"no column {column.Name}."))
            .ToList();
        CopyColumn[] staged =
        [
            CopyColumn.Of("op", ColumnType.Text),
            .. found.Select((column, i) => CopyColumn.Of(column, $"c{i}")),
        ];
        await SqliteCopy.StageAsync(Session, Staged, staged, [await FileOfAsync(changes)], Cancel);
        var written = changes
            .Written.Select(column => (Name: Quoted(found[column.Place]), Value: $"c.c{column.Place}"))
            .ToList();
        Task<long> InsertAsync(string which) =>
            RunAsync(
                $"""
                INSERT INTO {target} ({string.Join(", ", written.Select(column => column.Name))})
                SELECT {string.Join(", ", written.Select(column => column.Value))} FROM temp.{Staged} AS c WHERE {which}
                """
            );
        if (isNew)
        {
            await InsertAsync("c.op <> 'D'");
            return default;
        }

        var keys = changes.Rules.PrimaryKey.Select(key => found.IndexOf(table.FindAny(key)!)).ToList();
        var on = On("c", keys.Select(i => (i, found[i])));
        string Has(string ops) => $"EXISTS (SELECT 1 FROM temp.{Staged} AS c WHERE c.op IN ({ops}) AND {on})";
        var deletedAt = deletes == Deletes.Soft ? SqliteDialect.Instance.Identifier(RowChanges.DeletedAt) : null;
        var now = SqliteDialect.Instance.Literal(warehouse.Now);
        if (deletedAt is not null) // rows that come back
            await RunAsync($"DELETE FROM {target} AS t WHERE {deletedAt} IS NOT NULL AND {Has("'I'")}");
        var went = await RunAsync(
            $"DELETE FROM {target} AS t WHERE {Has(deletes == Deletes.Hard ? "'I', 'D'" : "'I'")}"
        );

        // What the table has beyond the export's columns stays with its row. Of a key that is there twice one row
        // stays.
        var set = written
            .Select(column => $"{column.Name} = {column.Value}")
            .Concat(deletedAt is null ? [] : [$"{deletedAt} = NULL"]);
        var updated =
            rows.Updated == 0
                ? 0
                : await RunAsync(
                    $"UPDATE {target} AS t SET {string.Join(", ", set)} FROM temp.{Staged} AS c "
                        + $"WHERE c.op = 'U' AND {on}"
                );
        if (updated > rows.Updated)
            await RunAsync(
                $"""
                DELETE FROM {target} AS t WHERE {Has("'U'")} AND EXISTS (SELECT 1 FROM {target} AS o
                    WHERE o.rowid < t.rowid AND
                        {string.Join(" AND ", keys.Select(i => $"o.{Quoted(found[i])} = t.{Quoted(found[i])}"))})
                """
            );
        var marked =
            deletedAt is null || rows.Deleted == 0
                ? rows.Deleted
                : await RunAsync($"UPDATE {target} AS t SET {deletedAt} = {now} WHERE {Has("'D'")}");
        await InsertAsync($"c.op = 'I' OR (c.op = 'U' AND NOT EXISTS (SELECT 1 FROM {target} AS t WHERE {on}))");
        return (went + updated, marked);
    }

    public override Task HoldAsync()
    {
        foreach (var rows in Rows.Held)
        {
            CopyColumn Own(string name) =>
                CopyColumn.Of(name, name == "held_at" ? new ColumnType(TypeKind.TimestampTz) : ColumnType.Text);
            SqliteCopy.In(Session, "headrace.quarantine", [.. rows.Columns.Select(Own)], rows, Cancel, numbered: "id");
        }

        return Task.CompletedTask;
    }

    protected override async Task<CsvRows> ReadAsync(TargetTable table, RowsFile keys)
    {
        var found = keys.Columns.Select(table.The).ToList();
        await SqliteCopy.StageAsync(
            Session,
            "headrace_keys",
            [.. found.Select((column, i) => CopyColumn.Of(column, $"c{i}"))],
            [keys],
            Cancel
        );
        var columns = table.Columns;
        var values = string.Join(", ", columns.Select(column => $"t.{SqliteDialect.Instance.Identifier(column.Name)}"));
        var there = $"EXISTS (SELECT 1 FROM temp.headrace_keys AS k WHERE {On("k", found.Index())})";
        return SqliteCopy.Out(
            Session,
            $"SELECT {values} FROM {Name(table)} AS t WHERE {there}",
            columns,
            Path.Combine(Folder, "there.csv")
        );
    }

    private Task<long> RunAsync(string sql) => Session.ExecuteAsync(sql, Cancel);

    private static string Name(TargetTable table) => SqliteDialect.Instance.Qualified(table.Name);

    private static string Quoted(TargetColumn column) => SqliteDialect.Instance.Identifier(column.Name);

    private static string On(string staged, IEnumerable<(int Place, TargetColumn Column)> keys) =>
        string.Join(" AND ", keys.Select(key => $"{staged}.c{key.Place} = t.{Quoted(key.Column)}"));
}

/// <summary>Rows of the quarantine on their way into a table of SQLite.</summary>
internal sealed class SqliteReleasedRows(
    SqlSession db,
    IEngine engine,
    string folder,
    TargetTable table,
    Mending mending,
    CancellationToken cancel
) : FileReleasedRows(SqliteDialect.Instance, engine, folder, SqliteDialect.Layout, table, mending, cancel)
{
    protected override string Staged => "temp.headrace_released";

    private string Name => SqliteDialect.Instance.Qualified(Target.Name);

    private IReadOnlyList<string> Names =>
        [.. Columns.Select(column => SqliteDialect.Instance.Identifier(column.Name))];

    private string On => string.Join(" AND ", Keys.Select(i => $"r.{Text(i)} = t.{Names[i]}"));

    protected override Task<CsvRows?> OutAsync(string query) =>
        Task.FromResult<CsvRows?>(
            SqliteCopy.Out(
                db,
                query,
                [new Column("id", ColumnType.BigInt, false), new Column("row", ColumnType.Text)],
                Path.Combine(Folder, "waiting.csv")
            )
        );

    protected override Task InAsync(RowsFile rows) =>
        SqliteCopy.StageAsync(
            db,
            "headrace_released",
            [
                CopyColumn.Of(rows.Columns[0], ColumnType.BigInt),
                CopyColumn.Of(rows.Columns[1], ColumnType.Text),
                .. Columns.Select((column, i) => CopyColumn.Of(Target.The(column.Name), Text(i))),
            ],
            [rows],
            Cancel
        );

    protected override Task UpdateAsync()
    {
        var set = Names
            .Index()
            .Where(name => !Keys.Contains(name.Index))
            .Select(name =>
                $"{name.Item} = iif(substr(r.has, {name.Index + 1}, 1) = '1', r.{Text(name.Index)}, t.{name.Item})"
            );
        return db.ExecuteAsync(
            $"UPDATE {Name} AS t SET {string.Join(", ", set)} FROM {Staged} AS r WHERE {On}",
            Cancel
        );
    }

    protected override Task InsertAsync(IReadOnlyList<int> columns, string like)
    {
        var isThere = Keys.Count == 0 ? "" : $" AND NOT EXISTS (SELECT 1 FROM {Name} AS t WHERE {On})";
        return db.ExecuteAsync(
            $"""
            INSERT INTO {Name} ({string.Join(", ", columns.Select(i => Names[i]))}) SELECT
                {string.Join(", ", columns.Select(i => $"r.{Text(i)}"))}
            FROM {Staged} AS r WHERE r.has LIKE '{like}'{isThere} ORDER BY r.headrace_id
            """,
            Cancel
        );
    }
}
