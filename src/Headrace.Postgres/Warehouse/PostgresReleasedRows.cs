using Headrace.Engines;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows of the quarantine on their way into a table of PostgreSQL.</summary>
internal sealed class PostgresReleasedRows(
    NpgsqlConnection db,
    IEngine engine,
    string folder,
    TargetTable table,
    Mending mending,
    CancellationToken cancel
) : FileReleasedRows(PostgresDialect.Instance, engine, folder, PostgresDialect.Layout, table, mending, cancel)
{
    private readonly TargetStatements target = new(db, table, cancel);

    protected override string Staged => "pg_temp.headrace_released";

    private IReadOnlyList<string> Names => [.. Columns.Select(column => PostgresSql.Identifier(column.Name))];

    private string On => string.Join(" AND ", Keys.Select(i => $"r.{Text(i)} = t.{Names[i]}"));

    protected override async Task<CsvRows?> OutAsync(string query)
    {
        var path = Path.Combine(Folder, "waiting.csv");
        var longest = await TextCopy.OutAsync(db, query, path, Cancel);
        return new CsvRows(
            [path],
            [new Column("id", ColumnType.BigInt, false), new Column("row", ColumnType.Text)],
            PostgresDialect.Layout,
            longest
        );
    }

    protected override async Task InAsync(RowsFile rows)
    {
        var types = Columns.Select((column, i) => $"{Text(i)} {Target.The(column.Name).TypeName}");
        await db.ExecuteAsync(
            $"""
            CREATE TEMP TABLE headrace_released (headrace_id bigint, has text, {string.Join(", ", types)})
            ON COMMIT DROP
            """,
            Cancel
        );
        await TextCopy.InAsync(db, Staged, rows, null, Cancel);
        await db.ExecuteAsync(
            $"LOCK TABLE {PostgresDialect.Instance.Qualified(Target.Name)} IN SHARE ROW EXCLUSIVE MODE",
            Cancel
        );
    }

    protected override Task UpdateAsync() =>
        target.UpdateAsync(
            [
                .. Names
                    .Index()
                    .Where(name => !Keys.Contains(name.Index))
                    .Select(name =>
                        (
                            name.Item,
                            $"CASE WHEN substr(r.has, {name.Index + 1}, 1) = '1' THEN r.{Text(name.Index)} "
                                + $"ELSE t.{name.Item} END"
                        )
                    ),
            ],
            $"{Staged} AS r",
            On
        );

    protected override async Task InsertAsync(IReadOnlyList<int> columns, string like)
    {
        var isThere =
            Keys.Count == 0
                ? ""
                : $" AND NOT EXISTS (SELECT 1 FROM {PostgresDialect.Instance.Qualified(Target.Name)} AS t WHERE {On})";
        var which = $"FROM {Staged} AS r WHERE r.has LIKE '{like}'{isThere}";
        var missing = await db.ScalarAsync<long>($"SELECT count(*) {which}", Cancel);
        await target.InsertAllAsync(
            columns.Select(i => Names[i]),
            $"SELECT {string.Join(", ", columns.Select(i => $"r.{Text(i)}"))} {which} ORDER BY headrace_id",
            missing
        );
    }
}
