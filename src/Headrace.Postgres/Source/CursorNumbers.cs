using System.Globalization;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>A column of growing numbers, and whether they grow in the order in which transactions take them.</summary>
internal static class CursorNumbers
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    // The sequences that a column takes its numbers from, in the table and in what inherits from it.
    private const string Sequences = """
        WITH RECURSIVE tree AS (SELECT $1::bigint::oid AS oid UNION SELECT inhrelid FROM pg_inherits
            JOIN tree ON inhparent = tree.oid),
            named AS (SELECT attrelid, attnum FROM pg_attribute JOIN tree ON attrelid = oid
                WHERE attname = $2 AND NOT attisdropped)
        SELECT n.nspname || '.' || c.relname, s.seqcache, s.seqincrement, s.seqcycle
        FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE s.seqrelid IN (SELECT d.objid FROM pg_depend AS d
            JOIN named ON d.refobjid = attrelid AND d.refobjsubid = attnum
                WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i')
            OR s.seqrelid IN (SELECT d.refobjid FROM pg_attrdef AS a
                JOIN named ON a.adrelid = attrelid AND a.adnum = attnum
                JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                    AND d.refclassid = 'pg_class'::regclass)
        ORDER BY 1
        """;

    /// <summary>
    /// Why a later number need not be the larger one; null when one sequence gives them, each as it is taken.
    /// </summary>
    public static async Task<string?> ObstacleAsync(
        NpgsqlConnection db,
        SourceTable table,
        string column,
        CancellationToken cancel
    )
    {
        if (table.Number == 0)
            return "a query does not show where its numbers come from";
        var found = await db.RowsAsync(
            Sequences,
            row => (Name: row.GetString(0), Cache: row.GetInt64(1), Step: row.GetInt64(2), IsCycle: row.GetBoolean(3)),
            cancel,
            table.Number,
            column
        );
        return found switch
        {
            [] => "no sequence gives its numbers",
            [_, _, ..] => $"several sequences give its numbers ({string.Join(", ", found.Select(one => one.Name))})",
            [{ Cache: > 1 } one] => string.Create(
                CultureInfo.InvariantCulture,
                $"the sequence {one.Name} has CACHE {one.Cache}, so sessions take numbers long before they use them"
            ),
            [{ Step: < 0 } one] => $"the sequence {one.Name} counts down",
            [{ IsCycle: true } one] => $"the sequence {one.Name} begins again at its end (CYCLE)",
            _ => null,
        };
    }

    /// <summary>
    /// Waits until every transaction has ended that is open now, whether its session shows it or not; false when it
    /// takes too long.
    /// </summary>
    public static async Task<bool> AllEndedAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        var open = await db.ScalarAsync<string>(
            $"""
            SELECT string_agg(virtualxid, ',') {Horizon.OpenLocks} AND pid IN (SELECT pid
            FROM pg_stat_activity WHERE {Horizon.Writers})
            """,
            cancel
        );
        for (var waited = TimeSpan.Zero; waited < LongestWait; waited += TimeSpan.FromMilliseconds(100))
        {
            if (
                await db.ScalarAsync<bool>(
                    $"""
                    SELECT NOT EXISTS (SELECT {Horizon.OpenLocks}
                    AND virtualxid = ANY (string_to_array($1, ','))) AND NOT EXISTS (SELECT
                    FROM pg_prepared_xacts WHERE database = current_database())
                    """,
                    cancel,
                    open ?? ""
                )
            )
                return true;
            await Task.Delay(100, cancel);
        }

        return false;
    }
}
