using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headrace.DuckDb;

/// <summary>
/// The ledger of one machine: a DuckDB file that is opened, written and closed (about 14 ms), and a lock file for each
/// dataset, which the operating system releases when its holder dies.
/// </summary>
public sealed class DuckDbLedger(string folder, TimeProvider clock) : ILedger
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private const string Create =
        """
        CREATE TABLE IF NOT EXISTS runs (
            id VARCHAR NOT NULL, flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL, outcome VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL,
            detail VARCHAR NOT NULL);
        """;

    private readonly string path = Path.Combine(folder, "ledger.duckdb");

    public Task<IHold?> HoldAsync(Dataset dataset, CancellationToken cancel)
    {
        var locks = Path.Combine(folder, "locks");
        Directory.CreateDirectory(locks);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataset.Name)))[..16];
        try
        {
            return Task.FromResult<IHold?>(new LockFile(new FileStream(Path.Combine(locks, $"{name}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)));
        }
        catch (IOException error) when (!Disk.IsFull(error) && error is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return Task.FromResult<IHold?>(null);
        }
    }

    public Task WriteAsync(IReadOnlyList<Run> runs, CancellationToken cancel) => runs.Count == 0
        ? Task.CompletedTask
        : UseAsync(isReadOnly: false, db =>
        {
            db.Execute($"BEGIN; {Create}", cancel);
            foreach (var run in runs)
                db.Execute("INSERT INTO runs VALUES ($1, $2, $3, $4, $5, $6)", cancel, run.Id, run.Flow, run.Dataset,
                    JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()), run.StartedAt, JsonSerializer.Serialize(run, RunJson.Default.Run));
            db.Execute("COMMIT", cancel);
            return true;
        }, cancel);

    public async Task<IReadOnlyList<Run>> RunsAsync(string? of, int most, CancellationToken cancel)
    {
        if (!File.Exists(path))
            return [];
        return await UseAsync(isReadOnly: true, db =>
        {
            var runs = new List<Run>();
            using var reader = db.Query(
                """
                SELECT detail FROM runs WHERE $1 IS NULL OR flow = $1 OR dataset = $1 OR id = $1 OR starts_with(id, $1)
                ORDER BY started_at DESC, id DESC LIMIT $2
                """, cancel, of, (long)most);
            while (reader.Read())
                runs.Add(JsonSerializer.Deserialize(reader.GetString(0), RunJson.Default.Run)!);
            return runs;
        }, cancel);
    }

    public async Task<IReadOnlyList<Run>> LatestAsync(CancellationToken cancel)
    {
        if (!File.Exists(path))
            return [];
        return await UseAsync(isReadOnly: true, db =>
        {
            var runs = new List<Run>();
            using var reader = db.Query("SELECT arg_max(detail, (started_at, id)) FROM runs GROUP BY dataset ORDER BY dataset", cancel);
            while (reader.Read())
                runs.Add(JsonSerializer.Deserialize(reader.GetString(0), RunJson.Default.Run)!);
            return runs;
        }, cancel);
    }

    // The operating system sees to it that nobody else has it.
    private sealed class LockFile(FileStream file) : IHold
    {
        public CancellationToken Lost => CancellationToken.None;

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }

    /// <summary>Opens, uses and closes the file; waits while another process has it open.</summary>
    private async Task<T> UseAsync<T>(bool isReadOnly, Func<DuckDbConnection, T> use, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(10); ; pause *= 2)
        {
            try
            {
                Directory.CreateDirectory(folder);
                using var database = DuckDbDatabase.Open(path, new Dictionary<string, string>(DuckDbSettings.SmallestBlocks)
                {
                    ["access_mode"] = isReadOnly ? "READ_ONLY" : "READ_WRITE",
                    ["threads"] = "1",
                });
                using var db = database.Connect();
                return use(db);
            }
            catch (DuckDbException error) when (error.IsLocked && clock.GetElapsedTime(started) < LongestWait)
            {
                await Task.Delay(pause, clock, cancel);
            }
            catch (DuckDbException error)
            {
                throw Error.Ledger(path, error.Message, $"if it is damaged, remove {path}: positions live in the warehouse", error);
            }
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Run))]
internal sealed partial class RunJson : JsonSerializerContext;
