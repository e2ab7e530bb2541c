using Headrace.Tests;
using Npgsql;

namespace Headrace.Torture;

/// <summary>
/// Sessions that write to the source while it is read: transactions of random length, some taken back, rows of one
/// moment, rows without a time of change, deletes where they may be seen.
/// </summary>
internal sealed class Writers : IAsyncDisposable
{
    public const string Tables = """
        CREATE TABLE orders (id bigserial PRIMARY KEY, n int, created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz);
        CREATE TABLE events (id bigserial PRIMARY KEY, n int, created_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE numbers (id bigserial PRIMARY KEY, n int);
        CREATE TABLE stamps (id bigserial PRIMARY KEY, n int, tx xid8 NOT NULL DEFAULT pg_current_xact_id());
        CREATE TABLE items (id bigserial PRIMARY KEY, n int);
        """;

    private const int Sessions = 4;

    private readonly CancellationTokenSource stop = new();
    private readonly Task[] writing;
    private int commits,
        rollbacks;

    public Writers(PostgresCluster cluster, string database, int seed) =>
        writing = [
            .. Enumerable
                .Range(0, Sessions)
                .Select(i => Task.Run(() => WriteAsync(cluster, database, new Random(seed * Sessions + i)))),
        ];

    public int Commits => commits;

    public int Rollbacks => rollbacks;

    /// <summary>Lets open transactions come to their ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(writing);
        stop.Dispose();
    }

    private async Task WriteAsync(PostgresCluster cluster, string database, Random random)
    {
        while (!stop.IsCancellationRequested)
            try
            {
                await WriteAsync(await cluster.OpenAsync(database), random);
            }
            catch (Exception error)
                when (error is NpgsqlException or System.Net.Sockets.SocketException or IOException or TimeoutException)
            {
                await Task.Delay(100); // the server is down; what was under way is taken back
            }
    }

    private async Task WriteAsync(NpgsqlConnection connection, Random random)
    {
        await using var db = connection;
        while (!stop.IsCancellationRequested)
        {
            await ExecuteAsync(db, "BEGIN");
            for (var statements = random.Next(1, 6); statements > 0; statements--)
            {
                await ExecuteAsync(db, Statement(random));
                await Task.Delay(random.Next(40) == 0 ? random.Next(1000, 3500) : random.Next(60));
            }

            var isKept = random.Next(6) > 0;
            await ExecuteAsync(db, isKept ? "COMMIT" : "ROLLBACK");
            Interlocked.Increment(ref isKept ? ref commits : ref rollbacks);
        }
    }

    // Rows that others have locked are left alone: a deadlock would say nothing about reading.
    private static string Statement(Random random)
    {
        var (n, id) = (random.Next(1_000_000), random.Next(1, 400));
        string Some(string table) =>
            $"id IN (SELECT id FROM {table} WHERE id % 397 = {id % 397} ORDER BY id DESC "
            + "LIMIT 1 FOR UPDATE SKIP LOCKED)";
        return random.Next(9) switch
        {
            0 => $"INSERT INTO orders (n) SELECT {n} + i FROM generate_series(1, {random.Next(1, 4)}) i",
            1 => $"UPDATE orders SET n = {n}, "
                + $"updated_at = {(random.Next(2) == 0 ? "now()" : "clock_timestamp()")} WHERE {Some("orders")}",
            // Rows of one moment.
            2 => $"UPDATE orders SET n = {n}, updated_at = date_trunc('second', now()) WHERE {Some("orders")}",
            3 => $"INSERT INTO events (n) SELECT {n} + i FROM generate_series(1, {random.Next(1, 4)}) i",
            4 => $"INSERT INTO numbers (n) VALUES ({n})",
            5 => $"INSERT INTO stamps (n) VALUES ({n})",
            6 => $"UPDATE stamps SET n = {n}, tx = pg_current_xact_id() WHERE {Some("stamps")}",
            7 => random.Next(3) == 0
                ? $"DELETE FROM items WHERE {Some("items")}"
                : $"INSERT INTO items (n) VALUES ({n})",
            _ => $"UPDATE items SET n = {n} WHERE {Some("items")}",
        };
    }

    private static async Task ExecuteAsync(NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }
}
