using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// How far a cursor may move so that no row is skipped that commits later with an earlier value. Asked before the snapshot
/// whose rows are read: what was open at that moment may still write values from its start on, and nothing earlier.
/// </summary>
/// <param name="Time">The start of the oldest transaction that was open, less a guard; as timestamptz.</param>
/// <param name="Now">The server's clock.</param>
/// <param name="OldestXid">The oldest transaction that was open, as xid8.</param>
/// <param name="Lag">How far <paramref name="Time"/> is behind.</param>
/// <param name="Obstacle">Why open transactions cannot be told; null when they can.</param>
/// <param name="HasPrepared">A prepared transaction is open, of which only the end is unknown.</param>
internal sealed record Horizon(string Time, string Now, string OldestXid, TimeSpan Lag, string? Obstacle, bool HasPrepared)
{
    // A transaction takes its time a moment before the server shows that it has begun.
    private const string Guard = "2 seconds";

    public static async Task<Horizon> AskAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"""
            WITH asked AS MATERIALIZED (SELECT clock_timestamp() AS now),
                open AS MATERIALIZED (
                    SELECT min(xact_start) AS oldest FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type NOT IN ('autovacuum worker', 'walsender')
                        AND (datname IS NULL OR datname = current_database()))
            SELECT (least(oldest, now) - interval '{Guard}')::text, now::text, pg_snapshot_xmin(pg_current_snapshot())::text,
                extract(epoch FROM now - least(oldest, now))::double precision,
                CASE WHEN pg_is_in_recovery() THEN 'the server is a standby, which does not show who writes'
                    WHEN NOT (pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')) THEN 'the role is not a member of pg_read_all_stats, so open transactions cannot be seen' END,
                EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
            FROM asked, open
            """, db);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return new Horizon(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), TimeSpan.FromSeconds(reader.GetDouble(3)),
            await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4), reader.GetBoolean(5));
    }
}
