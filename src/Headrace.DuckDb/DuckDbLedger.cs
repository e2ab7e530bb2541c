using System.Collections.Concurrent;
using System.Text.Json;
using Headrace.State;

namespace Headrace.DuckDb;

/// <summary>
/// The ledger of one machine: a DuckDB file that is opened, written and closed (about 14 ms), and a lock file for each
/// dataset, which the operating system releases when its holder dies.
/// </summary>
public sealed class DuckDbLedger(string folder, TimeProvider clock) : ILedger
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly Lock Opening = new();

    // One of the process that ledgers are attached to for as long as they are used: it takes a third of the time of a
    // database of its own.
    private static DuckDbDatabase? host;

    // A file is attached once: others in this process wait for their turn.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Turns = new(StringComparer.Ordinal);

    private static long uses;

    private readonly string path = Path.Combine(folder, "ledger.duckdb");

    private string Locks => Path.Combine(folder, LocalState.Locks);

    public Task<IHold?> HoldAsync(Dataset dataset, Run? run, CancellationToken cancel) =>
        Task.FromResult<IHold?>(DatasetLock.Take(Locks, dataset.Name, run));

    public Task<IReadOnlyList<Run>> UnderWayAsync(CancellationToken cancel) =>
        Task.FromResult(DatasetLock.UnderWay(Locks));

    public Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel) =>
        runs.Count == 0
            ? Task.CompletedTask
            : UseAsync(
                isReadOnly: false,
                db =>
                {
                    db.Execute("BEGIN", cancel);
                    foreach (var run in runs)
                        db.Execute(
                            """
                            INSERT INTO run_history (id, flow, dataset, outcome, started_at, detail)
                            VALUES ($1, $2, $3, $4, $5, $6)
                            """,
                            cancel,
                            run.Id,
                            run.Flow,
                            run.Dataset,
                            Word(run.Outcome),
                            run.StartedAt,
                            JsonSerializer.Serialize(run, RunJson.Default.Run)
                        );
                    db.Execute("COMMIT", cancel);
                    return true;
                },
                cancel
            );

    public async Task<IReadOnlyList<Run>> RunsAsync(RunQuery query, CancellationToken cancel)
    {
        if (!File.Exists(path))
            return [];
        return await UseAsync(
            isReadOnly: true,
            db =>
            {
                var runs = new List<Run>();

                // The details of runs are long: first the time is looked for from which on so many began.
                using var reader = db.Query(
                    """
                    WITH asked AS NOT MATERIALIZED (
                        FROM run_history WHERE ($1 IS NULL OR flow = $1 OR dataset = $1 OR starts_with(id, $1))
                            AND ($2 IS NULL OR outcome = $2)
                            AND ($6 OR outcome <> 'up_to_date')
                            AND ($7 IS NULL OR contains(detail, $7))
                            AND ($3 IS NULL OR started_at < $3 OR (started_at = $3 AND id < $4))
                    )
                    SELECT detail FROM asked WHERE started_at >= (
                        SELECT min(started_at) FROM (SELECT started_at FROM asked ORDER BY started_at DESC LIMIT $5)
                    )
                    ORDER BY started_at DESC, id DESC LIMIT $5
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
                while (reader.Read())
                    runs.Add(JsonSerializer.Deserialize(reader.GetString(0), RunJson.Default.Run)!);
                return runs;
            },
            cancel
        );
    }

    public async Task<IReadOnlyList<Run>> LatestAsync(IReadOnlyList<Outcome> outcomes, CancellationToken cancel)
    {
        if (!File.Exists(path))
            return [];
        var words = string.Join(", ", outcomes.Select(outcome => Sql.Literal(Word(outcome))));
        return await UseAsync(
            isReadOnly: true,
            db =>
            {
                var runs = new List<Run>();
                using var reader = db.Query(
                    $"""
                    SELECT detail FROM run_history WHERE rowid IN (
                        SELECT arg_max(rowid, started_at) FROM run_history
                        WHERE {(words.Length == 0 ? "true" : $"outcome IN ({words})")} GROUP BY dataset)
                    ORDER BY dataset
                    """,
                    cancel
                );
                while (reader.Read())
                    runs.Add(JsonSerializer.Deserialize(reader.GetString(0), RunJson.Default.Run)!);
                return runs;
            },
            cancel
        );
    }

    public async Task<IReadOnlyDictionary<string, string>> MarksAsync(string prefix, CancellationToken cancel)
    {
        if (!File.Exists(path))
            return new Dictionary<string, string>();
        return await UseAsync(
            isReadOnly: true,
            db =>
            {
                var marks = new Dictionary<string, string>(StringComparer.Ordinal);
                using var reader = db.Query(
                    "SELECT name, value FROM marks WHERE starts_with(name, $1)",
                    cancel,
                    prefix
                );
                while (reader.Read())
                    marks.Add(reader.GetString(0), reader.GetString(1));
                return marks;
            },
            cancel
        );
    }

    public Task<bool> MarkAsync(string name, string? from, string? to, CancellationToken cancel) =>
        UseAsync(
            isReadOnly: false,
            db =>
            {
                // Nobody else has the file meanwhile.
                var known = Known(db, name, cancel);
                if (known != from)
                    return false;
                db.Execute("BEGIN", cancel);
                db.Execute("DELETE FROM marks WHERE name = $1", cancel, name);
                if (to is not null)
                    db.Execute(
                        "INSERT INTO marks (name, value, changed_at) VALUES ($1, $2, $3)",
                        cancel,
                        name,
                        to,
                        clock.GetUtcNow()
                    );
                db.Execute("COMMIT", cancel);
                return true;
            },
            cancel
        );

    private static string Word(Outcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());

    private static string? Known(DuckDbConnection db, string name, CancellationToken cancel)
    {
        using var reader = db.Query("SELECT value FROM marks WHERE name = $1", cancel, name);
        return reader.Read() ? reader.GetString(0) : null;
    }

    // Default when who only reads meets a file of an older Headrace.
    private T? Use<T>(bool isReadOnly, Func<DuckDbConnection, T> use, CancellationToken cancel)
    {
        var name = $"ledger_{Interlocked.Increment(ref uses)}";
        using var around = Connect();
        around.Execute($"ATTACH {Sql.Literal(path)} AS {name}{(isReadOnly ? " (READ_ONLY)" : "")}", cancel);
        try
        {
            using var db = Connect(); // what it has not committed goes with it
            db.Execute($"USE {name}", cancel);
            if (Version(db, cancel) is var version && version < LedgerState.Local.Version)
            {
                if (isReadOnly)
                    return default;
                db.Execute(
                    $"BEGIN; {string.Join("; ", LedgerState.Local.Migration(HeadraceTables.Local, version))}; COMMIT",
                    cancel
                );
            }

            return use(db);
        }
        finally
        {
            Detach(around, name);
        }
    }

    // What lists the tables of all databases would hold on to those of others until it is done.
    private int Version(DuckDbConnection db, CancellationToken cancel)
    {
        bool Has(string table)
        {
            try
            {
                db.Execute($"SELECT 1 FROM {table} LIMIT 0", cancel);
                return true;
            }
            catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.Catalog)
            {
                return false;
            }
        }

        if (!Has("meta"))
            return Has("runs") ? 1 : 0;
        using var reader = db.Query(LedgerState.Local.Question(HeadraceTables.Local), cancel);
        if (!reader.Read())
            return 0;
        var found = new StateVersion((int)reader.GetInt64(0), reader.GetString(1));
        return LedgerState.Local.IsCurrent(found, path) ? LedgerState.Local.Version : found.Number;
    }

    private static DuckDbConnection Connect()
    {
        lock (Opening)
            return (
                host ??= DuckDbDatabase.Open(
                    DuckDbDatabase.Memory,
                    new DuckDbSettings { SmallBlocks = true, Threads = 1 }.Early
                )
            ).Connect();
    }

    // What is committed stays in the file's log when it cannot be moved into the file; the lock must go all the same.
    private static void Detach(DuckDbConnection around, string name)
    {
        try
        {
            around.Execute($"DETACH {name}", CancellationToken.None);
        }
        catch (DuckDbException)
        {
            lock (Opening)
            {
                host?.Dispose();
                host = null;
            }
        }
    }

    /// <summary>Opens, uses and closes the file; waits while somebody else has it open.</summary>
    private async Task<T> UseAsync<T>(bool isReadOnly, Func<DuckDbConnection, T> use, CancellationToken cancel)
    {
        var turn = Turns.GetOrAdd(path, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancel);
        try
        {
            return await UseInTurnAsync(isReadOnly, use, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<T> UseInTurnAsync<T>(bool isReadOnly, Func<DuckDbConnection, T> use, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(10); ; pause *= 2)
        {
            try
            {
                Directory.CreateDirectory(folder);
                if (isReadOnly && Use(isReadOnly, use, cancel) is { } read)
                    return read;
                return Use(isReadOnly: false, use, cancel)!;
            }
            catch (DuckDbException error) when (error.IsLocked && clock.GetElapsedTime(started) < LongestWait)
            {
                await Task.Delay(pause, clock, cancel);
            }
            catch (DuckDbException error)
            {
                throw Error.Ledger(
                    path,
                    error.Message,
                    $"if it is damaged, remove {path}: positions live in the warehouse",
                    error
                );
            }
        }
    }
}
