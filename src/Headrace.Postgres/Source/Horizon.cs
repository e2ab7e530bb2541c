using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// How far a cursor may move so that no row is skipped that commits later with an earlier value. Asked before the
/// snapshot whose rows are read: what was open at that moment may still write values from its start on, and nothing
/// earlier.
/// </summary>
/// <param name="Time">The start of the oldest transaction that was open, less a guard; as timestamptz.</param>
/// <param name="Now">The server's clock.</param>
/// <param name="OldestXid">The oldest transaction that was open, as xid8.</param>
/// <param name="Lag">How far <paramref name="Time"/> is behind.</param>
/// <param name="Obstacle">Why open transactions cannot be told; null when they can.</param>
/// <param name="HasPrepared">A prepared transaction is open, of which only the end is unknown.</param>
/// <param name="Hidden">How many open transactions do not show when they began: the begin of their sessions stands for
/// it.</param>
internal sealed record Horizon(
    string Time,
    string Now,
    string OldestXid,
    TimeSpan Lag,
    string? Obstacle,
    bool HasPrepared,
    long Hidden
)
{
    /// <summary>The sessions that may write in this database.</summary>
    public const string Writers =
        "pid <> pg_backend_pid() AND backend_type NOT IN ('autovacuum worker', "
        + "'walsender') AND (datname IS NULL OR datname = current_database())";

    /// <summary>The lock that every open transaction holds on itself, whatever else its session shows.</summary>
    public const string OpenLocks =
        "FROM pg_locks WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock' AND granted";

    // A transaction takes its time a moment before the server shows that it has begun.
    private const string Guard = "2 seconds";

    /// <summary>True when the rows come from another server, whose transactions and clock are not this one's.</summary>
    public bool IsFilled { get; private init; }

    /// <summary>What the run's record says of it.</summary>
    public string? Warning =>
        Hidden == 0
            ? null
            : $"{Hidden} open {(Hidden == 1 ? "transaction does" : "transactions do")} not show when "
                + $"{(Hidden == 1 ? "it" : "they")} began (track_activities is off): the position stays before the "
                + $"begin of {(Hidden == 1 ? "its session" : "their sessions")}, and rows since then are read again";

    /// <param name="table">The number of the table that is read; 0 for a query.</param>
    public static async Task<Horizon> AskAsync(NpgsqlConnection db, long table, CancellationToken cancel) =>
        (
            await db.RowsAsync(
                $"""
                WITH asked AS MATERIALIZED (SELECT clock_timestamp() AS now),
                    open AS MATERIALIZED (
                        SELECT min(coalesce(xact_start, backend_start)) AS oldest,
                            count(*) FILTER (WHERE xact_start IS NULL) AS hidden FROM pg_stat_activity
                        WHERE {Writers} AND (xact_start IS NOT NULL
                            OR ((state = 'disabled' OR state LIKE 'idle in transaction%' OR backend_xid IS NOT NULL)
                                AND pid IN (SELECT pid {OpenLocks})))),
                    read AS (
                        WITH RECURSIVE tree AS (SELECT $1::bigint::oid AS oid UNION SELECT inhrelid FROM pg_inherits
                            JOIN tree ON inhparent = tree.oid) SELECT oid FROM tree)
                SELECT (least(oldest, now) - interval '{Guard}')::text, now::text,
                    pg_snapshot_xmin(pg_current_snapshot())::text,
                    extract(epoch FROM now - least(oldest, now))::double precision,
                    CASE WHEN pg_is_in_recovery() THEN 'the server is a standby, which does not show who writes'
                        WHEN EXISTS (SELECT FROM pg_class JOIN read USING (oid)
                            WHERE relkind = 'f') THEN 'the table is foreign, so who writes it cannot be seen'
                        WHEN EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid IN (SELECT oid FROM read))
                            THEN 'a subscription fills the table, so its rows come later than their times say'
                        WHEN NOT (pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')) THEN
                            'the role is not a member of pg_read_all_stats, so open transactions cannot be seen' END,
                    EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()), hidden,
                    EXISTS (SELECT FROM pg_class JOIN read USING (oid) WHERE relkind = 'f') OR EXISTS (SELECT
                        FROM pg_subscription_rel WHERE srrelid IN (SELECT oid FROM read))
                FROM asked, open
                """,
                row => new Horizon(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetString(2),
                    TimeSpan.FromSeconds(row.GetDouble(3)),
                    row.Text(4),
                    row.GetBoolean(5),
                    row.GetInt64(6)
                )
                {
                    IsFilled = row.GetBoolean(7),
                },
                cancel,
                table
            )
        )[0];
}
