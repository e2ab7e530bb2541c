using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>What <see cref="FileDiff"/> found; valid as long as its connection and its folder are.</summary>
public sealed class FileDifference
{
    private const int ReleasedAtOnce = 10_000;
    private readonly DuckDbConnection db;
    private readonly ChangeSet changes;
    private RowChanges rows;
    private int left;
    private readonly SnapshotColumns columns;
    private readonly CancellationToken cancel;

    internal FileDifference(
        DuckDbConnection db,
        ChangeSet changes,
        long matched,
        Doubts doubts,
        CancellationToken cancel
    )
    {
        this.db = db;
        this.changes = changes;
        this.cancel = cancel;
        rows = changes.Rows!;
        columns = new SnapshotColumns(rows.Columns, changes.Rules);
        Unchanged = matched + rows.Unchanged;
        Doubts = doubts;
    }

    /// <summary>The rows that differ, by key.</summary>
    public RowChanges Rows => rows;

    public long Inserted => rows.Inserted;

    public long Updated => rows.Updated;

    public long Deleted => rows.Deleted;

    public long Unchanged { get; private set; }

    /// <summary>What cannot be said.</summary>
    public Doubts Doubts { get; }

    /// <summary>
    /// Rows of either side that cannot be compared: no key, a key that is there more than once, no row at all.
    /// </summary>
    public long Doubtful => Doubts.Source + Doubts.Target;

    /// <summary>Rows of the old side.</summary>
    public long Before => Unchanged + Updated + Deleted + Doubts.Copies;

    /// <summary>Rows of the new side.</summary>
    public long After => Unchanged + Inserted + Updated;

    /// <summary>Rows of the old side that the new one has not.</summary>
    public long Extra => Deleted + Doubts.Copies;

    /// <summary>Columns that only the old files have; no row differs by them.</summary>
    public IReadOnlyList<string> OldOnly { get; init; } = [];

    /// <summary>Columns that only the new files have; no row differs by them.</summary>
    public IReadOnlyList<string> NewOnly { get; init; } = [];

    /// <summary>The first few rows of each operation.</summary>
    public IReadOnlyList<RowChange> Sample(int most) =>
        new ChangeSample(db, changes with { Rows = rows }, null, "", cancel).Take(most);

    /// <summary>
    /// Leaves inserts and updates out whose values of the columns are not below these; the first column that is not
    /// NULL decides. Says how many.
    /// </summary>
    public long LeaveNewer(IReadOnlyList<(string Column, string Value)> newest, string folder)
    {
        newest = [.. newest.Where(one => columns.IndexOf(one.Column) >= 0)]; // others are not in the target
        if (newest.Count == 0)
            return 0;
        var newer = newest.Select(one =>
        {
            var place = columns.IndexOf(one.Column);
            var type = DuckDbTypes.Name(rows.Columns[place].Type);
            return SnapshotColumns.Text($"c{place} >= TRY_CAST({Sql.Literal(one.Value)} AS {type})");
        });
        return Leave($"op <> 'D' AND coalesce({string.Join(", ", newer)}, false) AND {IsOnce}", folder);
    }

    /// <summary>Leaves inserts and updates out that a check sets aside when they are loaded.</summary>
    public void LeaveFailing(IEnumerable<Check> checks, DateTimeOffset now, string folder)
    {
        var failing = CheckExpressions.Failing(
            db,
            checks,
            [.. rows.Columns.Select((column, i) => new CheckedColumn(column.Name, column.Type, CsvText.Name(i)))],
            now,
            cancel
        );
        if (failing.Count > 0)
            Leave($"op <> 'D' AND coalesce({string.Join(" OR ", failing.Select(one => $"({one})"))}, false)", folder);
    }

