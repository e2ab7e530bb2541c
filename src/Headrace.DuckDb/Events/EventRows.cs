using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// The changes of a batch in <c>temp.staged</c>, and what they do to the rows that the target and its memory hold of
/// the same keys. Set-based: a batch costs by its changes and by what is there under their keys.
/// </summary>
/// <remarks>Columns of users have the names <c>v0…</c> here, so that none hides a name of Headrace's own.</remarks>
internal abstract class EventRows(
    DuckDbConnection db,
    ChangeSet changes,
    IReadOnlyList<ShapeColumn> columns,
    DateTimeOffset now,
    CancellationToken cancel
)
{
    protected const string There = "temp.headrace_there";
    protected const string Remembered = "temp.headrace_remembered";
    private const string Target = "temp.headrace_changed";
    private const string Memory = "temp.headrace_moments";

    /// <summary>The changes of the batch whose keys count.</summary>
    protected const string Staged = StagedTable.Name;

    protected ChangeSet Changes => changes;

    protected IReadOnlyList<ShapeColumn> Columns => columns;

    protected EventRules Rules => changes.Rules.Events!;

    protected EventLayout Layout { get; } = new(columns, changes.Rules);

    /// <summary>The moment of the load.</summary>
    protected string Now => $"{Sql.Literal(now.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", null))}::TIMESTAMP";

    protected string NowTz =>
        $"{Sql.Literal(now.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff+00", null))}::TIMESTAMPTZ";

    /// <summary>Those of a batch that go to the rows as they are now, or to their history.</summary>
    public static EventRows Of(
        DuckDbConnection db,
        ChangeSet changes,
        TableShape? shape,
        DateTimeOffset now,
        CancellationToken cancel
    ) =>
        changes.Rules.Events!.History is null
            ? new NewestRows(db, changes, changes.BroughtBy(shape), now, cancel)
            : new RowVersions(db, changes, changes.BroughtBy(shape), now, cancel);

    /// <summary>
    /// Takes what a comparison found as changes. They come in order: none of them is older than what the target holds.
    /// </summary>
    public void StageCompared()
    {
        var names = string.Join(
            ", ",
            Layout.Values.Select(column => $"{CsvText.Name(column)} AS {StagedTable.Column(column)}")
        );
        Execute(
            $"CREATE OR REPLACE TEMP TABLE staged AS SELECT {names}, op, '0' AS pos "
                + $"FROM {ChangedRows.From(changes.Rows!)}"
        );
    }

    /// <summary>The keys of the batch, once each.</summary>
    public string Keys => $"(SELECT DISTINCT {Names(Layout.Keys)} FROM {Staged})";

    /// <summary>The columns of the key under the names of the target, or of its memory.</summary>
    public IEnumerable<(string Name, string Sql, ColumnType Type)> KeysAs(bool isOfMemory) =>
        Layout.Keys.Select(
            (column, i) =>
                (
                    isOfMemory ? Layout.MemoryColumns[i].Name : columns[column].Name,
                    StagedTable.Column(column),
                    Type(column)
                )
        );

    /// <summary>
    /// Columns that a change may leave as they are: <c>keeps0…</c> of the staged rows says which.
    /// </summary>
    protected IReadOnlyList<int> Keeping =>
        Rules.Envelope?.NoValue is null || changes.IsComparedHistory || changes.Released is not null
            ? []
            : [.. Layout.Values.Except(Layout.Keys)];

    /// <summary>
    /// The last value that some change of a key up to this one brings, as a struct; NULL when none does.
    /// </summary>
    protected string Brought(int column, string order) =>
        SnapshotColumns.Text(
            $"last_value(CASE WHEN NOT coalesce(keeps{column}, false) THEN {{'v': v{column}}} END IGNORE NULLS) "
        ) + $"OVER (PARTITION BY {Names(Layout.Keys)} ORDER BY {order} ROWS UNBOUNDED PRECEDING)";

    /// <summary>
    /// Keeps the keys that have one change, or more than one: of most rows there is one, for which nothing has to be
    /// sorted.
    /// </summary>
    /// <param name="name">The temporary table for them.</param>
    /// <param name="times">A condition for how many there are.</param>
    protected void KeepKeys(string name, string times) =>
        Execute(
            $"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {Names(Layout.Keys)} FROM {Staged} "
                + $"GROUP BY ALL HAVING count(*) {times}"
        );

    /// <summary>The condition that two rows have one key, for a join of tables with the columns of the key.</summary>
    protected string UsingKeys => $"USING ({Names(Layout.Keys)})";

    /// <summary>Leaves out what cannot matter any more; says how many changes went.</summary>
    public abstract long Reduce();

    /// <summary>Takes the target's rows that have the batch's keys.</summary>
    /// <param name="target">The target, or those rows of it, in SQL; null when there are none.</param>
    public void Take(string? target)
    {
        var table = changes.From.Table;
        var taken = Layout
            .Values.Select(column => (Name: StagedTable.Column(column), columns[column].Name, Type(column)))
            .Concat(Layout.Own.Select((column, i) => (Own(i), column.Name, column.Type)))
            .Select(column =>
            {
                var (name, inTarget, type) = column;
                var known = table?.FirstOrDefault(one => Same(one.Name, inTarget));
                return known is null
                    ? $"NULL::{DuckDbTypes.Name(type)} AS {name}"
                    : $"t.{Sql.Identifier(known.Name)}::{DuckDbTypes.Name(type)} AS {name}";
            });
        Keep(There, taken, target, Layout.Keys.Select(column => (columns[column].Name, column)));
    }

    /// <summary>Takes the memory's rows that have the batch's keys.</summary>
    /// <param name="memory">The memory, or those rows of it, in SQL; null when there are none.</param>
    /// <param name="has">Its columns: a plan adds none that a load would add.</param>
    public void Remember(string? memory, IEnumerable<string> has) =>
        Keep(
            Remembered,
            Layout.MemoryColumns.Select(column =>
                memory is null || !has.Contains(column.Name)
                    ? $"NULL::{DuckDbTypes.Name(column.Type)} AS {column.Name}"
                    : $"t.{column.Name}::{DuckDbTypes.Name(column.Type)} AS {column.Name}"
            ),
            memory,
            Layout.Keys.Select((column, i) => (Layout.MemoryColumns[i].Name, column))
        );

    /// <summary>
    /// Takes changes out of the batch whose place cannot be told: they are not newer than what the memory forgot, and
    /// it does not have them. The memory's rows must have been taken.
    /// </summary>
    /// <param name="forgotten">The place up to which the memory was pruned.</param>
    public IReadOnlyList<UnplacedRows> SetAside(TableShape shape, string forgotten)
    {
        var isUnplaced = IsUnplaced(Sql.Literal(forgotten));
        var all = db.Execute($"DELETE FROM {Staged} AS e WHERE {isUnplaced}", cancel);
        if (all == 0)
            return [];
        const string reason =
            "'it is older than what Headrace remembers of the order of changes (cdc: late), so nobody can tell '"
            + " || 'whether a newer one of its row was applied'";
        var found = new List<UnplacedRows>();
        foreach (var file in shape.Files)
        {
            var rows = new StagedRows([file], shape, changes);
            if (!rows.HasRows)
                continue;
            var values = Layout
                .Keys.Concat(Layout.Moment < 0 ? [] : [Layout.Moment])
                .Distinct()
                .Select(column => $"{rows.Value(column)} AS {StagedTable.Column(column)}");
            var query = $"""
                SELECT line, NULL::VARCHAR AS "column", NULL::VARCHAR AS value, {reason} AS reason,
                    "row"::VARCHAR AS "row"
                FROM (SELECT line, {rows.Json} AS "row", {rows.Event.Order} AS pos, {string.Join(", ", values)}
                    FROM {rows.Source} WHERE {rows.Good}) AS e WHERE {isUnplaced}
                """;
            if (Count($"SELECT count(*) FROM ({query})") is > 0 and var some)
                found.Add(new UnplacedRows(file.File, some, query));
        }

        return found.Sum(one => one.Rows) == all
            ? found
            : throw Error.RowsDiffer(changes.Target.ToString(), all, found.Sum(one => one.Rows));
    }

    /// <summary>The condition that the place of a change <c>e</c> cannot be told.</summary>
    /// <param name="forgotten">A literal.</param>
    protected virtual string IsUnplaced(string forgotten) =>
        $"e.pos <= {forgotten} AND NOT EXISTS (SELECT 1 FROM {Remembered} AS m WHERE {OnMemory("e", "m")})";

    /// <summary>What the changes do; both must have been taken.</summary>
    public abstract ResolvedEvents Resolve();

    /// <summary>The name of a column that Headrace itself fills.</summary>
    protected static string Own(int column) => SnapshotColumns.Text($"own{column}");

    protected ColumnType Type(int column) => columns[column].Type!.Value;

    protected static string Names(IEnumerable<int> columns, string alias = "") =>
        string.Join(", ", columns.Select(column => $"{alias}{StagedTable.Column(column)}"));

    /// <summary>Columns of the shape, each behind a comma.</summary>
    protected static string More(IEnumerable<int> columns, string alias = "") =>
        string.Concat(columns.Select(column => $", {alias}{StagedTable.Column(column)}"));

    /// <summary>The condition that two rows have one key.</summary>
    protected string OnKeys(string one, string other) =>
        string.Join(
            " AND ",
            Layout.Keys.Select(key => $"{one}.{StagedTable.Column(key)} = {other}.{StagedTable.Column(key)}")
        );

    /// <summary>The condition that a row has the key of a row of the memory.</summary>
    protected string OnMemory(string row, string memory) =>
        string.Join(
            " AND ",
            Layout.Keys.Select((key, i) => $"{row}.{StagedTable.Column(key)} = {memory}.{Layout.MemoryColumns[i].Name}")
        );

    /// <summary>The condition that columns differ between two rows.</summary>
    protected string Differ(IEnumerable<int> columns, Func<string, string> one, Func<string, string> other) =>
        string.Join(
            " OR ",
            columns
                .Select(column =>
                    JsonText.Differ(one(StagedTable.Column(column)), other(StagedTable.Column(column)), Type(column))
                )
                .DefaultIfEmpty("false")
        );

    protected void Execute(string sql) => db.Execute(sql, cancel);

    protected long Count(string sql) => db.Scalar<long>(sql, cancel);

    /// <summary>What was found as changes of the target's and of the memory's rows.</summary>
    /// <param name="target">A query: <c>op</c>, then the target's columns.</param>
    /// <param name="written">Those columns.</param>
    /// <param name="key">The names by which the target's rows are told apart.</param>
    /// <param name="memory">A query: <c>op</c>, then the memory's columns.</param>
    protected ResolvedEvents Resolved(
        string target,
        IReadOnlyList<Column> written,
        IReadOnlyList<string> key,
        string memory,
        long unchanged,
        long marked,
        long older
    ) =>
        new(
            Changed(Target, target, written, unchanged),
            key,
            Changed(Memory, memory, Layout.MemoryColumns, 0),
            marked,
            older
        );

    private RowChanges Changed(string name, string query, IReadOnlyList<Column> written, long unchanged)
    {
        var names = string.Join(", ", written.Select((_, i) => CsvText.Name(i)).Prepend("op"));
        Execute($"CREATE OR REPLACE TEMP TABLE {Bare(name)} AS SELECT * FROM ({query}) AS rows({names})");
        long Of(string op) => Count($"SELECT count(*) FROM {name} WHERE op = '{op}'");
        return new RowChanges
        {
            Path = "",
            Relation = name,
            Columns = written,
            Inserted = Of("I"),
            Updated = Of("U"),
            Deleted = Of("D"),
            Unchanged = unchanged,
        };
    }

    private void Keep(
        string name,
        IEnumerable<string> values,
        string? from,
        IEnumerable<(string Name, int Column)> keys
    )
    {
        var on = string.Join(
            " AND ",
            keys.Select(key => $"t.{Sql.Identifier(key.Name)} = k.{StagedTable.Column(key.Column)}")
        );
        Execute(
            $"CREATE OR REPLACE TEMP TABLE {Bare(name)} AS SELECT {string.Join(", ", values)} "
                + (from is null ? "WHERE false" : $"FROM {from} AS t SEMI JOIN {Keys} AS k ON {on}")
        );
    }

    private static string Bare(string name) => name["temp.".Length..];

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
