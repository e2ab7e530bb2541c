using System.Text.Json;
using Headrace.State;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// The ledger of several machines: the history of runs in a PostgreSQL database, and a lease for each dataset, which
/// goes by the server's clock alone.
/// </summary>
/// <param name="lease">How long a dataset stays with a machine that says nothing any more.</param>
public sealed class SharedLedger(PostgresDatabase database, TimeSpan lease, TimeProvider clock) : ILedger
{
    private bool isThere;

    public async Task<IHold?> HoldAsync(Dataset dataset, Run? run, CancellationToken cancel) =>
        await Lease.TakeAsync(this, dataset, lease, clock, run, cancel);

    public async Task<IReadOnlyList<Run>> UnderWayAsync(CancellationToken cancel)
    {
        var begun = await AskAsync(
            db =>
                db.RowsAsync(
                    "SELECT run, expires_at > clock_timestamp() FROM headrace.leases WHERE run IS NOT NULL",
                    row => (Run: row.GetString(0), IsHeld: row.GetBoolean(1)),
                    cancel
                ),
            cancel
        );
        return
        [
            .. begun
                .Select(one => (Run: JsonSerializer.Deserialize(one.Run, RunJson.Default.Run)!, one.IsHeld))
                .Select(one => one.IsHeld ? one.Run : one.Run.Ended())
                .OrderByDescending(run => run.StartedAt),
        ];
    }

