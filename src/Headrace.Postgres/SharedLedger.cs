using System.Text.Json;
using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// The ledger of several machines: the history of runs in a PostgreSQL database, and a lease for each dataset, which goes by the
/// server's clock alone.
/// </summary>
/// <param name="lease">How long a dataset stays with a machine that says nothing any more.</param>
public sealed class SharedLedger(PostgresDatabase database, TimeSpan lease, TimeProvider clock) : ILedger
{
    private const int Version = 1;

    // A warehouse in the same database has none of these.
    private const string Create =
        """
        CREATE SCHEMA IF NOT EXISTS headrace;
        CREATE TABLE IF NOT EXISTS headrace.ledger (version int NOT NULL);
        CREATE TABLE IF NOT EXISTS headrace.runs (
            id text PRIMARY KEY, flow text NOT NULL, dataset text NOT NULL, outcome text NOT NULL, started_at timestamptz NOT NULL, detail text NOT NULL);
        CREATE INDEX IF NOT EXISTS runs_by_dataset ON headrace.runs (dataset, started_at DESC);
        CREATE TABLE IF NOT EXISTS headrace.leases (
            dataset text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, expires_at timestamptz NOT NULL);
        INSERT INTO headrace.ledger SELECT 1 WHERE NOT EXISTS (SELECT FROM headrace.ledger)
        """;

    private bool isThere;

    public async Task<IHold?> HoldAsync(Dataset dataset, CancellationToken cancel) => await Lease.TakeAsync(this, dataset, lease, clock, cancel);

    public Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel) => AskAsync(async db =>
    {
        await using var transaction = await db.BeginTransactionAsync(cancel);
        foreach (var run in runs)
            await db.ExecuteAsync("INSERT INTO headrace.runs (id, flow, dataset, outcome, started_at, detail) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING", cancel,
                run.Id, run.Flow, run.Dataset, JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), run.StartedAt, JsonSerializer.Serialize(run, RunJson.Default.Run));
        await db.CommitAsync(transaction, cancel);
        return true;
    }, cancel);

    public Task<IReadOnlyList<Run>> RunsAsync(string? of, int most, CancellationToken cancel) => ReadAsync(
        """
        SELECT detail FROM headrace.runs WHERE $1::text IS NULL OR flow = $1 OR dataset = $1 OR starts_with(id, $1)
        ORDER BY started_at DESC, id COLLATE "C" DESC LIMIT $2
        """, cancel, of, (long)most);

    public Task<IReadOnlyList<Run>> LatestAsync(CancellationToken cancel) => ReadAsync(
        """SELECT DISTINCT ON (dataset COLLATE "C") detail FROM headrace.runs ORDER BY dataset COLLATE "C", started_at DESC, id COLLATE "C" DESC""", cancel);

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
        catch (HeadraceException error) when (error.Code.StartsWith("HDR-15", StringComparison.Ordinal))
        {
            throw Error.Ledger(database.Address, string.Join("; ", error.Facts.Where(fact => fact.Name == "found").Select(fact => fact.Value)), "headrace doctor", error);
        }
    }

    private Task<IReadOnlyList<Run>> ReadAsync(string sql, CancellationToken cancel, params object?[] parameters) => AskAsync<IReadOnlyList<Run>>(async db =>
        await db.RowsAsync(sql, row => JsonSerializer.Deserialize(row.GetString(0), RunJson.Default.Run)!, cancel, parameters), cancel);

    private async Task EnsureAsync(NpgsqlConnection db, CancellationToken cancel)
    {
        if (isThere)
            return;
        if (!await db.ScalarAsync<bool>("SELECT to_regclass('headrace.leases') IS NOT NULL", cancel))
        {
            await using var transaction = await db.BeginTransactionAsync(cancel);
            await PostgresTables.LockCreationAsync(db, cancel);
            await db.ExecuteAsync(Create, cancel);
            await db.CommitAsync(transaction, cancel);
        }

        if (await db.ScalarAsync<int>("SELECT max(version) FROM headrace.ledger", cancel) is > Version and var version)
            throw Error.LedgerNewer(database.Address, version, Version);
        isThere = true;
    }
}
