using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>Rows of the quarantine on their way into a table of Redshift.</summary>
/// <param name="stage">Of this release's own; it is removed afterwards.</param>
internal sealed class RedshiftReleasedRows(
    NpgsqlConnection db,
    StagedFiles stage,
    IEngine engine,
    string folder,
    TargetTable table,
    Mending mending,
    CancellationToken cancel
) : FileReleasedRows(RedshiftDialect.Instance, engine, folder, stage.Layout, table, mending, cancel)
{
    protected override string Staged => RedshiftSql.Staged;

    private IReadOnlyList<(string Name, int Column, bool IsText)> KeyColumns =>
        [.. Keys.Select(i => (Columns[i].Name, i, RedshiftMerge.IsText(Target.The(Columns[i].Name))))];

    protected override async ValueTask EndAsync()
    {
        await stage.RemoveAsync();
        await base.EndAsync();
    }

    protected override async Task<CsvRows?> OutAsync(string query)
    {
        await stage.RemoveStaleAsync();
        return
            await stage.OutAsync(
                db,
                query,
                [new Column("id", ColumnType.BigInt, false), new Column("row", ColumnType.Text)]
            )
                is { Paths.Count: > 0 } rows
            ? rows
            : null;
    }

    protected override async Task InAsync(RowsFile rows)
    {
        await stage.PutAsync(rows);
        var types = Columns.Select((column, i) => (RedshiftSql.Name(i), Target.The(column.Name).TypeName));
        await db.ExecuteAsync(
            RedshiftSql.CreateStaged([("headrace_id", "bigint"), ("has", "varchar(2000)"), .. types]),
            Cancel
        );
        await stage.CopyAsync(db, RedshiftSql.Staged, [rows], rows.Columns);
    }

    protected override Task UpdateAsync() =>
        db.ExecuteAsync(
            RedshiftSql.UpdateReleased(Target.Name, KeyColumns, [.. Columns.Select(column => column.Name)]),
            Cancel
        );

    protected override Task InsertAsync(IReadOnlyList<int> columns, string like) =>
        db.ExecuteAsync(
            RedshiftSql.InsertReleased(Target.Name, KeyColumns, [.. columns.Select(i => (Columns[i].Name, i))], like),
            Cancel
        );
}
