using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Reads from Redshift what lake files its tables were made of.</summary>
internal static class RedshiftHistory
{
    public static async Task<IReadOnlyList<TableHistory>> ReadAsync(NpgsqlConnection db, string flow, CancellationToken cancel)
    {
        if (!await RedshiftTables.ExistAsync(db, cancel))
            return [];
        var files = await db.RowsAsync(
            RedshiftSql.History(flow),
            row => (Target: new TableName(row.GetString(0), row.GetString(1)), File: new LoadedFile(
                row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7), row.GetInt64(8), row.GetInt64(9), row.Text(10), row.Text(11))), cancel);
        var tables = new List<TableHistory>();
        foreach (var group in files.GroupBy(one => one.Target, one => one.File))
            tables.Add(new TableHistory(
                group.Key, [.. group], await db.RowsAsync(RedshiftSql.ReleasedRows(group.Key), row => new ReleasedRow(row.GetString(0), row.Text(1)), cancel),
                await PostgresTables.OwnersAsync(db, RedshiftState.Own, group.Key, cancel)));
        return tables;
    }
}
