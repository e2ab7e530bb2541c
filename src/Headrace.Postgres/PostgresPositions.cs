using System.Text;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Reads positions from a PostgreSQL warehouse.</summary>
internal static class PostgresPositions
{
    /// <summary>The position of a dataset, all of it as of one moment.</summary>
    public static async Task<Position> ReadAsync(NpgsqlConnection db, Dataset dataset, TableName target, CancellationToken cancel)
    {
        var isThere = await PostgresTables.ExistAsync(db, cancel);

        // A position put together from before and after another run's commit would pass the fence with files that it does not know.
        await using var moment = await db.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        var found = target.IsNone ? null : await TargetTable.FindAsync(db, target, cancel);
        var (table, computed, takesBinary) = (found?.Columns, found?.Computed ?? [], found?.TakesBinary ?? true);
        if (!isThere)
            return new Position { Table = table, Computed = computed, TakesBinary = takesBinary };

        var seen = new SeenFiles();
        foreach (var (file, action) in await db.RowsAsync(
            "SELECT key, stamp, coalesce(sha256, ''), outcome, note, version, action, load_id, rows FROM headrace.files WHERE dataset = $1 ORDER BY sequence",
            row => (new KnownFile(row.GetString(0), row.GetString(1), row.GetString(2), Enum.Parse<FileFate>(row.GetString(3), ignoreCase: true), row.Text(4), row.Text(5)) { LoadId = row.Text(7), Rows = row.GetInt64(8) }, row.GetString(6)),
            cancel, dataset.Name))
            seen.Add(file, action);

        var moved = await db.RowsAsync("SELECT generation, load_id, cursor FROM headrace.positions WHERE dataset = $1",
            row => (Generation: row.GetInt64(0), LoadId: (string?)row.GetString(1), Cursor: row.Text(2)), cancel, dataset.Name);
        var (generation, loadId, cursor) = moved.FirstOrDefault();
        var schemas = await db.RowsAsync(
            "SELECT document, landed_at, key FROM headrace.schema_documents WHERE dataset = $1 ORDER BY sequence DESC LIMIT 1",
            row => (SchemaDocument.Parse(Encoding.UTF8.GetBytes(row.GetString(0)), row.GetString(2)), row.Time(1), row.GetString(2)), cancel, dataset.Name);
        var (replacedAt, newestRowsAt) = (await db.RowsAsync(
            """
            SELECT max(landed_at) FILTER (WHERE action = 'truncate'), max(landed_at) FILTER (WHERE action <> 'schema')
            FROM headrace.files WHERE dataset = $1 AND outcome = 'loaded'
            """,
            row => (row.IsDBNull(0) ? (DateTimeOffset?)null : row.Time(0), row.IsDBNull(1) ? (DateTimeOffset?)null : row.Time(1)), cancel, dataset.Name))[0];
        var position = seen.Into(new Position
        {
            Generation = generation,
            LoadId = loadId,
            Cursor = cursor,
            Table = table,
            Computed = computed,
            TakesBinary = takesBinary,
            Schema = schemas.Count == 0 ? null : schemas[0],
            ReplacedAt = replacedAt,
            NewestRowsAt = newestRowsAt,
            Owners = target.IsNone ? [] : await PostgresTables.OwnersAsync(db, PostgresTables.Own, target, cancel),
        });
        return generation == 0 ? position with { LoadsWithoutPosition = await LoadsAsync("") }
            : table is null && !target.IsNone ? position with { LoadsWithoutTable = await LoadsAsync(" AND inserted > 0") }
            : position;

        async Task<int> LoadsAsync(string which) => (int)await db.ScalarAsync<long>($"SELECT count(*) FROM headrace.loads WHERE dataset = $1{which}", cancel, dataset.Name);
    }

    /// <summary>
    /// Whether a load whose answer was lost was committed. Its transaction may still be under way: whoever inserts or locks its row
    /// waits for its end, where reading alone would see what was before.
    /// </summary>
    public static async Task<bool> WasCommittedAsync(NpgsqlConnection db, ChangeSet changes, DateTimeOffset now, CancellationToken cancel)
    {
        await using var asked = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        await LockedAsync(db, changes.Dataset, now, cancel);
        return await db.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM headrace.loads WHERE load_id = $1)", cancel, changes.Id);
    }

    /// <summary>Runs a step while the dataset's position is locked; the row that is inserted for that is taken back.</summary>
    public static async Task WhileNothingCommitsAsync(
        NpgsqlConnection db, Dataset dataset, DateTimeOffset now, Func<string?, Task> step, CancellationToken cancel)
    {
        await using var asked = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        var load = await LockedAsync(db, dataset, now, cancel);
        await step(string.IsNullOrEmpty(load) ? null : load);
    }

    /// <summary>Which of these loads are committed now.</summary>
    public static async Task<IReadOnlySet<string>> CommittedAsync(NpgsqlConnection db, IReadOnlyList<string> loads, CancellationToken cancel)
    {
        if (!await PostgresTables.ExistAsync(db, cancel))
            return new HashSet<string>();
        return (await db.RowsAsync("SELECT load_id FROM headrace.loads WHERE load_id = ANY ($1)", row => row.GetString(0), cancel, (object)loads.ToArray())).ToHashSet();
    }

    private static async Task<string?> LockedAsync(NpgsqlConnection db, Dataset dataset, DateTimeOffset now, CancellationToken cancel)
    {
        await db.ExecuteAsync(
            "INSERT INTO headrace.positions (dataset, flow, generation, load_id, run_id, updated_at) VALUES ($1, $2, 0, '', '', $3) ON CONFLICT DO NOTHING",
            cancel, dataset.Name, dataset.Flow, now);
        return await db.ScalarAsync<string>("SELECT load_id FROM headrace.positions WHERE dataset = $1 FOR UPDATE", cancel, dataset.Name);
    }
}