    public Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel) =>
        AskAsync(
            async db =>
            {
                await using var transaction = await db.BeginTransactionAsync(cancel);
                foreach (var run in runs)
                    await db.ExecuteAsync(
                        """
                        INSERT INTO headrace.runs (id, flow, dataset, outcome, started_at, detail)
                        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
                        """,
                        cancel,
                        run.Id,
                        run.Flow,
                        run.Dataset,
                        Word(run.Outcome),
                        run.StartedAt,
                        JsonSerializer.Serialize(run, RunJson.Default.Run)
                    );
                await db.CommitAsync(transaction, cancel);
                return true;
            },
            cancel
        );

    public Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel) =>
        ReadAsync(
            """
            SELECT detail FROM headrace.runs
                WHERE ($1::text IS NULL OR flow = $1 OR dataset = $1 OR starts_with(id, $1))
                    AND ($2::text IS NULL OR outcome = $2)
                    AND ($6 OR outcome <> 'up_to_date')
                    AND ($7::text IS NULL OR strpos(detail, $7) > 0)
                    AND ($3::timestamptz IS NULL OR started_at < $3 OR (started_at = $3 AND id COLLATE "C" < $4::text))
            ORDER BY started_at DESC, id COLLATE "C" DESC LIMIT $5
            """,
            cancel,
            query.Of,
            query.Outcome is { } outcome ? Word(outcome) : null,
            query.Before?.StartedAt,
            query.Before?.Id,
            (long)query.Most,
            query.WithIdle,
            query.WithDdl ? RunJson.Ddl : null
        );

    public Task<IReadOnlyList<Run>> LatestAsync(IReadOnlyList<Outcome> outcomes, CancellationToken cancel) =>
        ReadAsync(
            """
            SELECT DISTINCT ON (dataset COLLATE "C") detail FROM headrace.runs
            WHERE cardinality($1::text[]) = 0 OR outcome = ANY($1::text[])
            ORDER BY dataset COLLATE "C", started_at DESC, id COLLATE "C" DESC
            """,
            cancel,
            (object)outcomes.Select(Word).ToArray()
        );

    public Task<IReadOnlyDictionary<string, string>> MarksAsync(string prefix, CancellationToken cancel) =>
        AskAsync<IReadOnlyDictionary<string, string>>(
            async db =>
                (
                    await db.RowsAsync(
                        "SELECT name, value FROM headrace.marks WHERE starts_with(name, $1)",
                        row => (Name: row.GetString(0), Value: row.GetString(1)),
                        cancel,
                        prefix
                    )
                ).ToDictionary(mark => mark.Name, mark => mark.Value, StringComparer.Ordinal),
            cancel
        );

    public Task<bool> MarkAsync(string name, string? from, string? to, CancellationToken cancel) =>
        AskAsync(
            async db =>
                await (
                    (from, to) switch
                    {
                        (null, not null) => db.ExecuteAsync(
                            """
                            INSERT INTO headrace.marks (name, value, changed_at) VALUES ($1, $2, clock_timestamp())
                            ON CONFLICT DO NOTHING
                            """,
                            cancel,
                            name,
                            to
                        ),
                        (_, null) => db.ExecuteAsync(
                            "DELETE FROM headrace.marks WHERE name = $1 AND value = $2",
                            cancel,
                            name,
                            from
                        ),
                        _ => db.ExecuteAsync(
                            """
                            UPDATE headrace.marks SET value = $3, changed_at = clock_timestamp()
                            WHERE name = $1 AND value = $2
                            """,
                            cancel,
                            name,
                            from,
                            to
                        ),
                    }
                ) == 1,
            cancel
        );

    /// <summary>Asks on a connection of its own, once the tables are there.</summary>
    /// <exception cref="HeadraceException">HDR-401; HDR-404 when a newer Headrace made them.</exception>
    internal async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            return await database.RunAsync(async () =>
            {
                await using var db = await database.OpenAsync(cancel);
                await EnsureAsync(db, cancel);
                return await ask(db);
            });
        }
        catch (HeadraceException error) when (error.Kind == ErrorKind.DatabaseFailed)
        {
            throw Error.Ledger(
                database.Address,
                string.Join("; ", error.Facts.Where(fact => fact.Name == "found").Select(fact => fact.Value)),
                Error.Doctor,
                error
            );
        }
    }

    private static string Word(Outcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

    private Task<IReadOnlyList<Run>> ReadAsync(string sql, CancellationToken cancel, params object?[] parameters) =>
        AskAsync<IReadOnlyList<Run>>(
            async db =>
                await db.RowsAsync(
                    sql,
                    row => JsonSerializer.Deserialize(row.GetString(0), RunJson.Default.Run)!,
                    cancel,
                    parameters
                ),
            cancel
        );

    private async Task EnsureAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        if (isThere)
            return;
        if (!LedgerState.Shared.IsCurrent(await VersionAsync(db, cancel), database.Address))
        {
            await using var transaction = await db.BeginTransactionAsync(cancel);
            await PostgresConcurrency.LockCreationAsync(db, cancel);
            if (
                !await db.ScalarAsync<bool>(
                    "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'headrace')",
                    cancel
                )
            )
                await db.ExecuteAsync("CREATE SCHEMA headrace", cancel);
            var columns = await db.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_attribute
                WHERE attrelid = to_regclass('headrace.ledger') AND attnum > 0 AND NOT attisdropped
                """,
                cancel
            );
            var from = columns > 1 ? (await VersionAsync(db, cancel)).Number : (int)columns;
            foreach (
                var statement in LedgerState.Shared.IsCurrent(new StateVersion(from, ""), database.Address)
                    ? []
                    : LedgerState.Shared.Migration(PostgresDialect.Instance.State, from)
            )
                await db.ExecuteAsync(statement, cancel);
            await db.CommitAsync(transaction, cancel);
        }

        isThere = true;
    }

    // 0: nothing is there; 1: what release 0.1.0 made, which has no column for who wrote it.
    private static async Task<StateVersion> VersionAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        try
        {
            var found = await db.RowsAsync(
                LedgerState.Shared.Question(PostgresDialect.Instance.State),
                row => new StateVersion((int)row.GetInt64(0), row.Text(1) ?? ""),
                cancel
            );
            return found.FirstOrDefault() ?? new StateVersion(0, "");
        }
        catch (PostgresException missing)
            when (missing.SqlState
                    is PostgresErrorCodes.UndefinedTable
                        or PostgresErrorCodes.InvalidSchemaName
                        or PostgresErrorCodes.UndefinedColumn
            )
        {
            return new StateVersion(0, "");
        }
    }
}
