using System.Diagnostics;
using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class ConnectionTests : IDisposable
{
    private const string Endless = "SELECT count(*) FROM range(10000000000) a, range(1000) b";

    private readonly Memory memory = new();

    public void Dispose() => memory.Dispose();

    [Fact]
    public void Several_statements_run_in_order_and_their_rows_are_summed()
    {
        Assert.Equal(
            5,
            memory.Execute("CREATE TABLE t (a INTEGER); INSERT INTO t FROM range(3); UPDATE t SET a = 7 WHERE a > 0;")
        );
        Assert.Equal(1, memory.Execute("DELETE FROM t WHERE a = ?", 0));
        Assert.Equal(0, memory.Execute(""));
        Assert.Equal(0, memory.Execute("-- nothing"));
    }

    [Fact]
    public void Rows_come_across_chunks()
    {
        using var reader = memory.Query(
            "SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE repeat('x', (i % 20)::INTEGER) END FROM range(3000) t(i)"
        );
        for (var i = 0; i < 3000; i++)
        {
            Assert.True(reader.Read());
            Assert.Equal(i, reader.GetInt64(0));
            Assert.Equal(i % 7 == 0 ? null : new string('x', i % 20), reader.GetText(1));
        }

        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.Throws<InvalidOperationException>(() => reader.GetInt64(0));
    }

    [Fact]
    public void A_query_without_rows_reads_none()
    {
        using var reader = memory.Query("SELECT 1 WHERE false");
        Assert.Throws<InvalidOperationException>(() => reader.IsNull(0));
        Assert.False(reader.Read());
        Assert.Null(memory.Scalar<string>("SELECT 1 WHERE false"));
        Assert.Null(memory.Scalar<long?>("SELECT NULL::BIGINT"));
    }

    [Fact]
    public void A_large_result_is_not_held_in_memory()
    {
        memory.Execute("SET memory_limit = '100MB'; SET temp_directory = ''");
        using var reader = memory.Query("SELECT repeat('x', 1000) FROM range(1000000)");
        var bytes = 0L;
        while (reader.Read())
            bytes += reader.GetString(0).Length;
        Assert.Equal(1_000_000_000, bytes);
    }

    [Fact]
    public void An_error_after_the_first_rows_is_not_taken_for_the_end()
    {
        using var reader = memory.Query(
            "SELECT CASE WHEN i = 999999 THEN error('late') ELSE i END FROM range(1000000) t(i)"
        );
        var error = Assert.Throws<DuckDbException>(() =>
        {
            while (reader.Read()) { }
        });
        Assert.Contains("late", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, memory.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void A_connection_with_an_open_reader_refuses_the_next_statement()
    {
        using (var reader = memory.Query("SELECT * FROM range(1000000)"))
        {
            Assert.True(reader.Read());
            Assert.Throws<InvalidOperationException>(() => memory.Execute("SELECT 1"));
        }

        Assert.Equal(1, memory.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void A_reader_disposed_early_holds_nothing_open()
    {
        memory.Execute("CREATE TABLE t AS FROM range(1000000)");
        using (var reader = memory.Query("FROM t"))
            Assert.True(reader.Read());
        using var another = memory.Another();
        another.Execute("UPDATE t SET range = 1; FORCE CHECKPOINT; DROP TABLE t", Memory.Cancel);
        memory.Execute("BEGIN; CREATE TABLE u AS FROM range(1000000)");
        using (var reader = memory.Query("FROM u"))
            Assert.True(reader.Read());
        memory.Execute("COMMIT");
        Assert.Equal(1_000_000, memory.Scalar<long>("SELECT count(*) FROM u"));
    }

    [Fact]
    public void Errors_carry_their_kind_and_message()
    {
        memory.Execute("CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
        Assert.Equal(DuckDbErrorKind.Parser, memory.Fails("SELEC 1").Kind);
        Assert.Equal(DuckDbErrorKind.Catalog, memory.Fails("FROM nowhere").Kind);
        Assert.Equal(DuckDbErrorKind.Binder, memory.Fails("SELECT b FROM t").Kind);
        Assert.Equal(DuckDbErrorKind.Conversion, memory.Fails("SELECT 'x'::INTEGER").Kind);
        Assert.Equal(DuckDbErrorKind.Constraint, memory.Fails("INSERT INTO t VALUES (1)").Kind);
        Assert.Equal(DuckDbErrorKind.IO, memory.Fails("FROM read_csv('/nowhere.csv')").Kind);
        Assert.Equal(DuckDbErrorKind.Transaction, memory.Fails("COMMIT").Kind);
        Assert.Equal(DuckDbErrorKind.OutOfRange, memory.Fails("SELECT 127::TINYINT + 1::TINYINT").Kind);
        Assert.Contains(
            "Could not convert string 'x'",
            memory.Fails("SELECT 'x'::INTEGER").Message,
            StringComparison.Ordinal
        );
        memory.Execute("SET memory_limit = '10MB'; SET temp_directory = ''");
        Assert.Equal(
            DuckDbErrorKind.OutOfMemory,
            memory.Fails("CREATE TABLE big AS SELECT random()::VARCHAR AS a FROM range(10000000) ORDER BY 1").Kind
        );
    }

    [Fact]
    public void Two_transactions_on_the_same_row_conflict()
    {
        memory.Execute("CREATE TABLE t AS SELECT 1 AS a; BEGIN; UPDATE t SET a = 2");
        using var another = memory.Another();
        another.Execute("BEGIN", Memory.Cancel);
        var error = Assert.Throws<DuckDbException>(() => another.Execute("UPDATE t SET a = 3", Memory.Cancel));
        Assert.True(error.IsConflict);
        Assert.Equal(DuckDbErrorKind.Transaction, error.Kind);
        Assert.False(error.IsLocked);
    }

    [Fact]
    public void The_holder_of_a_lock_is_told()
    {
        var error = new DuckDbException(
            "IO Error: Could not set lock on file \"/w.duckdb\": Conflicting lock is held in /usr/bin/head "
                + "race (PID 4711) by user ana. See also https://duckdb.org"
        );
        Assert.True(error.IsLocked);
        Assert.Equal("PID 4711", error.LockHolder);
        Assert.Equal(DuckDbErrorKind.IO, error.Kind);
    }

    [Fact]
    public void A_file_that_is_no_database_is_told_with_its_kind()
    {
        File.WriteAllText(memory.Path("x.duckdb"), new string('x', 20_000));
        Assert.Equal(
            DuckDbErrorKind.IO,
            Assert.Throws<DuckDbException>(() => DuckDbDatabase.Open(memory.Path("x.duckdb"))).Kind
        );
        Assert.ThrowsAny<DuckDbException>(() =>
            DuckDbDatabase.Open(DuckDbDatabase.Memory, new Dictionary<string, string> { ["no_such_setting"] = "1" })
        );
    }

    [Fact]
    public void Two_openings_of_one_file_share_one_database()
    {
        using var first = DuckDbDatabase.Open(memory.Path("w.duckdb"));
        using var second = DuckDbDatabase.Open(memory.Path("w.duckdb"));
        using var one = first.Connect();
        using var two = second.Connect();
        one.Execute("CREATE TABLE t AS SELECT 1 AS a", Memory.Cancel);
        Assert.Equal(1, two.Scalar<int>("FROM t", Memory.Cancel));
    }

    [Fact]
    public void A_database_is_closed_when_it_and_its_connections_are_disposed()
    {
        var database = DuckDbDatabase.Open(memory.Path("w.duckdb"));
        var connection = database.Connect();
        connection.Execute("CREATE TABLE t AS SELECT 1 AS a", Memory.Cancel);
        for (var i = 0; i < 2; i++)
        {
            connection.Dispose();
            database.Dispose();
        }

        Assert.Throws<ObjectDisposedException>(() => connection.Execute("SELECT 1", Memory.Cancel));
        Assert.Throws<ObjectDisposedException>(() => database.Connect());
        Assert.False(File.Exists(memory.Path("w.duckdb.wal")));
        using var again = DuckDbDatabase.Open(
            memory.Path("w.duckdb"),
            new Dictionary<string, string> { ["access_mode"] = "READ_ONLY" }
        );
        using var reading = again.Connect();
        Assert.Equal(1, reading.Scalar<int>("FROM t", Memory.Cancel));
        Assert.Throws<DuckDbException>(() => reading.Execute("DROP TABLE t", Memory.Cancel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cancelled_statement_ends_soon_and_the_connection_goes_on(bool streaming)
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var watch = Stopwatch.StartNew();
        var error = Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            if (!streaming)
                memory.Connection.Execute(Endless, source.Token);
            using var reader = memory.Connection.Query("FROM range(100000000000)", source.Token);
            while (reader.Read()) { }
        });
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed}.");
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(1, memory.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void A_cancellation_at_any_moment_is_not_lost()
    {
        for (var i = 0; i < 40; i++)
        {
            using var source = new CancellationTokenSource();
            source.CancelAfter(TimeSpan.FromMicroseconds(i * 50));
            Assert.ThrowsAny<OperationCanceledException>(() => memory.Connection.Execute(Endless, source.Token));
            Assert.Equal(1, memory.Scalar<int>("SELECT 1"));
        }
    }

    [Fact]
    public async Task Progress_is_told_while_a_statement_runs()
    {
        memory.Connection.Watch();
        memory.Execute("CREATE TABLE t AS FROM range(50000000)");
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Memory.Cancel);
        var running = Task.Run(
            () =>
                memory.Connection.Execute("SELECT count(*) FROM t WHERE md5(md5(range::VARCHAR)) = 'x'", source.Token),
            Memory.Cancel
        );
        var seen = 0.0;
        while (seen <= 0 && !running.IsCompleted)
        {
            await Task.Delay(20, Memory.Cancel);
            seen = memory.Connection.QueryProgress.Percentage;
        }

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.InRange(seen, double.Epsilon, 100);
    }

    [Fact]
    public void Connections_work_in_parallel()
    {
        memory.Execute("CREATE TABLE t (a BIGINT)");
        Parallel.For(
            0,
            8,
            i =>
            {
                using var connection = memory.Another();
                for (var round = 0; round < 20; round++)
                {
                    connection.Execute("INSERT INTO t VALUES (?)", Memory.Cancel, (long)i);
                    Assert.Equal(
                        5000L * 4999 / 2,
                        connection.Scalar<long>("SELECT sum(range)::BIGINT FROM range(5000)", Memory.Cancel)
                    );
                }
            }
        );
        Assert.Equal(160, memory.Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Parameters_must_be_as_many_as_the_statement_has()
    {
        Assert.Throws<ArgumentException>(() => memory.Execute("SELECT ?"));
        Assert.Throws<ArgumentException>(() => memory.Execute("SELECT 1", 1));
        Assert.Throws<ArgumentException>(() => memory.Execute("SELECT ?; SELECT ?", 1));
        Assert.Throws<ArgumentException>(() => memory.Execute("SELECT 1\0; SELECT 2"));
    }
}
