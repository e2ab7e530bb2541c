using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// Changes that go to the rows as they are now: of each key the newest one says whether the row is there, and the
/// newest one that is no delete says its values; each only where the memory has none that is newer. A row of the first
/// copy is older than every change.
/// </summary>
internal sealed class NewestRows(
    DuckDbConnection db,
    ChangeSet changes,
    IReadOnlyList<ShapeColumn> columns,
    DateTimeOffset now,
    CancellationToken cancel
) : EventRows(db, changes, columns, now, cancel)
{
    private const string Newest = "temp.headrace_newest";
    private const string Found = "temp.headrace_found";

    private readonly LoadRules rules = changes.Rules;

    private bool IsSoft => Rules.Deletes == Deletes.Soft;

    private List<Column> Written =>
        [
            .. Layout.Values.Select(column => new Column(Columns[column].Name, Type(column), Columns[column].Nullable)),
            .. Layout.Own,
        ];

    public override long Reduce()
    {
        var (key, newest) = (Names(Layout.Keys), Failpoint.Planted("older-event-wins") ? "ASC" : "DESC");
        var left = string.Concat(Keeping.Select(column => SnapshotColumns.Text($", keeps{column}, v{column}")));
        var filled = string.Concat(
            Keeping.Select(column =>
                SnapshotColumns.Text($", brought{column} IS NULL AS keeps{column}, brought{column}.v AS v{column}")
            )
        );
        var brought = string.Concat(
            Keeping.Select(column =>
                $", CASE WHEN op <> 'D' THEN {Brought(column, "op = 'D' DESC, pos, rowid")} END AS "
                + SnapshotColumns.Text($"brought{column}")
            )
        );
        const string Repeated = "headrace_repeated";
        KeepKeys(Repeated, "> 1");
        var from = $"(SELECT *, rowid AS place{brought} FROM {Staged} SEMI JOIN temp.{Repeated} {UsingKeys})";
        if (Keeping.Count > 0)
            left += string.Concat(Keeping.Select(column => SnapshotColumns.Text($", brought{column}")));
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_newest AS
            SELECT * EXCLUDE (pos), CASE WHEN op <> 'D' THEN pos END AS values_pos, op = 'D' AS is_gone, pos
            FROM {Staged} ANTI JOIN temp.{Repeated} {UsingKeys}
            UNION ALL BY NAME (
                SELECT * EXCLUDE (pos, place{left}){filled}, CASE WHEN op <> 'D' THEN pos END AS values_pos,
                    last(op) OVER k = 'D' AS is_gone, last(pos) OVER k AS pos
                FROM {from}
                WINDOW k AS (PARTITION BY {key} ORDER BY pos, place
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
                QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY op = 'D', pos {newest}, place {newest}) = 1
            )
            """
        );
        return Count($"SELECT count(*) FROM {Staged}") - Count($"SELECT count(*) FROM {Newest}");
    }

    public override ResolvedEvents Resolve()
    {
        Find();
        return Resolved(
            $"SELECT what, {Names(Layout.Values)}{(IsSoft ? $", {Own(0)}" : "")} FROM {Found} "
                + "WHERE what IN ('I', 'U', 'D')",
            Written,
            rules.PrimaryKey,
            $"""
            SELECT CASE WHEN is_known THEN 'U' ELSE 'I' END, {Names(Layout.Keys)}, pos, is_gone, {NowTz}, values_pos
            FROM {Found} WHERE pos <> '0' AND is_newer
            """,
            Count($"SELECT count(*) FROM {Found} WHERE what = '='"),
            Count($"SELECT count(*) FROM {Found} WHERE is_marked AND what = 'U'"),
            Count($"SELECT count(*) FROM {Found} WHERE NOT is_newer")
        );
    }

    // What is found of each key: what happens to its row, and what is to be remembered.
    private void Find()
    {
        var isThere = $"t.{StagedTable.Column(Layout.Keys[0])} IS NOT NULL";
        var others = Layout.Values.Except(Layout.Keys).ToList();
        string Value(int column) =>
            Keeping.Contains(column)
                ? SnapshotColumns.Text($"CASE WHEN e.keeps{column} THEN t.v{column} ELSE e.v{column} END")
                : SnapshotColumns.Text($"e.v{column}");
        var differs = Differ(others, name => $"({Value(int.Parse(name[1..], null))})", name => $"t.{name}");
        var isPlanted = Failpoint.Planted("older-event-wins");
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_linked AS
            SELECT e.* EXCLUDE (pos, is_gone, values_pos{More(others)}), {isThere} AS is_there,
                m.position IS NOT NULL AS is_known,
                coalesce(e.pos >= m.position, true) OR {(isPlanted ? "true" : "false")} AS is_last,
                e.op <> 'D' AND (coalesce(e.values_pos >= m.values_position, true) OR {(
                    isPlanted ? "true" : "false"
                )}) AS has_values,
                CASE WHEN is_last THEN e.is_gone ELSE m.is_deleted END AS is_gone,
                greatest(e.pos, m.position) AS pos,
                CASE WHEN has_values AND e.values_pos <> '0' THEN e.values_pos ELSE m.values_position END AS values_pos,
                coalesce({differs}, false) AS differs{(IsSoft ? $", t.{Own(0)} AS was_gone_at" : "")}{string.Concat(
                    others.Select(column =>
                        $", CASE WHEN has_values THEN {Value(column)} ELSE t.{StagedTable.Column(column)} END "
                        + $"AS {StagedTable.Column(column)}"
                    )
                )}
            FROM {Newest} AS e LEFT JOIN {Remembered} AS m ON {OnMemory("e", "m")}
            LEFT JOIN (SELECT DISTINCT ON ({Names(Layout.Keys)}) * FROM {There}) AS t ON {OnKeys("e", "t")}
            """
        );
        var what = Rules.Deletes switch
        {
            Deletes.Hard => """
                CASE WHEN is_gone THEN CASE WHEN is_there THEN 'D' END
                    WHEN has_values THEN CASE WHEN NOT is_there THEN 'I' WHEN differs THEN 'U' ELSE '=' END END
                """,
            Deletes.Soft => """
                CASE WHEN NOT is_there THEN CASE WHEN has_values THEN 'I' END
                    WHEN (has_values AND differs) OR is_gone <> (was_gone_at IS NOT NULL) THEN 'U' ELSE '=' END
                """,
            _ => """
                CASE WHEN has_values THEN CASE WHEN NOT is_there THEN 'I' WHEN differs THEN 'U' ELSE '=' END END
                """,
        };
        var (own, isMarked) = IsSoft
            ? (
                $", CASE WHEN is_gone THEN coalesce(was_gone_at, {NowTz}) END AS {Own(0)}",
                "is_gone AND was_gone_at IS NULL"
            )
            : ("", "false");
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_found AS
            SELECT *, {what} AS what, {isMarked} AS is_marked, is_last OR has_values AS is_newer{own}
            FROM temp.headrace_linked
            """
        );
    }
}