    /// <summary>
    /// Takes a new row and one that is gone for one row, where their keys differ only in how JSON values are written;
    /// its key stays as the old side has it.
    /// </summary>
    public void JoinSameKeys(string folder)
    {
        if (rows.Inserted == 0 || rows.Deleted == 0 || columns.Keys.All(i => columns[i].Type.Kind != TypeKind.Json))
            return;
        void Create(string table, string op, char prefix)
        {
            var meant = columns.Keys.Select(
                (i, k) =>
                {
                    var value = SnapshotColumns.Text($"{prefix}{i}");
                    var meaning = columns[i].Type.Kind == TypeKind.Json ? JsonText.Meaning(value) : value;
                    return SnapshotColumns.Text($"{meaning} AS m{k}");
                }
            );
            db.Execute(
                $"""
                CREATE OR REPLACE TEMP TABLE {table} AS SELECT {string.Join(", ", meant)}, *
                FROM read_parquet({Sql.Literal(rows.Path)}) WHERE op = '{op}'
                """,
                cancel
            );
        }

        Create("came", "I", 'c');
        Create("went", "D", 'b');
        var keys = string.Join(", ", columns.Keys.Select((_, k) => SnapshotColumns.Text($"m{k}")));
        var all = $"op, {columns.List()}, {columns.List("b")}";
        var both = columns
            .All.Select(i => SnapshotColumns.Text($"{(columns.Keys.Contains(i) ? $"w.b{i}" : $"c.c{i}")} AS c{i}"))
            .Concat(columns.All.Select(i => SnapshotColumns.Text($"w.b{i} AS b{i}")));
        Keep(
            $"""
            SELECT {all} FROM read_parquet({Sql.Literal(rows.Path)}) WHERE op = 'U'
            UNION ALL SELECT {all} FROM temp.came ANTI JOIN temp.went USING ({keys}) UNION ALL SELECT {all}
                FROM temp.went ANTI JOIN temp.came USING ({keys})
            UNION ALL SELECT 'U' AS op, {string.Join(", ", both)} FROM temp.came AS c JOIN temp.went AS w USING ({keys})
            """,
            folder
        );
    }

