namespace Headrace.DuckDb;

/// <summary>The rows of a change set that do not fit: counted, shown, and as SQL.</summary>
internal sealed class BadRows(DuckDbConnection db, ChangeSet changes, TableShape shape, CancellationToken cancel)
{
    private Dictionary<ShapedFile, long> missing = [];

    /// <summary>Bad rows in all: those that are no rows, and those that <paramref name="unfit"/> names.</summary>
    public long Count(Dictionary<ShapedFile, long> unfit)
    {
        missing = unfit;
        return unfit.Values.Sum() + shape.Files.Sum(file => file.File.RejectCount);
    }

    /// <summary>Rows of one file that do not fit their types.</summary>
    public long Of(StagedFile file) => missing.Where(pair => pair.Key.File == file).Sum(pair => pair.Value);

    /// <summary>The first few, to be shown.</summary>
    public IReadOnlyList<BadRow> Sample(int most) => Sample(db, Queries(), most, cancel);

    /// <summary>The first few of such queries.</summary>
    public static IReadOnlyList<BadRow> Sample(
        DuckDbConnection db,
        IEnumerable<(StagedFile File, string Rows)> queries,
        int most,
        CancellationToken cancel
    )
    {
        var sample = new List<BadRow>();
        foreach (var (file, rows) in most > 0 ? queries : [])
        {
            using var reader = db.Query(
                $"SELECT line, \"column\", left(value, 200), reason FROM ({rows}) LIMIT {most - sample.Count}",
                cancel
            );
            while (reader.Read())
                sample.Add(
                    new BadRow(file.File.Key, reader.GetInt64(0), Text(reader, 1), Text(reader, 2), reader.GetString(3))
                );
            if (sample.Count == most)
                break;
        }

        return sample;
    }

    /// <summary>
    /// For each file with bad rows a query: <c>line</c>, <c>column</c>, <c>value</c>, <c>reason</c>, <c>row</c>, and
    /// what
    /// <paramref name="more"/> adds, which gets null for records that are no rows.
    /// </summary>
    public IEnumerable<(StagedFile File, string Rows)> Queries(Func<StagedRows?, string>? more = null)
    {
        foreach (var file in shape.Files)
        {
            if (file.File.Rejects is { } rejects)
                yield return (
                    file.File,
                    $"""
                    SELECT line, NULL::VARCHAR AS "column", raw AS value, reason, NULL::VARCHAR AS "row"{more?.Invoke(
                        null
                    )}
                    FROM {SpoolCsv.Read([rejects], 0, [("line", "BIGINT"), ("reason", "VARCHAR"), ("raw", "VARCHAR")])}
                    """
                );
            if (!missing.ContainsKey(file))
                continue;
            var rows = new StagedRows([file], shape, changes);
            yield return (
                file.File,
                $"""
                SELECT line, p[1].c AS "column", p[1].v AS value, list_aggregate(list_transform(p, x -> x.r),
                    'string_agg', '; ') AS reason, "row"::VARCHAR AS "row", * EXCLUDE (line, p, "row")
                FROM (SELECT line, {rows.Problems} AS p, {rows.Json} AS "row"{more?.Invoke(rows)} FROM {rows.Source}
                    WHERE ({rows.Good}) IS NOT TRUE{(
                    rows.Unwanted is { } unwanted ? $" AND ({unwanted}) IS NOT TRUE" : ""
                )})
                """
            );
        }
    }

    public static string? Text(DuckDbReader reader, int column) =>
        reader.IsNull(column) ? null : reader.GetString(column);
}
