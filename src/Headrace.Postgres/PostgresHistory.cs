using Npgsql;

namespace Headrace.Postgres;

/// <summary>Reads from a PostgreSQL warehouse what lake files its tables were made of.</summary>
internal static class PostgresHistory
{
    public static async Task<IReadOnlyList<TableHistory>> ReadAsync(NpgsqlConnection db, string flow, CancellationToken cancel)
    {
        if (!await PostgresTables.ExistAsync(db, cancel))
            return [];
        var files = await db.RowsAsync(
            """
            SELECT f.schema_name, f.table_name, f.dataset, f.key, coalesce(f.sha256, ''), f.action, l.load_id, l.operation, f.rows, f.quarantined, f.version,
                CASE WHEN f.action = 'schema' THEN (SELECT max(s.document) FROM headrace.schema_documents AS s WHERE s.load_id = f.load_id) END
            FROM headrace.files AS f JOIN headrace.loads AS l ON l.load_id = f.load_id
            WHERE f.flow = $1 AND f.outcome = 'loaded' ORDER BY f.sequence
            """,
            row => (Target: new TableName(row.GetString(0), row.GetString(1)), File: new LoadedFile(
                row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7), row.GetInt64(8), row.GetInt64(9), row.Text(10), row.Text(11))),
            cancel, flow);
        var tables = new List<TableHistory>();
        foreach (var group in files.GroupBy(one => one.Target, one => one.File))
            tables.Add(new TableHistory(
                group.Key, [.. group],
                await db.RowsAsync(
                    "SELECT load_id, \"row\" FROM headrace.quarantine WHERE status = 'released' AND schema_name = $1 AND table_name = $2 ORDER BY id",
                    row => new ReleasedRow(row.GetString(0), row.Text(1)), cancel, group.Key.Schema, group.Key.Table),
                await PostgresTables.OwnersAsync(db, PostgresTables.Own, group.Key, cancel)));
        return tables;
    }
}
