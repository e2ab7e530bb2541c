using Npgsql;
using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>Two sessions of the Redshift stand-in beside one another.</summary>
public class ConcurrencyTests(PostgresServer server)
{
    [Fact]
    public async Task A_row_changed_by_another_since_the_snapshot_is_a_conflict()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var a = await redshift.OpenAsync();
        await using var b = await redshift.OpenAsync();
        await a.ExecuteAsync("CREATE TABLE t (id int, n int)");
        await a.ExecuteAsync("INSERT INTO t VALUES (1, 0)");

        await a.ExecuteAsync("BEGIN");
        await a.ExecuteAsync("SELECT * FROM t");
        await b.ExecuteAsync("UPDATE t SET n = 1");

        var conflict = await Assert.ThrowsAsync<PostgresException>(() => a.ExecuteAsync("UPDATE t SET n = n + 1"));
        Assert.Equal(("XX000", "1023"), (conflict.SqlState, conflict.MessageText));
        Assert.Contains("Serializable isolation violation on table", conflict.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writers_of_a_table_wait_for_each_other_and_a_lock_comes_before_the_snapshot()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var a = await redshift.OpenAsync();
        await using var b = await redshift.OpenAsync();
        await a.ExecuteAsync("CREATE TABLE t (id int, n int)");
        await a.ExecuteAsync("INSERT INTO t VALUES (1, 0)");

        await a.ExecuteAsync("BEGIN");
        await a.ExecuteAsync("INSERT INTO t VALUES (2, 0)");
        using (var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(150)))
        await using (var insert = new NpgsqlCommand("INSERT INTO t VALUES (3, 0)", b))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => insert.ExecuteNonQueryAsync(soon.Token));
        await b.ExecuteAsync("BEGIN");
        var waiting = b.ExecuteAsync("LOCK t");
        await a.ExecuteAsync("UPDATE t SET n = 7 WHERE id = 1");
        Assert.False(waiting.IsCompleted);
        await a.ExecuteAsync("COMMIT");
        await waiting;
        await b.ExecuteAsync("UPDATE t SET n = n + 1");
        await b.ExecuteAsync("COMMIT");

        Assert.Equal("1|8\n2|1", await a.QueryAsync("SELECT * FROM t ORDER BY id"));
    }

    [Fact]
    public async Task Writers_that_prepared_their_statements_do_not_deadlock()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var a = await redshift.OpenAsync();
        await using var b = await redshift.OpenAsync();
        await a.ExecuteAsync("CREATE TABLE t (id int)");
        await a.ExecuteAsync("BEGIN");
        await b.ExecuteAsync("BEGIN");
        await using var first = new NpgsqlCommand("INSERT INTO t VALUES (1)", a);
        await using var second = new NpgsqlCommand("INSERT INTO t VALUES (2)", b);
        await first.PrepareAsync(TestContext.Current.CancellationToken);
        var preparing = second.PrepareAsync(TestContext.Current.CancellationToken);
        await first.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await a.ExecuteAsync("COMMIT");
        await preparing;
        await second.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await b.ExecuteAsync("COMMIT");

        Assert.Equal("1\n2", await a.QueryAsync("SELECT id FROM t ORDER BY id"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Write_skew_is_a_conflict_only_where_the_database_is_serializable(bool serializable)
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(
            server,
            settings => settings with { Serializable = serializable }
        );
        await using var a = await redshift.OpenAsync();
        await using var b = await redshift.OpenAsync();
        await a.ExecuteAsync("CREATE TABLE t (n bigint)");
        await a.ExecuteAsync("CREATE TABLE u (n bigint)");
        await a.ExecuteAsync("CREATE TABLE v (n bigint)");
        Assert.Equal(
            serializable ? "Serializable" : "Snapshot Isolation",
            await a.QueryAsync(
                $"SELECT trim(isolation_level) FROM stv_db_isolation_level WHERE db_name = '{redshift.Database}'"
            )
        );

        foreach (var db in new[] { a, b })
            await db.ExecuteAsync("BEGIN");
        await a.ExecuteAsync("INSERT INTO u SELECT count(*) FROM t");
        await b.ExecuteAsync("INSERT INTO t SELECT count(*) FROM u");
        await a.ExecuteAsync("COMMIT");
        if (serializable)
            Assert.Equal(
                "1023",
                (await Assert.ThrowsAsync<PostgresException>(() => b.ExecuteAsync("COMMIT"))).MessageText
            );
        else
            await b.ExecuteAsync("COMMIT");

        Assert.Equal(
            serializable ? "0|1" : "1|1",
            await a.QueryAsync("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)")
        );
        foreach (var id in new[] { 1, 2 })
            await a.ExecuteAsync($"INSERT INTO v VALUES ({id})");
    }

    [Fact]
    public async Task Merge_needs_one_source_row_for_each_target_row()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, n int)");
        await db.ExecuteAsync("CREATE TABLE s (id int, n int)");
        await db.ExecuteAsync("INSERT INTO t VALUES (1, 1)");
        await db.ExecuteAsync("INSERT INTO s VALUES (1, 5), (2, 6), (NULL, 7)");
        const string Merge =
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE "
            + "SET n = s.n WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.n)";

        await db.ExecuteAsync(Merge);
        Assert.Equal("1|5\n2|6\nNULL|7", await db.QueryAsync("SELECT * FROM t ORDER BY id"));
        await db.ExecuteAsync("INSERT INTO s VALUES (1, 8)");
        Assert.Equal(
            "Found multiple matches to update the same tuple.",
            (await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync(Merge))).MessageText
        );
    }
}