    /// <summary>
    /// Takes updates for unchanged rows that differ only in how JSON values are written: spaces, the order of
    /// properties, the form of numbers.
    /// </summary>
    public void LeaveSameJson(IReadOnlyList<string>? compare, string folder)
    {
        if (rows.Updated == 0 || !rows.Columns.Any(column => column.Type.Kind == TypeKind.Json))
            return;
        var same = columns
            .All.Where(i => compare is null || compare.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase))
            .Select(i =>
            {
                var (b, c) = (SnapshotColumns.Text($"b{i}"), SnapshotColumns.Text($"c{i}"));
                return $"NOT ({JsonText.Differ(b, c, columns[i].Type)})";
            });
        Unchanged += Leave($"op = 'U' AND {string.Join(" AND ", same)} AND {IsOnce}", folder);
    }

    /// <summary>Leaves all deletes out; says how many.</summary>
    public long LeaveDeletes(string folder) => rows.Deleted == 0 ? 0 : Leave("op = 'D'", folder);

    /// <summary>
    /// Leaves changes out of the keys of rows that were released from quarantine; says how many, and how many rows have
    /// no key that can be read.
    /// </summary>
    /// <param name="source">The file's name of a column.</param>
    public (long Left, long Unknown) LeaveReleased(
        IReadOnlyList<ReleasedRow> released,
        Func<string, string> source,
        CsvDialect? dialect,
        string folder
    )
    {
        if (released.Count == 0 || rows.Inserted + rows.Updated + rows.Deleted == 0)
            return (0, 0);
        var values = columns.Keys.Select(
            (column, k) =>
            {
                var pointer = QuarantineReader.Pointer(source(columns[column].Name));
                var text = $"\"row\"::JSON ->> {Sql.Literal(pointer)}";
                return SnapshotColumns.Text($"{DuckDbTypes.Cast(text, columns[column].Type, dialect)} AS k{k}");
            }
        );
        var read =
            $"SELECT {string.Join(", ", values)} FROM (SELECT unnest(from_json($1, '[\"VARCHAR\"]')) AS \"row\")";
        db.Execute($"CREATE OR REPLACE TEMP TABLE released_keys AS {read}", cancel, "[]");
        foreach (var some in released.Chunk(ReleasedAtOnce))
            db.Execute(
                $"INSERT INTO temp.released_keys {read}",
                cancel,
                System.Text.Json.JsonSerializer.Serialize(
                    [.. some.Select(row => row.Row ?? "{}")],
                    ReleasedJson.Default.StringArray
                )
            );
        var unknown = db.Scalar<long>(
            "SELECT count(*) FROM temp.released_keys WHERE "
                + string.Join(" OR ", columns.Keys.Select((_, k) => SnapshotColumns.Text($"k{k} IS NULL"))),
            cancel
        );
        var on = columns.Keys.Select((column, k) => SnapshotColumns.Text($"r.k{k} = c{column}"));
        return (
            Leave($"EXISTS (SELECT 1 FROM temp.released_keys AS r WHERE {string.Join(" AND ", on)})", folder),
            unknown
        );
    }

    // What a table has more than once is to be put right, whatever its rows hold.
    private string IsOnce =>
        Doubts.Copies == 0
            ? "true"
            : "NOT EXISTS (SELECT 1 FROM temp.doubtful AS o WHERE "
                + string.Join(" AND ", columns.Keys.Select((column, k) => SnapshotColumns.Text($"o.k{k} = c{column}")))
                + ")";

    private long Leave(string condition, string folder)
    {
        var before = rows.Inserted + rows.Updated + rows.Deleted;
        Keep($"SELECT * FROM read_parquet({Sql.Literal(rows.Path)}) WHERE NOT ({condition})", folder);
        return before - rows.Inserted - rows.Updated - rows.Deleted;
    }

    private void Keep(string changes, string folder)
    {
        var path = Path.Combine(folder, SnapshotColumns.Text($"left-{++left}.parquet"));
        db.Execute($"COPY ({changes}) TO {Sql.Literal(path)} ({ExportRows.Layout})", cancel);
        using var reader = db.Query(
            $"""
            SELECT count(*) FILTER (op = 'I'), count(*) FILTER (op = 'U'), count(*) FILTER (op = 'D')
            FROM read_parquet({Sql.Literal(path)})
            """,
            cancel
        );
        reader.Read();
        rows = rows with
        {
            Path = path,
            Inserted = reader.GetInt64(0),
            Updated = reader.GetInt64(1),
            Deleted = reader.GetInt64(2),
        };
    }

    /// <summary>
    /// Writes each changed row as a JSON object in a line of its own: <c>op</c>, <c>key</c>, <c>before</c>,
    /// <c>after</c>.
    /// </summary>
    public void WriteJson(string path)
    {
        var before = columns.JsonObject(Without(NewOnly), i => SnapshotColumns.Text($"b{i}"));
        var after = columns.JsonObject(Without(OldOnly), i => SnapshotColumns.Text($"c{i}"));
        var key = columns.JsonObject(columns.Keys, i => SnapshotColumns.Text($"c{i}"));
        db.Execute(
            $"""
            COPY (SELECT concat('{"{"}"op":"', {Op}, '","key":', {key}, ',"before":', CASE WHEN op <> 'I' THEN {before}
                ELSE 'null' END,
                    ',"after":', CASE WHEN op <> 'D' THEN {after} ELSE 'null' END, '{"}"}')
                FROM read_parquet({Sql.Literal(rows.Path)})) TO {Sql.Literal(path)} ({Operations.Lines})
            """,
            cancel
        );
    }

    /// <summary>
    /// Writes each changed row as CSV: <c>headrace:op</c>, all columns (of a deleted row as they were), and
    /// <c>headrace:before</c>, for an
    /// update a JSON object of the columns that differ with their former values.
    /// </summary>
    public void WriteCsv(string path)
    {
        var values = columns.All.Select(i =>
            SnapshotColumns.Text(
                $"CASE WHEN op = 'D' THEN b{i} ELSE c{i} END AS {Sql.Identifier(Foreign(columns[i].Name))}"
            )
        );
        var former = Without([.. OldOnly, .. NewOnly])
            .Select(i =>
                $"""
                    CASE WHEN {JsonText.Differ($"b{i}", $"c{i}", columns[i].Type)}
                    THEN CAST(to_json({Sql.Literal(columns[i].Name)}) AS VARCHAR) || ':'
                        || coalesce(CAST({columns.Json($"b{i}", i)} AS VARCHAR), 'null') END
                    """
            );
        db.Execute(
            $"""
            COPY (SELECT {Op} AS "{Own}op", {string.Join(", ", values)},
                    CASE WHEN op = 'U' THEN '{"{"}' || concat_ws(',', {string.Join(
                ", ",
                former
            )}) || '{"}"}' END AS "{Own}before"
                FROM read_parquet({Sql.Literal(rows.Path)})) TO {Sql.Literal(path)} (FORMAT csv, HEADER true)
            """,
            cancel
        );
    }

    // What Headrace adds to a CSV begins so; a column of the user's that does so begins so twice.
    private const string Own = "headrace:";

    private static string Foreign(string name) =>
        name.StartsWith(Own, StringComparison.OrdinalIgnoreCase) ? Own + name : name;

    private IEnumerable<int> Without(IReadOnlyList<string> names) =>
        columns.All.Where(i => !names.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase));

    private static string Op => "CASE op WHEN 'I' THEN 'INSERT' WHEN 'U' THEN 'UPDATE' ELSE 'DELETE' END";
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class ReleasedJson : System.Text.Json.Serialization.JsonSerializerContext;
