using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// The statements that change rows of a target, within the transaction that is open. Each says how many rows it
/// changed, and stops where the table took others than it was given, or where rows of other tables would go along.
/// </summary>
internal sealed class TargetStatements(NpgsqlConnection db, TargetTable table, CancellationToken cancel)
{
    private readonly string quoted = PostgresDialect.Instance.Qualified(table.Name);

    // What a load puts in, of which some is an identity: those values are kept as they come.
    private const string Kept = " OVERRIDING SYSTEM VALUE";

    /// <summary>Inserts what a query reads.</summary>
    /// <param name="names">Quoted, in the order of the query's columns.</param>
    public Task<long> InsertAsync(IEnumerable<string> names, string query) =>
        db.ExecuteAsync($"INSERT INTO {quoted} ({string.Join(", ", names)}){Kept} {query}", cancel);

    /// <summary>The same, for a known number of rows.</summary>
    /// <exception cref="HeadraceException">HDR-326.</exception>
    public async Task InsertAllAsync(IEnumerable<string> names, string query, long expected)
    {
        if (await InsertAsync(names, query) is var taken && taken != expected)
            throw await NotTakenAsync("inserted", expected, taken);
    }

    /// <summary>
    /// Updates rows <c>t</c>. A column whose values the table numbers by itself is not to be updated: there the row
    /// goes, and comes again.
    /// </summary>
    /// <param name="set">Quoted names with their new values.</param>
    /// <param name="from">What is joined to <c>t</c>.</param>
    public async Task<long> UpdateAsync(IReadOnlyList<(string Name, string Value)> set, string from, string where)
    {
        if (
            !set.Any(column =>
                table.Found.Any(found => found.IsNumbered && PostgresSql.Identifier(found.Name) == column.Name)
            )
        )
        {
            var values = string.Join(", ", set.Select(column => $"{column.Name} = {column.Value}"));
            return await db.ExecuteAsync($"UPDATE {quoted} AS t SET {values} FROM {from} WHERE {where}", cancel);
        }

        var all = table
            .Found.Where(column => !column.IsComputed)
            .Select(column => PostgresSql.Identifier(column.Name))
            .ToList();
        string New(string name) =>
            set.Where(column => column.Name == name).Select(column => column.Value).FirstOrDefault() ?? $"t.{name}";
        var rows = string.Join(", ", all.Select((name, i) => $"{New(name)} AS v{i}"));
        await db.ExecuteAsync(
            $"CREATE TEMP TABLE headrace_replaced ON COMMIT DROP AS SELECT {rows} FROM {quoted} AS t, {from} "
                + $"WHERE {where}",
            cancel
        );
        var went = await DeleteAsync(from, where);
        await InsertAllAsync(
            all,
            $"SELECT {string.Join(", ", all.Select((_, i) => $"v{i}"))} FROM pg_temp.headrace_replaced",
            went
        );
        await db.ExecuteAsync("DROP TABLE pg_temp.headrace_replaced", cancel);
        return went;
    }

    /// <summary>Deletes rows <c>t</c>.</summary>
    /// <param name="from">What is joined to <c>t</c>.</param>
    /// <exception cref="HeadraceException">HDR-323, HDR-326.</exception>
    public async Task<long> DeleteAsync(string from, string where)
    {
        var went = await db.ExecuteAsync($"DELETE FROM {quoted} AS t USING {from} WHERE {where}", cancel);
        if (went > 0)
            await CheckReferredAsync(isAll: false);
        if (
            table.HasTriggers
            && await db.ScalarAsync<long>($"SELECT count(*) FROM {quoted} AS t, {from} WHERE {where}", cancel)
                is > 0
                    and var left
        )
            throw await NotTakenAsync("deleted", went + left, went);
        return went;
    }

    /// <summary>Deletes all rows, which are so many.</summary>
    /// <exception cref="HeadraceException">HDR-323, HDR-326.</exception>
    public async Task DeleteAllAsync(long expected)
    {
        await CheckReferredAsync(isAll: true);
        if (await db.ExecuteAsync($"DELETE FROM {quoted}", cancel) is var went && went != expected)
            throw await NotTakenAsync("deleted", expected, went);
    }

    /// <summary>Rows that this transaction has inserted so far; null where the server does not count them.</summary>
    public async Task<long?> InsertedAsync() =>
        (
            await db.RowsAsync(
                """
                SELECT CASE WHEN current_setting('track_counts')::boolean
                    THEN (SELECT sum(pg_stat_get_xact_tuples_inserted(p.oid))::bigint
                    FROM (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                        WHERE n.nspname = $1 AND c.relname = $2
                        UNION SELECT i.relid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
                            pg_partition_tree(c.oid) AS i WHERE n.nspname = $1 AND c.relname = $2) AS p) END
                """,
                row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0),
                cancel,
                table.Name.Schema,
                table.Name.Table
            )
        )[0];

    /// <summary>Stops a load whose rows were copied and did not all stay.</summary>
    /// <exception cref="HeadraceException">HDR-326.</exception>
    public async Task CheckCopiedAsync(long? before, long expected)
    {
        if (table.HasTriggers && before is { } some && await InsertedAsync() is { } now && now - some != expected)
            throw await NotTakenAsync("inserted", expected, now - some);
    }

    /// <summary>An error that says which triggers and rules the table has.</summary>
    public async Task<HeadraceException> NotTakenAsync(string did, long expected, long taken)
    {
        var names = await db.RowsAsync(
            """
            SELECT g.tgname::text FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2 AND NOT g.tgisinternal
            UNION ALL SELECT r.rulename::text FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """,
            row => row.GetString(0),
            cancel,
            table.Name.Schema,
            table.Name.Table
        );
        return Error.RowsNotTaken(
            table.Name,
            did,
            expected,
            taken,
            names.Count == 0 ? "none of its own" : string.Join(", ", names)
        );
    }

    // Within one table all rows go together, so those that refer to others of them are nobody's loss.
    private async Task CheckReferredAsync(bool isAll)
    {
        var found = await db.RowsAsync(
            """
            SELECT k.conname::text, k.conrelid::regclass::text, CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n'
                THEN 'SET NULL' ELSE 'SET DEFAULT' END
            FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.confrelid OR k.confrelid IN (SELECT relid
                FROM pg_partition_tree(c.oid))
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd') AND n.nspname = $1 AND c.relname = $2
                AND NOT ($3 AND k.conrelid = c.oid)
            ORDER BY k.conparentid, k.conname LIMIT 1
            """,
            row => (row.GetString(0), row.GetString(1), row.GetString(2)),
            cancel,
            table.Name.Schema,
            table.Name.Table,
            isAll
        );
        if (found is [var (constraint, other, action)])
            throw Error.RowsReferred(table.Name, constraint, other, action);
    }
}
