namespace Headrace.Warehouses;

/// <summary>What is on record, for people who ask about it.</summary>
public sealed partial class WarehouseStore
{
    /// <summary>Files, the newest first.</summary>
    public async Task<IReadOnlyList<LandedFile>> FilesAsync(FileQuery query)
    {
        var conditions = new List<string> { "key IS NOT NULL" };
        if (query.Table is { } table)
        {
            var at = table.IndexOf('.', StringComparison.Ordinal);
            var (whole, schema, name) = (
                table.ToLowerInvariant(),
                at < 0 ? "" : table[..at].ToLowerInvariant(),
                table[(at + 1)..].ToLowerInvariant()
            );
            conditions.Add(
                dialect.Sql(
                    $"(lower(table_name) = {whole} OR (lower(schema_name) = {schema} AND lower(table_name) = {name}))"
                )
            );
        }

        if (query.Dataset is { } dataset)
            conditions.Add(dialect.Sql($"dataset = {dataset}"));
        if (query.From is { } from)
            conditions.Add(dialect.Sql($"landed_at >= {from}"));
        if (query.To is { } to)
            conditions.Add(dialect.Sql($"landed_at <= {to}"));
        if (query.After is { } after)
            conditions.Add(
                dialect.Sql(
                    $"""
                    (landed_at < {after.LandedAt} OR (landed_at = {after.LandedAt} AND (dataset > {after.Dataset}
                        OR (dataset = {after.Dataset} AND sequence < {after.Sequence}))))
                    """
                )
            );
        return await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT landed_at, dataset, sequence, coalesce(schema_name, ''), coalesce(table_name, ''), key, action,
                    loaded_at, size, rows, quarantined, schema_version, outcome, note, error_code, load_id
                FROM {Files} WHERE {new Raw(string.Join(" AND ", conditions))}
                ORDER BY landed_at DESC, dataset, sequence DESC LIMIT {query.Most}
                """
            ),
            row => new LandedFile(
                new FilePlace(row.Time(0), row.Text(1), row.Number(2)),
                new TableName(row.Text(3), row.Text(4)),
                row.Text(5),
                row.Text(6),
                row.TimeOrNull(7),
                row.Number(8),
                row.Number(9),
                row.Number(10),
                row.TextOrNull(11),
                row.Text(12),
                row.TextOrNull(13),
                row.TextOrNull(14),
                row.TextOrNull(15)
            ),
            cancel
        );
    }

    /// <summary>What checks found, the newest first.</summary>
    public async Task<IReadOnlyList<CheckRecord>> ChecksAsync(CheckQuery query)
    {
        var conditions = new List<string> { "name IS NOT NULL" };
        if (query.Of is { } of)
            conditions.Add(dialect.Sql($"(flow = {of} OR dataset = {of})"));
        if (query.Run is { } run)
            conditions.Add(dialect.Sql($"run_id = {run}"));
        if (query.Outcome is { } outcome)
            conditions.Add(dialect.Sql($"outcome = {outcome}"));
        return await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT load_id, run_id, flow, dataset, name, kind, scope, on_fail, checked, failed, outcome, sample,
                    checked_at
                FROM {Table("checks")} WHERE {new Raw(string.Join(" AND ", conditions))}
                ORDER BY checked_at DESC, load_id DESC, name LIMIT {query.Most}
                """
            ),
            row => new CheckRecord(
                row.Text(0),
                row.Text(1),
                row.Text(2),
                row.Text(3),
                row.Text(4),
                row.Text(5),
                row.Text(6),
                row.Text(7),
                row.Number(8),
                row.Number(9),
                row.Text(10),
                row.TextOrNull(11),
                row.Time(12)
            ),
            cancel
        );
    }
}
