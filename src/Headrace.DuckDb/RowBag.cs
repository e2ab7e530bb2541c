namespace Headrace.DuckDb;

/// <summary>
/// Compares rows that no key tells apart: how often each row is on either side, by a digest of 128 bits of its values.
/// </summary>
/// <param name="source">A Parquet file with these columns.</param>
/// <param name="target">Another one.</param>
internal sealed class RowBag(
    DuckDbConnection db,
    string source,
    string target,
    IReadOnlyList<Column> columns,
    string folder,
    CancellationToken cancel
)
{
    // Some of those that differ are enough to show a few.
    private const int Asked = 1000;

    private readonly string counts = Path.Combine(folder, "counts.parquet");

    /// <summary>
    /// Rows of the source whose values are not below these may be yet to come; the first column that is not NULL
    /// decides.
    /// </summary>
    public IReadOnlyList<(string Column, string Value)> Newest { get; init; } = [];

    // The columns are c0… here, whatever they are called.
    private string IsNewer
    {
        get
        {
            var conditions = Newest
                .Select(one =>
                    (
                        one.Value,
                        Place: columns
                            .ToList()
                            .FindIndex(column => column.Name.Equals(one.Column, StringComparison.OrdinalIgnoreCase))
                    )
                )
                .Where(one => one.Place >= 0)
                .Select(one =>
                {
                    var type = DuckDbTypes.Name(columns[one.Place].Type);
                    return SnapshotColumns.Text($"c{one.Place} >= TRY_CAST({Sql.Literal(one.Value)} AS {type})");
                })
                .ToList();
            return conditions.Count == 0 ? "false" : $"coalesce({string.Join(", ", conditions)}, false)";
        }
    }

    /// <summary>
    /// Counts rows that are more often on one side, and of those of the source the ones that may be yet to come.
    /// </summary>
    public (long Missing, long Extra, long Source, long Target, long Pending) Run()
    {
        db.Execute(
            $"""
            COPY (SELECT "row", sum(n)::BIGINT AS n,
                greatest(0, least(sum(n), count(*) FILTER (newer)))::BIGINT AS pending
                FROM (SELECT {Digest} AS "row", 1 AS n, {IsNewer} AS newer FROM {From(source)} UNION ALL
                    SELECT {Digest}, -1, false FROM {From(target)})
                GROUP BY "row" HAVING sum(n) <> 0) TO {Sql.Literal(counts)} (FORMAT parquet)
            """,
            cancel
        );
        using var reader = db.Query(
            $"""
            SELECT coalesce(sum(n - pending) FILTER (n > 0), 0)::BIGINT, coalesce(-sum(n) FILTER (n < 0), 0)::BIGINT,
                coalesce(sum(pending), 0)::BIGINT,
                (SELECT count(*) FROM read_parquet({Sql.Literal(source)})), (SELECT count(*)
                    FROM read_parquet({Sql.Literal(target)})) FROM read_parquet({Sql.Literal(counts)})
            """,
            cancel
        );
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(2));
    }

    /// <summary>The first few rows of each side; all of their columns stand where a key would.</summary>
    public IReadOnlyList<RowChange> Sample(int most)
    {
        var sample = new List<RowChange>();
        foreach (
            var (op, file, which) in ((string, string, string)[])
                [("INSERT", source, "n > pending"), ("DELETE", target, "n < 0")]
        )
        {
            var texts = columns.Select((_, i) => SnapshotColumns.Text($"CAST(c{i} AS VARCHAR)"));
            using var reader = db.Query(
                $"SELECT {string.Join(", ", texts)} FROM {From(file)} WHERE {Digest} IN (SELECT \"row\" "
                    + $"FROM read_parquet({Sql.Literal(counts)}) WHERE {which} LIMIT {Asked}) LIMIT {most}",
                cancel
            );
            while (reader.Read())
            {
                var row = new OrderedDictionary<string, string?>();
                for (var i = 0; i < columns.Count; i++)
                    row.Add(columns[i].Name, BadRows.Text(reader, i));
                sample.Add(new RowChange(op, row, []));
            }
        }

        return sample;
    }

    private string Digest =>
        new SnapshotColumns(columns, new LoadRules { Snapshot = new SnapshotRules() }).Digest(i =>
            SnapshotColumns.Text($"c{i}")
        );

    private string From(string file)
    {
        var typed = columns.Select(
            (column, i) =>
                SnapshotColumns.Text($"CAST({Sql.Identifier(column.Name)} AS {DuckDbTypes.Name(column.Type)}) AS c{i}")
        );
        return $"(SELECT {string.Join(", ", typed)} FROM read_parquet({Sql.Literal(file)}))";
    }

    /// <summary>A file without rows, with the columns of another one.</summary>
    public static string Empty(DuckDbConnection db, string like, string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, "empty.parquet");
        db.Execute(
            $"""
            COPY (SELECT * FROM read_parquet({Sql.Literal(like)}) LIMIT 0)
            TO {Sql.Literal(path)} (FORMAT parquet)
            """,
            cancel
        );
        return path;
    }
}
