using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>
/// Changes that go to a history. The history of a key is a function of the set of its events: those of the batch are
/// put among those that the target (as versions) and the memory (as moments) hold, and its versions are made anew; what
/// comes out as it was is not touched.
/// </summary>
/// <remarks>
/// The memory has the moments of all events of a key, with what they said in columns that open no version; what they
/// said in tracked columns is in the version that held then. Of an event of the first copy only the version is kept, as
/// long as no other event fell into it. Where the load's time is the event's, nothing comes late: of each key the
/// memory has the order of the newest event alone.
/// </remarks>
internal sealed class RowVersions(
    DuckDbConnection db,
    ChangeSet changes,
    IReadOnlyList<ShapeColumn> columns,
    DateTimeOffset now,
    CancellationToken cancel
) : EventRows(db, changes, columns, now, cancel)
{
    private readonly HistoryRules history = changes.Rules.Events!.History!;
    private readonly IReadOnlyList<string> primaryKey = changes.Rules.PrimaryKey;

    private const string Once = "temp.headrace_once";

    private IReadOnlyList<int> Carried => Layout.Carried;

    private string Signature => Sql.Literal(Layout.Signature);

    private string KeyList => Names(Layout.Keys);

    // A row that is gone from an export says no time.
    private string Moment =>
        Layout.Moment < 0 ? NowOfType
        : Changes.IsComparedHistory ? $"coalesce({StagedTable.Column(Layout.Moment)}, {NowOfType})"
        : StagedTable.Column(Layout.Moment);

    private string NowOfType => $"({NowTz})::{DuckDbTypes.Name(Layout.MomentType)}";

    private string Tracks(string alias) => More(Layout.Tracked, alias);

    private string Carries(string alias) => More(Carried, alias);

    // Of one moment the place in the order is known as long as the moment is.
    protected override string IsUnplaced(string forgotten)
    {
        if (!Layout.IsPlacedByMoment)
            return base.IsUnplaced(forgotten);
        var moment = $"e.{StagedTable.Column(Layout.Moment)}";
        return $"{moment} <= {forgotten}::{DuckDbTypes.Name(Layout.MomentType)} AND NOT EXISTS (SELECT 1 "
            + $"FROM {Remembered} AS m WHERE {OnMemory("e", "m")} AND m.happened_at = {moment} "
            + "AND m.position >= e.pos)";
    }

    // All events count.
    public override long Reduce() => 0;

    public override ResolvedEvents Resolve()
    {
        // Keys of which nothing is known and one thing happened: that is their version.
        KeepKeys("headrace_once", "= 1");
        foreach (var (known, on) in ((string, string)[])[(There, OnKeys("o", "k")), (Remembered, OnMemory("o", "k"))])
            Execute($"DELETE FROM {Once} AS o USING {known} AS k WHERE {on}");
        var (from, to) = (Own(0), Own(1));
        var late = Late();
        var isLeftOut = Rules.Deletes == Deletes.Ignore ? $"({late}) OR e.op = 'D'" : late;
        var carried = string.Concat(
            Carried
                .Select(StagedTable.Column)
                .Select(name => $", CASE WHEN m.is_known THEN m.{name} ELSE t.{name} END AS {name}")
        );
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_events AS
            SELECT * FROM (
                SELECT {KeyList}, {Moment} AS moment, pos, op = 'D' AS gone, 2 AS source, rowid AS place{More(
                    Layout.Tracked
                )}{More(Carried)}{string.Concat(Keeping.Select(column => SnapshotColumns.Text($", keeps{column}")))}
                FROM {Staged} AS e ANTI JOIN {Once} {UsingKeys} WHERE NOT ({isLeftOut})
                UNION ALL BY NAME
                SELECT {Names(Layout.Keys, "m.")}, m.moment, m.pos, m.gone, 1 AS source, 0 AS place
                    {Tracks("t.")}{carried}
                FROM ({Moments()}) AS m LEFT JOIN {There} AS t ON {OnKeys("m", "t")}
                    AND t.{from} <= m.moment AND (t.{to} IS NULL OR m.moment < t.{to})
                WHERE m.gone OR t.{from} IS NOT NULL
                UNION ALL BY NAME
                SELECT {KeyList}, {from} AS moment, '0' AS pos, false AS gone, 0 AS source, 0 AS place
                    {Tracks("")}{Carries("")}
                FROM {There}
                UNION ALL BY NAME
                SELECT {Names(Layout.Keys, "t.")}, t.{to} AS moment, '0' AS pos, true AS gone, 0 AS source, 0 AS place
                FROM {There} AS t ANTI JOIN {There} AS n ON {OnKeys("t", "n")} AND n.{from} = t.{to}
                WHERE t.{to} IS NOT NULL
            )
            QUALIFY row_number() OVER (PARTITION BY {KeyList}, moment ORDER BY pos DESC, source DESC, place DESC) = 1
            """
        );
        Fill();
        Chain();
        return Compare(Count($"SELECT count(*) FROM {Staged} AS e WHERE {late}"));
    }

    // What a change leaves as it is the event before it says.
    private void Fill()
    {
        if (Keeping.Count == 0)
            return;
        var filled = Keeping
            .Where(column => Layout.Tracked.Contains(column) || Carried.Contains(column))
            .Select(column => SnapshotColumns.Text($"({Brought(column, "gone DESC, moment")}).v AS v{column}"));
        Execute(
            $"CREATE OR REPLACE TEMP TABLE headrace_events AS SELECT * REPLACE ({string.Join(", ", filled)}) "
                + "FROM temp.headrace_events"
        );
    }

    // Without a time of its own an event that is older than what is known has no place: it would hold from now on.
    private string Late() =>
        Layout.Moment >= 0 || Failpoint.Planted("older-event-wins")
            ? "false"
            : $"EXISTS (SELECT 1 FROM {Remembered} AS m WHERE {OnMemory("e", "m")} AND e.pos < m.position)"
                + $" OR (e.pos = '0' AND EXISTS (SELECT 1 FROM {Remembered} AS m WHERE {OnMemory("e", "m")}))";

    private string Moments()
    {
        var keys = Layout.Keys.Select((key, i) => $"{Layout.MemoryColumns[i].Name} AS {StagedTable.Column(key)}");
        var carried = Carried.Select(column => $", {Layout.MemoryName(column)} AS {StagedTable.Column(column)}");
        return $"SELECT {string.Join(", ", keys)}, happened_at AS moment, position AS pos, is_deleted AS gone, "
            + $"coalesce(layout = {Signature}, false) AS is_known{string.Concat(carried)} FROM {Remembered}";
    }

    // Which events open a version, which end one, and to which version each belongs.
    private void Chain()
    {
        var before = Layout.Tracked.Select(column =>
            SnapshotColumns.Text($", lag(e.{StagedTable.Column(column)}) OVER w AS before{column}")
        );
        var differs = Differ(Layout.Tracked, name => name, name => $"before{name[1..]}");

        // Versions that another list of tracked columns made stay, though this one does not tell them apart.
        var isOpened =
            $"SELECT {Names(Layout.Keys, "n.")}, n.{Own(0)} AS moment, true AS stays FROM {There} AS n "
            + $"JOIN {There} AS b ON {OnKeys("n", "b")} AND b.{Own(1)} = n.{Own(0)} "
            + $"WHERE NOT ({Differ(Layout.Tracked, name => $"n.{name}", name => $"b.{name}")})";
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_chain AS
            WITH linked AS (
                SELECT e.*, coalesce(o.stays, false) AS stays, lag(gone) OVER w AS was_gone{string.Concat(before)}
                FROM temp.headrace_events AS e LEFT JOIN ({isOpened}) AS o ON {OnKeys("e", "o")}
                    AND e.moment = o.moment
                WINDOW w AS (PARTITION BY {Names(Layout.Keys, "e.")} ORDER BY e.moment)
            ), marked AS (
                SELECT *, NOT gone AND (was_gone IS NULL OR was_gone OR stays OR {differs}) AS opens,
                    gone AND was_gone = false AS ends FROM linked
            )
            SELECT * EXCLUDE (was_gone, stays, ends), coalesce(ends, false) AS ends,
                count(*) FILTER (opens OR ends) OVER (w ROWS UNBOUNDED PRECEDING) AS version,
                lead(moment) OVER w IS NULL AS is_last
            FROM marked WINDOW w AS (PARTITION BY {KeyList} ORDER BY moment)
            """
        );
        Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE headrace_versions AS
            WITH bounds AS (
                SELECT *, lead(moment) OVER (PARTITION BY {KeyList} ORDER BY moment) AS until
                FROM temp.headrace_chain WHERE opens OR ends
            ), lasts AS (
                SELECT {KeyList}, version, count(*) OVER g AS members{More(Layout.OfLast)}
                FROM temp.headrace_chain
                WINDOW g AS (PARTITION BY {KeyList}, version)
                QUALIFY row_number() OVER (PARTITION BY {KeyList}, version ORDER BY moment DESC) = 1
            )
            SELECT {Names(Layout.Keys, "b.")}{Tracks("b.")}{More(Layout.OfFirst, "b.")}{More(Layout.OfLast, "l.")},
                b.moment AS {Own(0)}, {(Failpoint.Planted("version-left-open") ? "NULL" : "b.until")} AS {Own(1)},
                b.until IS NULL AS {Own(2)}, b.version, l.members
            FROM bounds AS b JOIN lasts AS l ON {OnKeys("b", "l")} AND b.version = l.version
            WHERE b.opens
            """
        );
    }

    private ResolvedEvents Compare(long older)
    {
        var written = Layout
            .Values.Select(column => new Column(Columns[column].Name, Type(column), Columns[column].Nullable))
            .Concat(Layout.Own)
            .ToList();
        string Values(string row) =>
            string.Join(
                ", ",
                Layout
                    .Values.Select(column => $"{row}.{StagedTable.Column(column)}")
                    .Concat(Layout.Own.Select((_, i) => $"{row}.{Own(i)}"))
            );
        var isSame = $"{OnKeys("n", "t")} AND n.{Own(0)} = t.{Own(0)}";
        var differs =
            Differ(Layout.Values.Except(Layout.Keys), name => $"n.{name}", name => $"t.{name}")
            + $" OR n.{Own(1)} IS DISTINCT FROM t.{Own(1)} OR n.{Own(2)} IS DISTINCT FROM t.{Own(2)}";
        var target = $"""
            SELECT CASE WHEN t.{Own(0)} IS NULL THEN 'I' ELSE 'U' END, {Values("n")}
            FROM temp.headrace_versions AS n LEFT JOIN {There} AS t ON {isSame} WHERE t.{Own(0)} IS NULL OR {differs}
            UNION ALL
            SELECT 'D', {Values("t")} FROM {There} AS t ANTI JOIN temp.headrace_versions AS n ON {isSame}
            UNION ALL
            SELECT 'I', {Names(Layout.Values, "e.")}, {Moment}, NULL, true
            FROM {Staged} AS e SEMI JOIN {Once} {UsingKeys} WHERE op <> 'D'
            """;
        return Resolved(
            target,
            written,
            [.. primaryKey, history.From],
            Memory(),
            Count(
                $"SELECT count(*) FROM temp.headrace_versions AS n JOIN {There} AS t ON {isSame} WHERE NOT ({differs})"
            ),
            0,
            older
        );
    }

    // What is remembered once the batch is applied, against what was.
    private string Memory()
    {
        var isKept = $"""
            SELECT c.* FROM temp.headrace_chain AS c LEFT JOIN temp.headrace_versions AS v ON {OnKeys("c", "v")}
                AND c.version = v.version
            WHERE {(
                Layout.Moment < 0
                    ? "c.pos <> '0' AND c.is_last"
                    : "NOT (c.pos = '0' AND ((c.opens AND v.members = 1) OR c.ends))"
            )}
            """;
        var on = $"{OnMemory("c", "m")} AND c.moment = m.happened_at";
        var carried = string.Concat(Carried.Select(column => $", c.{StagedTable.Column(column)}"));
        var differs = string.Concat(
            Carried.Select(column =>
                " OR "
                + JsonText.Differ($"c.{StagedTable.Column(column)}", $"m.{Layout.MemoryName(column)}", Type(column))
            )
        );
        var rest = string.Join(", ", Layout.MemoryColumns.Select(column => $"m.{column.Name}"));

        // What was applied when only the table knows; it knows the event, too.
        var applied =
            $"CASE c.source WHEN 2 THEN {NowTz} WHEN 1 THEN m.applied_at ELSE {Sql.Literal(EventLayout.Known)}"
            + "::TIMESTAMPTZ END";
        return $"""
            SELECT CASE WHEN m.position IS NULL THEN 'I' ELSE 'U' END, {Names(
                Layout.Keys,
                "c."
            )}, c.moment, c.pos, c.gone, {applied}, {Signature}{carried}
            FROM ({isKept}) AS c LEFT JOIN {Remembered} AS m ON {on}
            WHERE m.position IS NULL OR c.pos <> m.position OR c.gone <> m.is_deleted
                OR m.layout IS DISTINCT FROM {Signature}{differs}
            UNION ALL
            SELECT 'D', {rest} FROM {Remembered} AS m ANTI JOIN ({isKept}) AS c ON {on}
            UNION ALL
            SELECT 'I', {Names(Layout.Keys, "e.")}, {Moment}, e.pos, e.op = 'D', {NowTz}, {Signature}{Carries("e.")}
            FROM {Staged} AS e SEMI JOIN {Once} {UsingKeys}
            WHERE e.pos <> '0'{(Rules.Deletes == Deletes.Ignore ? " AND e.op <> 'D'" : "")}
            """;
    }
}
