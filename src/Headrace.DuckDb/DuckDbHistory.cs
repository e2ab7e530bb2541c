namespace Headrace.DuckDb;

/// <summary>Reads from a DuckDB warehouse what lake files its tables were made of.</summary>
internal sealed class DuckDbHistory(DuckDbConnection db, string flow, CancellationToken cancel)
{
    public IReadOnlyList<TableHistory> Read()
    {
        if (!new Positions(db, cancel).Exists("headrace", "positions"))
            return [];
        var files = new List<(TableName Target, LoadedFile File)>();
        using (var rows = db.Query(
            $"""
            SELECT f.schema_name, f.table_name, f.dataset, f.key, coalesce(f.sha256, ''), f.action, l.load_id, l.operation, f.rows, f.quarantined, f.version,
                CASE WHEN f.action = 'schema' THEN (SELECT max(s.document) FROM {HeadraceTables.Table("schema_documents")} AS s WHERE s.load_id = f.load_id) END
            FROM {HeadraceTables.Table("files")} AS f JOIN {HeadraceTables.Table("loads")} AS l ON l.load_id = f.load_id
            WHERE f.flow = $1 AND f.outcome = 'loaded' ORDER BY f.sequence
            """, cancel, flow))
            while (rows.Read())
                files.Add((new TableName(rows.GetString(0), rows.GetString(1)), new LoadedFile(
                    rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5), rows.GetString(6), rows.GetString(7), rows.GetInt64(8), rows.GetInt64(9), BadRows.Text(rows, 10), BadRows.Text(rows, 11))));
        return [.. files.GroupBy(one => one.Target, one => one.File).Select(group => new TableHistory(group.Key, [.. group], Released(group.Key), new Positions(db, cancel).Owners(group.Key)))];
    }

    private List<ReleasedRow> Released(TableName target)
    {
        var released = new List<ReleasedRow>();
        using var rows = db.Query(
            $"SELECT load_id, \"row\" FROM {HeadraceTables.Table("quarantine")} WHERE status = 'released' AND schema_name = $1 AND table_name = $2 ORDER BY id", cancel, target.Schema, target.Table);
        while (rows.Read())
            released.Add(new ReleasedRow(rows.GetString(0), BadRows.Text(rows, 1)));
        return released;
    }
}
